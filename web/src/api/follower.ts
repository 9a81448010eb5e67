/**
 * Follows one session's events for as long as it takes: streams, reconnects where it left off, polls
 * history where streaming is blocked, and goes back to streaming when that works again.
 *
 * Owns when to connect and when to give up. What an event means is the reducer's business; which
 * numbers have been seen, its owner's. Everything that waits has a deadline.
 */

import { type WireEvent, parseEvent } from '@/model/events';
import { NO_ANSWER, type Problem } from '@/model/problem';
import type { SequencedEvent } from '@/model/reducer';

import { STREAM_BACKOFF, backoffS } from './backoff';
import type { Client } from './client';
import { debug } from './debug';
import { asProblem, isFinal } from './problem';
import type { SseMessage } from './sse';
import {
  type OpenStream,
  type Outcome,
  canStream,
  openEventSource,
  openFetchStream,
} from './transport';

export type Connection =
  | 'idle'
  | 'connecting'
  | 'open'
  | 'retrying'
  | 'polling'
  | 'ended'
  | 'refused';

export interface FollowerOptions {
  client: Client;
  sessionId: string;
  /** A header must be sent: fetch instead of EventSource. */
  hasToken: boolean;
  /** Number up to which nothing is missing: where to go on. */
  contiguousSeq: () => number;
  /** Highest number seen. */
  lastSeq: () => number;
  onEvent: (event: SequencedEvent) => void;
  /** Connection, problem or wait have changed: read them from the follower. */
  onChange: () => void;
}

/** A server sends its first bytes at once: what has not come by then is held back on the way. */
export const FIRST_BYTES_MS = 6_000;

/** The server breaks every silence after 15 s; three times that is a dead connection. */
export const SILENCE_MS = 45_000;

export const POLL_MS = 2_000;

/** How often a client that polls tries whether streaming works again. */
export const PROBE_EVERY_MS = 30_000;

/** Asked of a session's state at every so many polls. */
const STATE_EVERY = 5;

const POLL_LIMIT = 1_000;

/** How long the rest of an ended session may take to arrive. */
const REST_DEADLINE_MS = 20_000;

export class Follower {
  connection: Connection = 'connecting';
  problem: Problem | null = null;
  retryInS: number | null = null;

  private readonly open: OpenStream;
  private closeStream: (() => void) | null = null;
  private attempt = 0;
  /** Raised by every step taken: what an earlier one still brings is not heard. */
  private turn = 0;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private silence: ReturnType<typeof setTimeout> | undefined;
  private probe: Promise<void> | null = null;

  constructor(private readonly options: FollowerOptions) {
    this.open = options.hasToken ? openFetchStream : openEventSource;
    this.connect();
  }

  private get isOver(): boolean {
    return this.connection === 'ended' || this.connection === 'refused';
  }

  /** Try again at once, also after a refusal. */
  retry(): void {
    if (this.connection === 'ended' || this.connection === 'open') return;
    this.attempt = 0;
    this.connect();
  }

  /** The network or the page is back: no reason to wait any longer. */
  comeBack(): void {
    if (this.connection === 'retrying') this.retry();
    else if (this.connection === 'polling') void this.tryStreaming(this.turn);
  }

  /** Stop for good, and say nothing any more. */
  close(): void {
    this.begin();
    this.connection = 'idle';
  }

  /** A new step: whatever was under way is given up. */
  private begin(): number {
    this.closeStream?.();
    this.closeStream = null;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    clearTimeout(this.silence);
    this.retryInS = null;
    return (this.turn += 1);
  }

  private later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    this.timers.add(timer);
  }

  // -- streaming --------------------------------------------------------------------------------

  /** @param quietly without a word: a connection is only renewed */
  private connect(quietly = false): void {
    const turn = this.begin();
    if (!quietly) this.set('connecting', this.connection === 'refused' ? null : this.problem);
    const { client, sessionId, contiguousSeq } = this.options;
    const after = contiguousSeq();
    debug(`stream: connecting after ${after}`);
    let hasBytes = false;
    const isCurrent = (): boolean => turn === this.turn;
    this.later(FIRST_BYTES_MS, () => {
      if (!hasBytes) void this.decideBlocked(turn);
    });
    this.closeStream = this.open(
      { client, sessionId, after },
      {
        onOpen: () => {
          if (isCurrent()) this.set('open');
        },
        onBytes: () => {
          if (!isCurrent()) return;
          hasBytes = true;
          this.attempt = 0;
          this.awaitMore();
        },
        onMessage: (message) => {
          if (isCurrent()) this.take(message);
        },
        onOver: (outcome) => {
          if (isCurrent()) this.over(outcome);
        },
      },
    );
    this.awaitMore();
  }

  /** A connection on which nothing comes for very long is made anew. */
  private awaitMore(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.connect(true), SILENCE_MS);
  }

  /** No byte in time. EventSource hides comments, so that a look of our own decides. */
  private async decideBlocked(turn: number): Promise<void> {
    if (!this.options.hasToken && this.connection === 'open' && (await this.isStreamable())) return;
    if (turn !== this.turn) return;
    debug('stream: no bytes in time, polling');
    this.poll();
  }

  private isStreamable(): Promise<boolean> {
    const { client, sessionId, contiguousSeq } = this.options;
    return canStream({ client, sessionId, after: contiguousSeq() }, FIRST_BYTES_MS);
  }

  private take({ event: name, data, id }: SseMessage): void {
    const event = parseEvent(name, data);
    if (event === null) {
      debug('stream: an event that is not known', name, data);
      return;
    }
    const seq = /^\d{1,15}$/.test(id) ? Number(id) : null;
    debug('stream:', seq, event);
    this.deliver(event, seq);
  }

  private deliver(event: WireEvent, seq: number | null): void {
    this.options.onEvent({ seq: event.event_type === 'session_end' ? null : seq, event });
    if (event.event_type !== 'session_end' || event.session_id !== this.options.sessionId) return;
    this.begin();
    this.set('ended');
  }

  private over(outcome: Outcome): void {
    debug('stream: over', outcome);
    if (outcome.kind === 'refused') {
      this.begin();
      this.set('refused', outcome.problem);
    } else if (outcome.kind === 'finished') {
      void this.finish();
    } else {
      this.wait(outcome.problem);
    }
  }

  private wait(problem: Problem | null): void {
    const turn = this.begin();
    const waitS = backoffS(this.attempt, STREAM_BACKOFF);
    this.attempt += 1;
    this.later(waitS * 1000, () => this.connect());
    this.retryInS = Math.max(1, Math.round(waitS));
    this.countDown(turn);
    this.set('retrying', problem ?? NO_ANSWER);
  }

  private countDown(turn: number): void {
    this.later(1000, () => {
      if (turn !== this.turn || this.retryInS === null || this.retryInS <= 1) return;
      this.retryInS -= 1;
      this.options.onChange();
      this.countDown(turn);
    });
  }

  // -- polling ----------------------------------------------------------------------------------

  private poll(): void {
    const turn = this.begin();
    this.set('polling');
    this.later(PROBE_EVERY_MS, () => void this.tryStreaming(turn));
    void this.pollOnce(turn, 0);
  }

  private async pollOnce(turn: number, count: number): Promise<void> {
    const { client, sessionId, lastSeq, onEvent } = this.options;
    try {
      const isStopped =
        count % STATE_EVERY === 0 && (await client.get(sessionId)).state === 'stopped';
      const answer = await client.history(sessionId, { after_seq: lastSeq(), limit: POLL_LIMIT });
      if (turn !== this.turn) return;
      for (const { seq, ...event } of answer.events) onEvent({ seq, event, polled: true });
      if (isStopped) {
        await this.finish();
        return;
      }
    } catch (error) {
      if (turn !== this.turn) return;
      const problem = asProblem(error);
      if (isFinal(problem.status)) this.over({ kind: 'refused', problem });
      else this.wait(problem);
      return;
    }
    if (turn === this.turn) this.later(POLL_MS, () => void this.pollOnce(turn, count + 1));
  }

  private async tryStreaming(turn: number): Promise<void> {
    if (this.probe !== null) return this.probe;
    this.probe = (async () => {
      const isStreamable = await this.isStreamable();
      if (turn !== this.turn || this.isOver) return;
      if (isStreamable) this.connect();
      else this.later(PROBE_EVERY_MS, () => void this.tryStreaming(turn));
    })();
    try {
      await this.probe;
    } finally {
      this.probe = null;
    }
  }

  // -- the end ----------------------------------------------------------------------------------

  /** The session is over: fetch what is missing, and why it ended. */
  private async finish(): Promise<void> {
    const turn = this.begin();
    const { client, sessionId, contiguousSeq, lastSeq } = this.options;
    // The last event once more: to one who has all of them, the server would say nothing.
    const after = Math.min(contiguousSeq(), Math.max(0, lastSeq() - 1));
    await new Promise<void>((resolve) => {
      this.later(REST_DEADLINE_MS, resolve);
      this.closeStream = openFetchStream(
        { client, sessionId, after },
        {
          onOpen: () => undefined,
          onBytes: () => undefined,
          onMessage: (message) => {
            if (turn === this.turn) this.take(message);
          },
          onOver: () => resolve(),
        },
      );
    });
    if (turn !== this.turn) return;
    // It could not be read; that it is over is certain all the same.
    const event: WireEvent = {
      event_type: 'session_end',
      session_id: sessionId,
      reason: 'interrupted',
      last_seq: lastSeq(),
    };
    this.deliver(event, null);
  }

  private set(connection: Connection, problem: Problem | null = null): void {
    if (this.connection !== connection) debug(`stream: ${connection}`);
    this.connection = connection;
    this.problem = problem;
    this.options.onChange();
  }
}
