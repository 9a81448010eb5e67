/**
 * How sure a reading is, in words. Confidence is calibrated (of the readings that say 0.7, about
 * seven in ten are right), so the words may say what a person would mean by them.
 */
export type Sureness = 'very' | 'fairly' | 'somewhat' | 'barely';

const FLOORS: readonly (readonly [number, Sureness])[] = [
  [0.8, 'very'],
  [0.6, 'fairly'],
  [0.4, 'somewhat'],
];

/** @param confidence 0..1 */
export function sureness(confidence: number): Sureness {
  return FLOORS.find(([floor]) => confidence >= floor)?.[1] ?? 'barely';
}

/** "about 7 of 10", never none and never all: no reading is certain either way. */
export function tenths(confidence: number): number {
  return Math.min(9, Math.max(1, Math.round(confidence * 10)));
}

/** Whole percent. */
export function percent(share: number): number {
  return Math.round(share * 100);
}
