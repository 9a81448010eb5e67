/**
 * Audio that has been captured and not yet been acknowledged, bounded: when there is too much, the
 * oldest is given up and counted. Pure.
 */

import { WIRE_RATE_HZ } from './chunker';

export interface Chunk {
  samples: Int16Array<ArrayBuffer>;
  /** When its last sample was captured, on the page's monotonic clock. */
  capturedMs: number;
}

/**
 * What is kept. Under the 30 s that the server takes in a burst, with room for what goes on
 * arriving while it is sent.
 */
export const BACKLOG_MAX_S = 20;

export class Backlog {
  /** Audio given up so far. */
  droppedS = 0;

  private readonly waiting: Chunk[] = [];
  private readonly underWay: Chunk[] = [];
  private samples = 0;

  constructor(private readonly maxS = BACKLOG_MAX_S) {}

  /** Seconds not acknowledged yet. */
  get waitingS(): number {
    return this.samples / WIRE_RATE_HZ;
  }

  /** Chunks sent and not answered yet. */
  get underWayCount(): number {
    return this.underWay.length;
  }

  /** Keep one more; the oldest unsent ones go where there is no room. */
  push(chunk: Chunk): void {
    this.waiting.push(chunk);
    this.samples += chunk.samples.length;
    // What is under way is not given up: the server may well have it.
    while (this.waitingS > this.maxS && this.waiting.length > 1) this.giveUp(this.waiting.shift());
  }

  /** The next chunk to send, from now on under way; undefined when all is sent. */
  next(): Chunk | undefined {
    const chunk = this.waiting.shift();
    if (chunk !== undefined) this.underWay.push(chunk);
    return chunk;
  }

  /** The oldest chunk under way was taken by the server; it is returned. */
  taken(): Chunk | undefined {
    const chunk = this.underWay.shift();
    this.samples -= chunk?.samples.length ?? 0;
    return chunk;
  }

  /** The oldest chunk under way was refused: it is lost, and counted. */
  refused(): void {
    this.giveUp(this.underWay.shift());
  }

  /**
   * The connection broke: what was under way without an answer is to be sent again. The server may
   * have had the last of it; a few tenths of a second twice are less harm than a hole.
   */
  rewind(): void {
    this.waiting.unshift(...this.underWay.splice(0));
    while (this.waitingS > this.maxS && this.waiting.length > 1) this.giveUp(this.waiting.shift());
  }

  /** Nothing of this will be sent any more. */
  clear(): void {
    for (const chunk of [...this.underWay.splice(0), ...this.waiting.splice(0)]) this.giveUp(chunk);
  }

  private giveUp(chunk: Chunk | undefined): void {
    const count = chunk?.samples.length ?? 0;
    this.samples -= count;
    this.droppedS += count / WIRE_RATE_HZ;
  }
}
