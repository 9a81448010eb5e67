/**
 * Console logs for those who look into streaming: none, unless `localStorage.DEBUG_STREAMING` is set.
 */

/** Tells the console what happened, where logs have been asked for. */
export function debug(what: string, ...details: unknown[]): void {
  try {
    if (!globalThis.localStorage.getItem('DEBUG_STREAMING')) return;
  } catch {
    return; // Storage is refused in some private windows.
  }
  // eslint-disable-next-line no-console -- the one place, and only when asked for
  console.debug(`[linnet ${performance.now().toFixed(0)} ms] ${what}`, ...details);
}
