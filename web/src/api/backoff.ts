/** How long to wait before trying again: 1, 2, 4 s and so on, each a little different. Pure. */

export interface BackoffOptions {
  firstS: number;
  /** No wait is longer, jitter included. */
  ceilingS: number;
  /** Share by which a wait may be shorter or longer, so that clients do not return all at once. */
  jitter: number;
}

export const STREAM_BACKOFF: BackoffOptions = { firstS: 1, ceilingS: 30, jitter: 0.25 };

/** Unsent audio is kept for some 20 s: waiting longer than this would lose it. */
export const AUDIO_BACKOFF: BackoffOptions = { firstS: 1, ceilingS: 8, jitter: 0.25 };

/**
 * Seconds to wait.
 *
 * @param attempt 0 for the first wait
 * @param random 0..1
 */
export function backoffS(attempt: number, options: BackoffOptions, random = Math.random()): number {
  const plainS = Math.min(options.ceilingS, options.firstS * 2 ** Math.min(attempt, 30));
  return Math.min(options.ceilingS, plainS * (1 + options.jitter * (2 * random - 1)));
}
