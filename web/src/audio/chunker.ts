/**
 * From the blocks of an audio engine to the chunks that the server takes: mixed to mono, resampled
 * to 16 kHz, Int16, 100 ms each, with how loud they are. Pure; runs in the audio worklet.
 */

import { Resampler } from './resampler';

export const WIRE_RATE_HZ = 16_000;
export const CHUNK_SAMPLES = 1_600;
export const CHUNK_S = CHUNK_SAMPLES / WIRE_RATE_HZ;

/** Bytes of one second on the wire. */
export const WIRE_BYTES_PER_S = WIRE_RATE_HZ * 2;

const FULL_SCALE = 32_767;

/** What the meter's lower end is, in dB re full scale. */
const METER_FLOOR_DB = -60;

/** One finished chunk; its samples are handed over, not shared. */
export type ChunkSink = (samples: Int16Array<ArrayBuffer>, level: number) => void;

export class Chunker {
  private readonly resampler: Resampler;
  private readonly mono: Float32Array;
  private readonly resampled: Float32Array;
  private chunk = new Int16Array(CHUNK_SAMPLES);
  private filled = 0;
  private squares = 0;

  constructor(
    rateHz: number,
    private readonly sink: ChunkSink,
    readonly blockMax = 128,
  ) {
    // Engines at fractional rates do not exist; a rate off by a rounding error does.
    this.resampler = new Resampler(Math.round(rateHz), WIRE_RATE_HZ, blockMax);
    this.mono = new Float32Array(blockMax);
    this.resampled = new Float32Array(this.resampler.outputMax);
  }

  /** Take one block: channels of equal length. */
  push(channels: readonly Float32Array[]): void {
    const length = channels[0]?.length ?? 0;
    if (length === 0) return;
    if (length > this.blockMax) {
      // Engines work in blocks of 128; a page may ask for larger ones some day.
      for (let at = 0; at < length; at += this.blockMax) {
        this.push(channels.map((samples) => samples.subarray(at, at + this.blockMax)));
      }
      return;
    }
    const share = 1 / channels.length;
    this.mono.fill(0, 0, length);
    for (let channel = 0; channel < channels.length; channel += 1) {
      const samples = channels[channel] as Float32Array;
      for (let at = 0; at < length; at += 1) {
        this.mono[at] = (this.mono[at] as number) + (samples[at] as number) * share;
      }
    }
    const block = length === this.blockMax ? this.mono : this.mono.subarray(0, length);
    const count = this.resampler.process(block, this.resampled);
    for (let at = 0; at < count; at += 1) this.add(this.resampled[at] as number);
  }

  /** The part of a chunk that is under way is given out as it is, and the chunker is empty. */
  flush(): void {
    if (this.filled > 0) this.emit(this.chunk.slice(0, this.filled));
  }

  private add(value: number): void {
    // A broken driver's NaN is silence, not the end of the filter's memory.
    const sample = value >= -1 ? (value <= 1 ? value : 1) : value < -1 ? -1 : 0;
    this.squares += sample * sample;
    this.chunk[this.filled] = Math.round(sample * FULL_SCALE);
    this.filled += 1;
    if (this.filled === CHUNK_SAMPLES) {
      const full = this.chunk;
      this.chunk = new Int16Array(CHUNK_SAMPLES);
      this.emit(full);
    }
  }

  private emit(samples: Int16Array<ArrayBuffer>): void {
    const level = meterLevel(Math.sqrt(this.squares / samples.length));
    this.filled = 0;
    this.squares = 0;
    this.sink(samples, level);
  }
}

/** A root mean square of 0..1 as a place on a meter, 0..1, linear in decibels. */
export function meterLevel(rms: number): number {
  if (!(rms > 0)) return 0;
  const db = 20 * Math.log10(rms);
  return Math.min(1, Math.max(0, 1 - db / METER_FLOOR_DB));
}
