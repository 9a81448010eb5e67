/**
 * When a moment of a session's audio was captured: ties the session's clock, which counts audio, to
 * the page's. Bounded to the last minutes. Pure.
 */

const KEPT_MAX = 1_800; // Three minutes of 100 ms chunks.

export class AudioClock {
  private readonly ends: { atS: number; capturedMs: number }[] = [];
  private endS = 0;

  /** Seconds of audio so far. */
  get nowS(): number {
    return this.endS;
  }

  /** So much more audio was taken; its end was captured at `capturedMs`. */
  advance(durationS: number, capturedMs: number): void {
    this.endS += durationS;
    this.ends.push({ atS: this.endS, capturedMs });
    if (this.ends.length > KEPT_MAX) this.ends.shift();
  }

  /** When the audio at `atS` was captured, on the page's clock; null when it is not known. */
  capturedMs(atS: number): number | null {
    const after = this.ends.findIndex((end) => end.atS >= atS - 1e-3);
    const end = this.ends[after];
    if (end === undefined) return null;
    // Before the first that is kept, nothing is known.
    if (after === 0 && this.ends.length === KEPT_MAX) return null;
    return end.capturedMs - (end.atS - atS) * 1000;
  }
}
