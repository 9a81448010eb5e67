/**
 * Arousal and valence over a session of any length, in bounded memory.
 *
 * Readings fall into buckets of time; when there are too many buckets, two become one. The order in
 * which readings arrive does not matter. Pure.
 */

const FIRST_BUCKET_S = 0.5; // One reading each at the server's usual rate.

/** Twice the pixels of a wide panel: finer than can be seen. */
export const TRACE_MAX_BUCKETS = 1024;

interface Bucket {
  /** Start of the bucket in units of the bucket's length. */
  index: number;
  count: number;
  arousal: number;
  valence: number;
}

/** Sums per bucket, sorted by time. */
export interface Trace {
  bucketS: number;
  buckets: readonly Bucket[];
}

/** A point to draw: the middle of its bucket, and means over it. */
export interface TracePoint {
  timeS: number;
  arousal: number;
  valence: number;
}

export const EMPTY_TRACE: Trace = { bucketS: FIRST_BUCKET_S, buckets: [] };

/** `trace` with one more reading. */
export function addReading(trace: Trace, timeS: number, arousal: number, valence: number): Trace {
  const buckets = trace.buckets.slice();
  const index = Math.floor(timeS / trace.bucketS);
  let at = buckets.length;
  while (at > 0 && (buckets[at - 1] as Bucket).index > index) at -= 1; // Nearly always the last.
  const before = buckets[at - 1];
  if (before?.index === index) {
    buckets[at - 1] = {
      index,
      count: before.count + 1,
      arousal: before.arousal + arousal,
      valence: before.valence + valence,
    };
  } else {
    buckets.splice(at, 0, { index, count: 1, arousal, valence });
  }
  let grown: Trace = { bucketS: trace.bucketS, buckets };
  while (grown.buckets.length > TRACE_MAX_BUCKETS) grown = halved(grown);
  return grown;
}

/** What to draw, in order of time. */
export function tracePoints(trace: Trace): TracePoint[] {
  return trace.buckets.map(({ index, count, arousal, valence }) => ({
    timeS: (index + 0.5) * trace.bucketS,
    arousal: arousal / count,
    valence: valence / count,
  }));
}

function halved(trace: Trace): Trace {
  const buckets: Bucket[] = [];
  for (const bucket of trace.buckets) {
    const index = Math.floor(bucket.index / 2);
    const last = buckets[buckets.length - 1];
    if (last?.index === index) {
      last.count += bucket.count;
      last.arousal += bucket.arousal;
      last.valence += bucket.valence;
    } else {
      buckets.push({ ...bucket, index });
    }
  }
  return { bucketS: trace.bucketS * 2, buckets };
}
