/**
 * Band-limited resampling of a stream of samples, in blocks of any size.
 *
 * A polyphase windowed-sinc filter (Kaiser window; J. O. Smith, "Digital Audio Resampling"). The
 * position of each output sample is kept in whole numbers, so that however the input is cut into
 * blocks, the output is the same to the bit. Nothing is allocated after construction. Pure; runs in
 * the audio worklet.
 */

/** Everything above half the lower rate is at least this far down. */
const STOPBAND_DB = 80;

/** Passband as a share of half the lower rate: 7.2 kHz of speech at 16 kHz. */
const PASSBAND = 0.9;

/** Exact phases up to here (44.1 kHz needs 160); beyond, phases in between are interpolated. */
const PHASES_MAX = 1024;

/** Rates that a browser may hand out (Web Audio asks for at least 8 to 96 kHz). */
const LEAST_HZ = 3_000;
const MOST_HZ = 768_000;

export class Resampler {
  /** Filter length in input samples. */
  readonly taps: number;

  private readonly up: number;
  private readonly down: number;
  private readonly phases: number;
  /** Row per phase, each the taps in order of the input; one row more than phases. */
  private readonly filters: Float32Array;
  /** The last `taps` samples of what came before, then the block under way. */
  private readonly history: Float32Array;
  private filled = 0;
  /** Where the next output lies: whole input samples from the start of `history`, and `up`ths. */
  private whole = 0;
  private part = 0;

  /**
   * @param fromHz the input's rate, a whole number
   * @param toHz the output's rate, a whole number
   * @param blockMax the most input samples that one call of {@link process} takes
   */
  constructor(
    readonly fromHz: number,
    readonly toHz: number,
    readonly blockMax = 128,
  ) {
    for (const rate of [fromHz, toHz]) {
      if (!Number.isInteger(rate) || rate < LEAST_HZ || rate > MOST_HZ) {
        throw new RangeError(`${rate} Hz is no rate to resample`);
      }
    }
    const divisor = gcd(fromHz, toHz);
    this.up = toHz / divisor;
    this.down = fromHz / divisor;
    this.phases = Math.min(this.up, PHASES_MAX);

    const lowerHz = Math.min(fromHz, toHz);
    const transitionHz = (lowerHz / 2) * (1 - PASSBAND);
    const width = (2 * Math.PI * transitionHz) / fromHz;
    this.taps = 2 * Math.ceil((STOPBAND_DB - 7.95) / (2.285 * width) / 2);
    const cutoff = (lowerHz / 2 - transitionHz / 2) / fromHz; // cycles per input sample
    this.filters = design(this.taps, this.phases, cutoff);
    this.history = new Float32Array(this.taps + blockMax);
    // The first output is centred on the first input sample: silence stands before it.
    this.filled = this.taps / 2 - 1;
  }

  /** The most output samples that one block can give. */
  get outputMax(): number {
    return Math.ceil((this.blockMax * this.up) / this.down) + 1;
  }

  /** Seconds between a sound and its place in the output. */
  get delayS(): number {
    return this.taps / 2 / this.fromHz;
  }

  /**
   * Resample one block.
   *
   * @param input at most `blockMax` samples
   * @param output room for at least {@link outputMax} samples
   * @returns how many samples were written
   */
  process(input: Float32Array, output: Float32Array): number {
    const { history, taps, filters, up, down, phases } = this;
    history.set(input, this.filled);
    this.filled += input.length;
    let written = 0;
    while (this.whole + taps <= this.filled) {
      output[written] = this.sample(filters, history, taps, up, phases);
      written += 1;
      this.part += down;
      const step = Math.floor(this.part / up);
      this.whole += step;
      this.part -= step * up;
    }
    // Keep only what the next output needs. It may lie past all that has come (rates far apart).
    const keepFrom = Math.min(this.whole, this.filled);
    history.copyWithin(0, keepFrom, this.filled);
    this.filled -= keepFrom;
    this.whole -= keepFrom;
    return written;
  }

  private sample(
    filters: Float32Array,
    history: Float32Array,
    taps: number,
    up: number,
    phases: number,
  ): number {
    const start = this.whole;
    const at = (this.part * phases) / up;
    const row = Math.floor(at);
    const share = at - row;
    const base = row * taps;
    let sum = 0;
    if (share === 0) {
      for (let tap = 0; tap < taps; tap += 1) {
        sum += (filters[base + tap] as number) * (history[start + tap] as number);
      }
      return sum;
    }
    let next = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const value = history[start + tap] as number;
      sum += (filters[base + tap] as number) * value;
      next += (filters[base + taps + tap] as number) * value;
    }
    return sum + share * (next - sum);
  }
}

/** Filter coefficients, `(phases + 1) x taps`; each phase passes a constant unchanged. */
function design(taps: number, phases: number, cutoff: number): Float32Array {
  const beta = 0.1102 * (STOPBAND_DB - 8.7);
  const half = taps / 2;
  const filters = new Float32Array((phases + 1) * taps);
  const row = new Float64Array(taps);
  for (let phase = 0; phase <= phases; phase += 1) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      // Distance from the output's place, which lies between the two middle taps.
      const x = tap - (half - 1) - phase / phases;
      const windowed = Math.abs(x) >= half ? 0 : kaiser(x / half, beta);
      row[tap] = 2 * cutoff * sinc(2 * cutoff * x) * windowed;
      sum += row[tap] as number;
    }
    for (let tap = 0; tap < taps; tap += 1) {
      filters[phase * taps + tap] = (row[tap] as number) / sum;
    }
  }
  return filters;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number, beta: number): number {
  return bessel0(beta * Math.sqrt(Math.max(0, 1 - x * x))) / bessel0(beta);
}

/** Modified Bessel function of the first kind, order zero, by its power series. */
function bessel0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-14; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
