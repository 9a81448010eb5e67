/**
 * Tones put together: an unchanged tone is said again every second, and a person wants to see it
 * once, with how long it lasted. Pure.
 */

import type { LoggedTone } from './events';

/** One tone of one voice, for as long as it held. */
export interface ToneSpan {
  /** As it was first said. */
  first: LoggedTone;
  /** As it was last said. */
  last: LoggedTone;
  /** The surest it was said. */
  surest: LoggedTone;
  /** How many times it was said. */
  count: number;
}

/** A tone said again after a longer silence than this is a new one. */
const PAUSE_S = 4;

/** The tones of all voices as spans, in the order in which they began. */
export function toneSpans(tones: readonly LoggedTone[]): ToneSpan[] {
  const spans: ToneSpan[] = [];
  const open = new Map<string, ToneSpan>();
  for (const tone of tones) {
    const span = open.get(tone.speaker_id);
    if (
      span !== undefined &&
      span.last.affect === tone.affect &&
      tone.timestamp - span.last.timestamp <= PAUSE_S
    ) {
      span.last = tone;
      span.count += 1;
      if (tone.confidence > span.surest.confidence) span.surest = tone;
    } else {
      const begun = { first: tone, last: tone, surest: tone, count: 1 };
      open.set(tone.speaker_id, begun);
      spans.push(begun);
    }
  }
  return spans;
}
