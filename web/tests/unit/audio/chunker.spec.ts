import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CHUNK_SAMPLES, Chunker, meterLevel } from '@/audio/chunker';

function collect(rateHz: number, blocks: Float32Array[][]): { samples: number[]; sizes: number[]; levels: number[] } {
  const samples: number[] = [];
  const sizes: number[] = [];
  const levels: number[] = [];
  const chunker = new Chunker(rateHz, (chunk, level) => {
    samples.push(...chunk);
    sizes.push(chunk.length);
    levels.push(level);
  });
  for (const block of blocks) chunker.push(block);
  chunker.flush();
  return { samples, sizes, levels };
}

const constant = (value: number, length: number): Float32Array => new Float32Array(length).fill(value);

describe('the chunker', () => {
  it('gives out 100 ms at a time, and the rest when flushed', () => {
    const blocks = Array.from({ length: 375 }, () => [constant(0, 128)]); // one second at 48 kHz
    const { sizes } = collect(48_000, blocks);
    expect(sizes.slice(0, -1).every((size) => size === CHUNK_SAMPLES)).toBe(true);
    expect(sizes.reduce((a, b) => a + b)).toBeGreaterThan(15_900);
    expect(sizes).toHaveLength(10);
  });

  it('mixes channels to their mean', () => {
    const block = [constant(0.5, 128), constant(-0.25, 128)];
    const { samples } = collect(16_000, Array.from({ length: 20 }, () => block));
    expect(samples[1_000]).toBe(Math.round(0.125 * 32_767));
  });

  it('clips what is too loud, and turns what is no number into silence', () => {
    const loud = collect(16_000, Array.from({ length: 30 }, () => [constant(7, 128)]));
    expect(Math.max(...loud.samples)).toBe(32_767);
    const broken = collect(16_000, [
      ...Array.from({ length: 10 }, () => [constant(Number.NaN, 128)]),
      ...Array.from({ length: 20 }, () => [constant(-7, 128)]),
    ]);
    expect(broken.samples[500]).toBe(0);
    expect(broken.samples[3_000]).toBe(-32_767);
  });

  it('takes blocks of any size, also none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 12 }),
        (sizes) => {
          const total = sizes.reduce((a, b) => a + b, 0);
          const signal = Float32Array.from({ length: total }, (_, at) => Math.sin(at / 7));
          let from = 0;
          const cut = sizes.map((size) => [signal.subarray(from, (from += size))]);
          expect(collect(44_100, cut).samples).toEqual(collect(44_100, [[signal]]).samples);
        },
      ),
      { numRuns: 50 },
    );
    expect(collect(48_000, [[]]).samples).toEqual([]);
  });

  it('says how loud each chunk is', () => {
    const { levels } = collect(16_000, Array.from({ length: 40 }, () => [constant(0.1, 128)]));
    expect(levels[1]).toBeCloseTo(1 - 20 / 60, 2);
  });
});

describe('the meter', () => {
  it('is linear in decibels between -60 and 0, and never outside', () => {
    expect(meterLevel(1)).toBe(1);
    expect(meterLevel(4)).toBe(1);
    expect(meterLevel(10 ** (-30 / 20))).toBeCloseTo(0.5);
    for (const silent of [1e-4, 0, -1, Number.NaN]) expect(meterLevel(silent)).toBe(0);
  });
});
