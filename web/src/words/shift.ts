/**
 * Which way a voice moves, as an arrow and a word. The steps are those of the sentences that the
 * server makes, so that the two never disagree.
 */
import type { ShiftDirection } from '@/model/events';

export type ShiftWord =
  | 'stable'
  | 'tenseLittle'
  | 'tense'
  | 'tenseMuch'
  | 'easeLittle'
  | 'ease'
  | 'easeMuch';

export type Arrow = 'level' | 'up' | 'down';

export const NOTABLE_SHIFT = 0.3;
export const LARGE_SHIFT = 0.6;

export interface ShiftSaid {
  word: ShiftWord;
  arrow: Arrow;
}

/** @param magnitude 0..1; without meaning where the direction is stable */
export function shiftSaid(direction: ShiftDirection, magnitude: number): ShiftSaid {
  if (direction === 'stable') return { word: 'stable', arrow: 'level' };
  const degree = magnitude >= LARGE_SHIFT ? 'Much' : magnitude >= NOTABLE_SHIFT ? '' : 'Little';
  return direction === 'escalating'
    ? { word: `tense${degree}`, arrow: 'up' }
    : { word: `ease${degree}`, arrow: 'down' };
}
