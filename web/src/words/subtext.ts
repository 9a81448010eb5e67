/**
 * The server's sentence beneath a tone. Where the page shows the shift as an arrow and a word of its
 * own, the sentence that says the same is left out: once is enough for a tired reader. A sentence
 * that is worded otherwise is left alone.
 */
const SHIFT = /(^|\s)It sounds (much |a little )?(more|less) tense than a few seconds ago\./;

/** @returns null when nothing is left to say */
export function withoutShift(subtext: string | null): string | null {
  const rest = subtext?.replace(SHIFT, '').trim() ?? '';
  return rest === '' ? null : rest;
}
