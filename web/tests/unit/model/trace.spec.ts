import fc from 'fast-check';
import { expect, it } from 'vitest';

import { EMPTY_TRACE, TRACE_MAX_BUCKETS, type Trace, addReading, tracePoints } from '@/model/trace';

type Point = [timeS: number, arousal: number, valence: number];

const traceOf = (points: Point[]): Trace =>
  points.reduce((trace, point) => addReading(trace, ...point), EMPTY_TRACE);

it('gives back each reading as long as there is room', () => {
  const points = tracePoints(traceOf([[0, 0.1, -0.1], [0.5, 0.2, -0.2], [7, 0.3, -0.3]]));
  expect(points).toEqual([
    { timeS: 0.25, arousal: 0.1, valence: -0.1 },
    { timeS: 0.75, arousal: 0.2, valence: -0.2 },
    { timeS: 7.25, arousal: 0.3, valence: -0.3 },
  ]);
});

it('holds a day in bounded memory, with the means right', () => {
  const points = Array.from({ length: 20_000 }, (_, at): Point => [at * 4, at % 2, -(at % 2)]);
  const drawn = tracePoints(traceOf(points));
  expect(drawn.length).toBeLessThanOrEqual(TRACE_MAX_BUCKETS);
  expect(drawn.length).toBeGreaterThan(TRACE_MAX_BUCKETS / 3);
  for (const { arousal, valence } of drawn.slice(0, -1)) {
    expect(arousal).toBeCloseTo(0.5);
    expect(valence).toBeCloseTo(-0.5);
  }
  expect(drawn.at(-1)?.timeS).toBeGreaterThan(79_000);
});

it('is the same in whatever order the readings come', () => {
  const reading = fc.tuple(fc.nat(100_000), fc.constantFrom(-1, 0, 1), fc.constantFrom(-1, 0, 1));
  fc.assert(
    fc.property(
      fc
        .array(reading, { maxLength: 60 })
        .chain((points) =>
          fc.tuple(fc.constant(points), fc.shuffledSubarray(points, { minLength: points.length })),
        ),
      ([points, shuffled]) => {
        expect(traceOf(shuffled)).toEqual(traceOf(points));
      },
    ),
  );
});
