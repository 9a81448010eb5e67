/**
 * One source's way to the server: a WebSocket that mends itself.
 *
 * Owns the connection and its retries. Knows nothing of microphones or
 * of the page. Everything that waits has a deadline.
 */

import { AUDIO_BACKOFF, backoffS } from '@/api/backoff';
import { debug } from '@/api/debug';
import { asProblem, isFinal } from '@/api/problem';

import type { Backlog } from './backlog';
import { WIRE_BYTES_PER_S, WIRE_RATE_HZ } from './chunker';
import type { AudioClock } from './clock';
import type { SourceProblem } from './types';

export type SocketStatus = 'connecting' | 'open' | 'retrying' | 'stopped';

export interface AudioSocketOptions {
  /** Where to connect; asked for anew each time, since a ticket is good for once. */
  address: () => Promise<string>;
  /** Audio not taken by the server yet; it outlives the socket. */
  backlog: Backlog;
  /** Told of all audio that the server has taken. */
  clock: AudioClock;
  /** Something has changed: read it from the socket. */
  onChange: () => void;
}

/** A connection that is not there by then never will be. */
const CONNECT_DEADLINE_MS = 10_000;

/** Every message is answered at once; a server that has not answered for so long is gone. */
const ANSWER_DEADLINE_MS = 8_000;

/** Chunks sent without an answer: two seconds. */
const UNDER_WAY_MAX = 20;

/** Bytes the browser may hold unsent: two seconds. */
const BUFFERED_MAX_BYTES = 2 * WIRE_BYTES_PER_S;

/** After a refusal for lack of room: how long the server is left alone. */
const OVERRUN_PAUSE_MS = 1_000;

/** A connection that lived for so long was a good one: the next wait is short again. */
const GOOD_AFTER_MS = 5_000;

/** Another socket feeds the source: the server needs up to 15 s to see that one is dead. */
const TAKEN_DEADLINE_MS = 25_000;

const CLOSE_FINAL: Readonly<Record<number, SourceProblem>> = {
  1008: 'failed',
  4003: 'not-allowed',
  4004: 'session-unknown',
  4010: 'session-ended',
};
const CLOSE_TAKEN = 4009;

export class AudioSocket {
  status: SocketStatus = 'connecting';
  problem: SourceProblem | null = null;
  sentS = 0;

  private readonly backlog: Backlog;
  private socket: WebSocket | null = null;
  private attempt = 0;
  /** Raised with every connection: what an earlier one still says is not heard. */
  private turn = 0;
  private openedMs = 0;
  private takenSinceMs: number | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private connectTimer: ReturnType<typeof setTimeout> | undefined;
  private answerTimer: ReturnType<typeof setTimeout> | undefined;
  private pauseTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: AudioSocketOptions) {
    this.backlog = options.backlog;
    void this.connect();
  }

  /** The connection was there, or was tried, and is not there. */
  get isMending(): boolean {
    return this.status === 'retrying' || (this.status === 'connecting' && this.attempt > 0);
  }

  /** Send one chunk, now or when the connection is there again. */
  send(samples: Int16Array<ArrayBuffer>, capturedMs: number): void {
    // A session that was cut short is followed by another, which is to have this.
    if (this.status === 'stopped' && this.problem !== 'session-ended') return;
    this.backlog.push({ samples, capturedMs });
    this.drain();
  }

  /** Try again at once, also after having given up. */
  retryNow(): void {
    if (this.status === 'open' || this.status === 'connecting') return;
    this.attempt = 0;
    this.takenSinceMs = null;
    void this.connect();
  }

  /** Nothing more will be sent. What is on its way goes out with the closing handshake. */
  close(): void {
    this.turn += 1;
    this.status = 'stopped';
    this.problem = null;
    this.disarm();
    this.backlog.rewind();
    this.socket?.close(1000);
    this.socket = null;
  }

  private async connect(): Promise<void> {
    this.disarm();
    const turn = (this.turn += 1);
    this.set('connecting');
    this.connectTimer = setTimeout(() => {
      if (turn === this.turn) this.broken(turn, 'no connection in time');
    }, CONNECT_DEADLINE_MS);
    let address: string;
    try {
      address = await this.options.address();
    } catch (error) {
      if (turn !== this.turn) return;
      const { status } = asProblem(error);
      if (isFinal(status)) this.stop(status === 404 ? 'session-unknown' : 'not-allowed');
      else this.broken(turn, 'no ticket');
      return;
    }
    if (turn !== this.turn) return;
    const socket = new WebSocket(address);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.onopen = () => {
      if (turn === this.turn) this.opened();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (turn === this.turn) this.answered(data);
    };
    // The close event that follows an error says more.
    socket.onclose = ({ code, reason }) => {
      if (turn === this.turn) this.closed(turn, code, reason);
    };
  }

  private opened(): void {
    clearTimeout(this.connectTimer);
    this.openedMs = performance.now();
    debug('audio socket open');
    this.set('open');
    this.drain();
  }

  private answered(data: unknown): void {
    const answer = parseAnswer(data);
    if (answer === null) return;
    clearTimeout(this.answerTimer);
    this.answerTimer = undefined;
    this.takenSinceMs = null;
    if (answer.ok) {
      const chunk = this.backlog.taken();
      if (chunk !== undefined) {
        const durationS = chunk.samples.length / WIRE_RATE_HZ;
        this.sentS += durationS;
        this.options.clock.advance(durationS, chunk.capturedMs);
      }
      if (this.pauseTimer === undefined) this.problem = null;
    } else {
      debug('audio refused', answer.error);
      this.backlog.refused();
      this.problem = answer.error === 'overrun' ? 'overrun' : 'failed';
      if (answer.error === 'overrun') this.pause();
    }
    this.drain();
    this.options.onChange();
  }

  private closed(turn: number, code: number, reason: string): void {
    debug('audio socket closed', code, reason);
    this.socket = null;
    const final = CLOSE_FINAL[code];
    if (final !== undefined) {
      this.stop(final);
    } else if (code === CLOSE_TAKEN) {
      this.takenSinceMs ??= performance.now();
      if (performance.now() - this.takenSinceMs > TAKEN_DEADLINE_MS) this.stop('source-taken');
      else this.broken(turn, 'source taken', 'source-taken');
    } else {
      this.broken(turn, `closed ${code}`);
    }
  }

  /** This connection is of no use any more; another is tried after a wait. */
  private broken(turn: number, why: string, problem: SourceProblem = 'unreachable'): void {
    if (turn !== this.turn) return;
    this.turn += 1;
    this.disarm();
    this.socket?.close();
    this.socket = null;
    this.backlog.rewind();
    if (this.openedMs > 0 && performance.now() - this.openedMs >= GOOD_AFTER_MS) this.attempt = 0;
    this.openedMs = 0;
    const waitS = backoffS(this.attempt, AUDIO_BACKOFF);
    this.attempt += 1;
    debug(`audio socket: ${why}; again in ${waitS.toFixed(1)} s`);
    this.retryTimer = setTimeout(() => void this.connect(), waitS * 1000);
    this.set('retrying', problem);
  }

  private stop(problem: SourceProblem): void {
    this.turn += 1;
    this.disarm();
    this.socket = null;
    if (problem === 'session-ended') this.backlog.rewind();
    else this.backlog.clear();
    this.set('stopped', problem);
  }

  private drain(): void {
    const { socket, backlog } = this;
    if (socket === null || this.status !== 'open' || this.pauseTimer !== undefined) return;
    while (backlog.underWayCount < UNDER_WAY_MAX && socket.bufferedAmount < BUFFERED_MAX_BYTES) {
      const chunk = backlog.next();
      if (chunk === undefined) break;
      socket.send(chunk.samples);
    }
    if (backlog.underWayCount > 0 && this.answerTimer === undefined) {
      const turn = this.turn;
      this.answerTimer = setTimeout(() => this.broken(turn, 'no answer'), ANSWER_DEADLINE_MS);
    }
  }

  private pause(): void {
    clearTimeout(this.pauseTimer);
    this.pauseTimer = setTimeout(() => {
      this.pauseTimer = undefined;
      this.drain();
    }, OVERRUN_PAUSE_MS);
  }

  private disarm(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.connectTimer);
    clearTimeout(this.answerTimer);
    clearTimeout(this.pauseTimer);
    this.answerTimer = undefined;
    this.pauseTimer = undefined;
  }

  private set(status: SocketStatus, problem: SourceProblem | null = null): void {
    this.status = status;
    this.problem = problem;
    this.options.onChange();
  }
}

type Answer = { ok: true } | { ok: false; error: string };

/** The server's answer to one message, or null for what is none. */
export function parseAnswer(data: unknown): Answer | null {
  if (typeof data !== 'string') return null;
  try {
    const { ok, error } = JSON.parse(data) as Record<string, unknown>;
    if (ok === true) return { ok };
    return ok === false ? { ok, error: String(error) } : null;
  } catch {
    return null;
  }
}
