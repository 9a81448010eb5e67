import { describe, expect, it } from 'vitest';

import { joined, rows, type TraceVoice } from '@/words/trace';

const voice = (id: string, ...points: [number, number, number][]): TraceVoice => ({
  id,
  name: id.toUpperCase(),
  points: points.map(([timeS, arousal, valence]) => ({ timeS, arousal, valence })),
});

describe('joined', () => {
  it('puts voices beside each other in one order of time', () => {
    expect(joined([voice('a', [1, 0.5, -0.5], [3, 0.6, -0.6]), voice('b', [2, 0, 1])])).toEqual([
      [1, 2, 3],
      [0.5, undefined, 0.6],
      [-0.5, undefined, -0.6],
      [undefined, 0, undefined],
      [undefined, 1, undefined],
    ]);
  });

  it('breaks the line of a voice where it was silent', () => {
    const [times, arousal] = joined([voice('a', [1, 0.5, 0], [11, 0.6, 0])]);
    expect(times).toEqual([1, 6, 11]);
    expect(arousal).toEqual([0.5, null, 0.6]);
  });

  it('is empty where nobody has spoken', () => {
    expect(joined([])).toEqual([[]]);
  });
});

describe('rows', () => {
  it('gives means over ten seconds, the newest first', () => {
    const table = rows([voice('a', [1, 0.2, 0], [9, 0.4, 1], [10, 1, 1]), voice('b', [2, -1, -1])]);
    expect(table.map(({ id, fromS }) => [id, fromS])).toEqual([['a', 10], ['a', 0], ['b', 0]]);
    expect(table[1]?.arousal).toBeCloseTo(0.3);
    expect(table[1]?.valence).toBeCloseTo(0.5);
  });
});
