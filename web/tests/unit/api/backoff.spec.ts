import fc from 'fast-check';
import { expect, it } from 'vitest';

import { STREAM_BACKOFF, backoffS } from '@/api/backoff';

it('doubles from 1 s up to its ceiling', () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 1_000].map((n) => backoffS(n, STREAM_BACKOFF, 0.5));
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
});

it('differs from client to client, by no more than its share, and never beyond the ceiling', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const plain = backoffS(attempt, STREAM_BACKOFF, 0.5);
      const wait = backoffS(attempt, STREAM_BACKOFF, random);
      expect(wait).toBeGreaterThanOrEqual(plain * (1 - STREAM_BACKOFF.jitter) - 1e-9);
      expect(wait).toBeLessThanOrEqual(STREAM_BACKOFF.ceilingS);
      expect(wait).toBeLessThanOrEqual(plain * (1 + STREAM_BACKOFF.jitter) + 1e-9);
    }),
  );
});
