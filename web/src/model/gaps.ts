/**
 * Which numbers of a session have been seen: all up to the highest, but for the gaps.
 *
 * Pure. That is all that is needed to tell a new event from a late one and from a repeated one,
 * whatever order they arrive in.
 */

/** Numbers not seen, both ends included. */
export interface Gap {
  from: number;
  to: number;
  /** Opened by reading history, which has tones only: what lies between need not be lost. */
  polled: boolean;
}

export interface Seen {
  /** The highest number seen; 0 before the first. */
  lastSeq: number;
  /** In order, apart from each other. */
  gaps: readonly Gap[];
}

/** More holes than this means that something is badly wrong; the oldest are given up. */
export const GAPS_MAX = 256;

/** `seen` with `seq` marked, or null when it had been seen before. */
export function mark(seen: Seen, seq: number, polled = false): Seen | null {
  if (seq > seen.lastSeq) {
    const opened: Gap[] =
      seq > seen.lastSeq + 1 ? [{ from: seen.lastSeq + 1, to: seq - 1, polled }] : [];
    return { lastSeq: seq, gaps: bounded([...seen.gaps, ...opened]) };
  }
  const at = seen.gaps.findIndex((gap) => gap.from <= seq && seq <= gap.to);
  const gap = seen.gaps[at];
  if (gap === undefined) return null;
  const left = gap.from < seq ? [{ ...gap, to: seq - 1 }] : [];
  const right = seq < gap.to ? [{ ...gap, from: seq + 1 }] : [];
  return {
    lastSeq: seen.lastSeq,
    gaps: bounded([...seen.gaps.slice(0, at), ...left, ...right, ...seen.gaps.slice(at + 1)]),
  };
}

/** The number up to which nothing is missing: where a stream is to go on. */
export function contiguousSeq(seen: Seen): number {
  const first = seen.gaps[0];
  return first === undefined ? seen.lastSeq : first.from - 1;
}

/** How many events are missing that a stream should have brought. */
export function missedCount(seen: Seen): number {
  return seen.gaps.reduce((sum, gap) => sum + (gap.polled ? 0 : gap.to - gap.from + 1), 0);
}

function bounded(gaps: Gap[]): Gap[] {
  return gaps.length > GAPS_MAX ? gaps.slice(gaps.length - GAPS_MAX) : gaps;
}
