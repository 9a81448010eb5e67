import fc from 'fast-check';
import { expect, it } from 'vitest';

import { GAPS_MAX, type Seen, contiguousSeq, mark, missedCount } from '@/model/gaps';

const NOTHING: Seen = { lastSeq: 0, gaps: [] };

it('knows what a set of numbers knows, for any numbers in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (numbers) => {
      const known = new Set<number>();
      let seen = NOTHING;
      for (const seq of numbers) {
        const next = mark(seen, seq);
        expect(next === null).toBe(known.has(seq));
        known.add(seq);
        seen = next ?? seen;
      }
      const highest = Math.max(0, ...known);
      expect(seen.lastSeq).toBe(highest);
      expect(missedCount(seen)).toBe(highest - known.size);
      let upTo = 0;
      while (known.has(upTo + 1)) upTo += 1;
      expect(contiguousSeq(seen)).toBe(upTo);
    }),
  );
});

it('gives up the oldest holes when there are far too many', () => {
  let seen = NOTHING;
  for (let seq = 2; seq < 4 * GAPS_MAX; seq += 2) seen = mark(seen, seq) ?? seen;
  expect(seen.gaps).toHaveLength(GAPS_MAX);
  expect(seen.gaps.at(-1)?.to).toBe(4 * GAPS_MAX - 3);
});
