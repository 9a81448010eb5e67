/**
 * What one voice's place on the page shows. Owns the choice among the states; the words and the
 * drawing are elsewhere.
 */
import type { LoggedTone } from '@/model/events';
import type { Lane } from '@/model/reducer';

export type LaneSaid =
  /** Nothing heard from this voice yet. */
  | { kind: 'waiting' }
  /** A tone that holds now. */
  | { kind: 'tone'; tone: LoggedTone }
  /** Speech, and nothing certain. */
  | { kind: 'unsure'; tone: LoggedTone | null }
  /** Silence: the last tone, as a thing of the past. */
  | { kind: 'past'; tone: LoggedTone };

/**
 * Silence after which a tone is told as past. People breathe and think in the middle of a
 * sentence; a word that greyed at every breath would be noise.
 */
export const PAST_AFTER_S = 3;

/**
 * @param lane the voice, or null when nothing came from it yet
 * @param over nothing more comes from it: the session has ended, its source is off, or the
 *   connection is lost
 */
export function laneSaid(lane: Lane | null, over = false): LaneSaid {
  if (lane === null) return { kind: 'waiting' };
  const { tone } = lane;
  if (lane.unsure && !over) return { kind: 'unsure', tone };
  if (tone === null) return { kind: 'waiting' };
  // Each source has a clock of its own: a voice is only ever compared with itself.
  const silentS = (lane.reading?.timeS ?? 0) - Math.max(tone.timestamp, lane.lastSpeechS ?? 0);
  if (over || (!lane.speaking && silentS >= PAST_AFTER_S)) return { kind: 'past', tone };
  return { kind: 'tone', tone };
}

/** The latest moment that any voice of a session was read at, seconds of audio. */
export function latestS(lanes: Readonly<Record<string, Lane>>): number {
  return Math.max(
    0,
    ...Object.values(lanes).map((lane) => Math.max(lane.reading?.timeS ?? 0, lane.tone?.timestamp ?? 0)),
  );
}
