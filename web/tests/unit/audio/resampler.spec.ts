import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Resampler } from '@/audio/resampler';

const TO_HZ = 16_000;
const RATES = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 47_999, 48_000, 88_200, 96_000, 192_000];

function sine(rateHz: number, toneHz: number, durationS: number): Float32Array {
  const samples = new Float32Array(Math.round(rateHz * durationS));
  for (let at = 0; at < samples.length; at += 1) {
    samples[at] = Math.sin((2 * Math.PI * toneHz * at) / rateHz);
  }
  return samples;
}

/** The whole of `input`, handed over in blocks of the given sizes (the last again and again). */
function resample(input: Float32Array, fromHz: number, sizes: number[] = [128]): Float32Array {
  const blockMax = Math.max(...sizes);
  const resampler = new Resampler(fromHz, TO_HZ, blockMax);
  const room = new Float32Array(resampler.outputMax);
  const output: number[] = [];
  let from = 0;
  for (let turn = 0; from < input.length; turn += 1) {
    const size = sizes[Math.min(turn, sizes.length - 1)] as number;
    const count = resampler.process(input.subarray(from, from + size), room);
    output.push(...room.subarray(0, count));
    from += size;
  }
  return Float32Array.from(output);
}

/** Root mean square in dB re a full-scale sine, without the ends, where the tone begins. */
function levelDb(samples: Float32Array): number {
  const inner = samples.subarray(400, samples.length - 400);
  const square = inner.reduce((sum, value) => sum + value * value, 0) / inner.length;
  return 10 * Math.log10(square * 2 + 1e-30);
}

/** How a tone of `toneHz` comes out, in dB. */
function gainDb(fromHz: number, toneHz: number): number {
  return levelDb(resample(sine(fromHz, toneHz, 0.4), fromHz));
}

describe.each(RATES)('from %i Hz', (fromHz) => {
  const lowerHz = Math.min(fromHz, TO_HZ) / 2;

  it('passes what a voice has, within a tenth of a decibel', () => {
    for (const toneHz of [60, 100, 440, 1_000, 3_000, 0.6 * lowerHz, 0.89 * lowerHz]) {
      if (toneHz > 0.89 * lowerHz) continue;
      expect(Math.abs(gainDb(fromHz, toneHz)), `${toneHz} Hz`).toBeLessThan(0.1);
    }
  });

  it('lets through nothing that would come back as another tone', () => {
    if (fromHz <= TO_HZ) return; // Nothing lies above half the output's rate.
    for (const toneHz of [8_001, 8_500, 10_000, 12_000, 15_900, 16_100, 20_000, 0.49 * fromHz]) {
      if (toneHz >= fromHz / 2 || toneHz <= TO_HZ / 2) continue;
      expect(gainDb(fromHz, toneHz), `${toneHz} Hz`).toBeLessThan(-75);
    }
  });

  it('keeps a tone where it was: same frequency, same phase', () => {
    const output = resample(sine(fromHz, 1_000, 0.4), fromHz);
    const wanted = sine(TO_HZ, 1_000, 0.4);
    let worst = 0;
    for (let at = 400; at < output.length - 400; at += 1) {
      worst = Math.max(worst, Math.abs((output[at] as number) - (wanted[at] as number)));
    }
    expect(20 * Math.log10(worst)).toBeLessThan(-70);
  });

  it('passes a constant unchanged', () => {
    const output = resample(new Float32Array(fromHz / 5).fill(0.5), fromHz);
    for (const value of output.subarray(400, output.length - 1)) expect(value).toBeCloseTo(0.5, 4);
  });

  it('gives sixteen samples for each millisecond, for as long as it runs', () => {
    const seconds = 3;
    const output = resample(new Float32Array(fromHz * seconds), fromHz);
    const resampler = new Resampler(fromHz, TO_HZ);
    const owed = seconds * TO_HZ - output.length;
    expect(owed).toBeGreaterThanOrEqual(0);
    expect(owed).toBeLessThanOrEqual(Math.ceil(resampler.delayS * TO_HZ) + 1);
  });

  it('gives the same to the bit, however the input is cut', () => {
    const input = Float32Array.from({ length: 2_000 }, (_, at) => Math.sin(at * at * 1e-4));
    const whole = resample(input, fromHz, [2_000]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        expect(resample(input, fromHz, sizes)).toEqual(whole);
      }),
      { numRuns: 25 },
    );
  });
});

it('refuses rates that are none', () => {
  for (const rate of [0, -48_000, 44_100.5, Number.NaN, 1e9]) {
    expect(() => new Resampler(rate, TO_HZ)).toThrow(RangeError);
  }
});

it('answers an impulse with its own filter, centred on it', () => {
  const input = new Float32Array(4_800);
  input[2_400] = 1;
  const output = resample(input, 48_000);
  const loudest = output.indexOf(Math.max(...output));
  expect(loudest).toBe(800);
});
