/** Curves of several voices as one table of numbers, for the picture and for reading. Pure. */
import type { TracePoint } from '@/model/trace';

export interface TraceVoice {
  id: string;
  name: string;
  /** In order of time. */
  points: readonly TracePoint[];
}

/** A row of the table to read covers so much. */
export const TABLE_STEP_S = 10;

/** A silence longer than this is a hole in the curve, not a straight line. */
export const HOLE_S = 3;

/**
 * Times, then arousal and valence of each voice in turn; undefined where another voice has a point
 * (the line goes on), null in a silence (it does not).
 */
export function joined(voices: readonly TraceVoice[]): [number[], ...(number | null | undefined)[][]] {
  const holes = voices.map(({ points }) => holesOf(points));
  const times = [
    ...new Set([...voices.flatMap(({ points }) => points.map((point) => point.timeS)), ...holes.flat()]),
  ].sort((one, other) => one - other);
  const at = new Map(times.map((timeS, index) => [timeS, index]));
  const columns = voices.flatMap(({ points }, voice) => {
    const arousal = new Array<number | null | undefined>(times.length).fill(undefined);
    const valence = arousal.slice();
    for (const hole of holes[voice] ?? []) {
      arousal[at.get(hole) as number] = valence[at.get(hole) as number] = null;
    }
    for (const point of points) {
      arousal[at.get(point.timeS) as number] = point.arousal;
      valence[at.get(point.timeS) as number] = point.valence;
    }
    return [arousal, valence];
  });
  return [times, ...columns];
}

/** Moments in the middle of the silences of a voice. */
function holesOf(points: readonly TracePoint[]): number[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    return before !== undefined && point.timeS - before.timeS > HOLE_S
      ? [(point.timeS + before.timeS) / 2]
      : [];
  });
}

export interface TraceRow {
  id: string;
  name: string;
  fromS: number;
  arousal: number;
  valence: number;
}

/** Means per step and voice, the newest first. */
export function rows(voices: readonly TraceVoice[]): TraceRow[] {
  return voices
    .flatMap(({ id, name, points }) => {
      const steps = new Map<number, TracePoint[]>();
      for (const point of points) {
        const fromS = Math.floor(point.timeS / TABLE_STEP_S) * TABLE_STEP_S;
        const step = steps.get(fromS);
        if (step === undefined) steps.set(fromS, [point]);
        else step.push(point);
      }
      return [...steps].map(([fromS, within]) => ({
        id,
        name,
        fromS,
        arousal: mean(within.map((point) => point.arousal)),
        valence: mean(within.map((point) => point.valence)),
      }));
    })
    .sort((one, other) => other.fromS - one.fromS);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
