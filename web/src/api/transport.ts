/**
 * Two ways to read a stream: EventSource, and fetch where a header must be sent. Both say the same
 * to whoever opened them, once closed nothing any more, and never reconnect by themselves.
 */

import { EVENT_NAMES } from '@/model/events';
import type { Problem } from '@/model/problem';

import { streamAddress } from './address';
import type { Client } from './client';
import { asProblem, isFinal, problemOf } from './problem';
import { SSE_START, type SseMessage, parseSseChunk } from './sse';

/** Why a stream is over. */
export type Outcome =
  /** Nothing is left to send, now or ever (204). */
  | { kind: 'finished' }
  /** Asking again cannot help. */
  | { kind: 'refused'; problem: Problem }
  /** Cut off, or not to be had for now. */
  | { kind: 'broken'; problem: Problem | null };

export interface StreamHandlers {
  /** The server has answered, and is going to send. */
  onOpen: () => void;
  /** Something came, were it a comment; not every transport can tell. */
  onBytes: () => void;
  onMessage: (message: SseMessage) => void;
  onOver: (outcome: Outcome) => void;
}

export interface StreamRequest {
  client: Client;
  sessionId: string;
  /** Number of the last event seen; 0 for all from the first. */
  after: number;
}

export type OpenStream = (request: StreamRequest, handlers: StreamHandlers) => () => void;

const BROKEN: Outcome = { kind: 'broken', problem: null };

/** Over EventSource. Its owner cannot see comments, nor the status of a refusal. */
export const openEventSource: OpenStream = ({ client, sessionId, after }, handlers) => {
  const source = new EventSource(streamAddress(client, sessionId, after));
  let isOpen = true;
  const whileOpen =
    <A extends unknown[]>(handle: (...args: A) => void) =>
    (...args: A): void => {
      if (isOpen) handle(...args);
    };
  for (const name of Object.keys(EVENT_NAMES)) {
    source.addEventListener(
      name,
      whileOpen((event: MessageEvent<string>) => {
        handlers.onBytes();
        handlers.onMessage({ event: name, data: event.data, id: event.lastEventId });
      }),
    );
  }
  source.onopen = whileOpen(() => handlers.onOpen());
  source.onerror = whileOpen(() => {
    const isRefusal = source.readyState === EventSource.CLOSED;
    source.close();
    if (isRefusal) void outcomeOf(client, sessionId).then(whileOpen(handlers.onOver));
    else handlers.onOver(BROKEN);
  });
  return () => {
    isOpen = false;
    source.close();
  };
};

/** Over fetch, with the client's headers. */
export const openFetchStream: OpenStream = ({ client, sessionId, after }, handlers) => {
  const abort = new AbortController();
  const { signal } = abort;
  void read();
  return () => abort.abort();

  async function read(): Promise<void> {
    let outcome = BROKEN;
    try {
      const answer = await fetch(streamAddress(client, sessionId, after), {
        headers: {
          Accept: 'text/event-stream',
          'Last-Event-ID': String(after),
          ...client.headers(),
        },
        cache: 'no-store',
        signal,
      });
      if (signal.aborted) return;
      outcome = await readAnswer(answer);
    } catch {
      // Cut off; or closed by us, and then nobody wants to know.
    }
    if (!signal.aborted) handlers.onOver(outcome);
  }

  async function readAnswer(answer: Response): Promise<Outcome> {
    if (answer.status === 204) return { kind: 'finished' };
    if (!answer.ok) {
      const problem = await problemOf(answer);
      return { kind: isFinal(problem.status) ? 'refused' : 'broken', problem };
    }
    if (answer.body === null) return BROKEN;
    handlers.onOpen();
    const reader = answer.body.getReader();
    let state = SSE_START;
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return BROKEN;
      handlers.onBytes();
      const parsed = parseSseChunk(state, value);
      state = parsed.state;
      for (const message of parsed.messages) {
        if (signal.aborted) return BROKEN;
        handlers.onMessage(message);
      }
    }
  }
};

/**
 * Whether a stream's bytes get through as they are sent: the server's first are a comment, at once.
 *
 * @returns false when none came in time; throws what the request threw otherwise
 */
export async function canStream(request: StreamRequest, deadlineMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle(false), deadlineMs);
    const close = openFetchStream(request, {
      onOpen: () => undefined,
      onBytes: () => settle(true),
      onMessage: () => undefined,
      // A stream that is over, or that is refused, was not held back by anybody on the way.
      onOver: (outcome) => settle(outcome.kind !== 'broken'),
    });
    function settle(answer: boolean): void {
      clearTimeout(timer);
      close();
      resolve(answer);
    }
  });
}

/** What EventSource does not tell: why it was refused. */
async function outcomeOf(client: Client, sessionId: string): Promise<Outcome> {
  try {
    const { state } = await client.get(sessionId);
    return state === 'stopped' ? { kind: 'finished' } : BROKEN;
  } catch (error) {
    const problem = asProblem(error);
    return { kind: isFinal(problem.status) ? 'refused' : 'broken', problem };
  }
}
