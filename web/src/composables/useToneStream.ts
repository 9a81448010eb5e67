/**
 * A session's events as reactive state: what has been heard, and how well the connection is.
 *
 * Ties the follower (transport) to the reducer (meaning). Follows the session in `sessionId` for as
 * long as the scope lives.
 */

import {
  type Ref,
  type ShallowRef,
  getCurrentScope,
  onScopeDispose,
  ref,
  shallowRef,
  watch,
} from 'vue';

import { createClient } from '@/api/client';
import { type Connection, Follower } from '@/api/follower';
import { contiguousSeq } from '@/model/gaps';
import type { Problem } from '@/model/problem';
import { type SequencedEvent, type SessionView, emptyView, reduce } from '@/model/reducer';

export type { Connection } from '@/api/follower';

export interface ToneStreamOptions {
  sessionId: Ref<string | null>;
  /** With a token the stream is read over fetch, with a header. */
  token: Ref<string | null>;
  /** When audio of a speaker was captured (`performance.now()`), to tell how late a tone is. */
  capturedMs?: (speakerId: string, atS: number) => number | null;
}

export interface ToneStream {
  view: Readonly<ShallowRef<SessionView>>;
  connection: Ref<Connection>;
  problem: Ref<Problem | null>;
  /** Whole seconds until the next try; null when none is waited for. */
  retryInS: Ref<number | null>;
  /** From connecting to the first event, milliseconds. */
  firstEventMs: Ref<number | null>;
  /** From the capture of the audio to the arrival of what it said, milliseconds. */
  latencyMs: Ref<number | null>;
  retry: () => void;
  close: () => void;
}

/** Later than this is no latency but a replay. */
const LATENCY_MAX_MS = 30_000;

export function useToneStream(options: ToneStreamOptions): ToneStream {
  const { sessionId, token, capturedMs } = options;
  const client = createClient({ token: () => token.value, licenseKey: () => null });
  const view = shallowRef(emptyView());
  const connection = ref<Connection>('idle');
  const problem = ref<Problem | null>(null);
  const retryInS = ref<number | null>(null);
  const firstEventMs = ref<number | null>(null);
  const latencyMs = ref<number | null>(null);
  let follower: Follower | null = null;
  let beganMs = 0;

  function follow(id: string): void {
    beganMs = performance.now();
    firstEventMs.value = null;
    latencyMs.value = null;
    // Told of from within the constructor, before it is ours.
    let own: Follower | null = null;
    const show = (): void => {
      if (own === null || own !== follower) return;
      connection.value = own.connection;
      problem.value = own.problem;
      retryInS.value = own.retryInS;
    };
    connection.value = 'connecting';
    own = new Follower({
      client,
      sessionId: id,
      hasToken: token.value !== null,
      contiguousSeq: () => contiguousSeq(view.value),
      lastSeq: () => view.value.lastSeq,
      onEvent: take,
      onChange: show,
    });
    follower = own;
    show();
  }

  function take(event: SequencedEvent): void {
    const next = reduce(view.value, event);
    if (next === view.value) return;
    view.value = next;
    const nowMs = performance.now();
    firstEventMs.value ??= nowMs - beganMs;
    measure(event, nowMs);
  }

  function measure({ event, seq }: SequencedEvent, nowMs: number): void {
    if (capturedMs === undefined || (event.event_type !== 'tone' && event.event_type !== 'affect')) return;
    if (seq !== view.value.lastSeq) return; // A late one says nothing of now.
    const atMs = capturedMs(event.speaker_id, event.timestamp);
    if (atMs === null) return;
    const lateMs = nowMs - atMs;
    if (lateMs >= 0 && lateMs < LATENCY_MAX_MS) latencyMs.value = lateMs;
  }

  function close(): void {
    follower?.close();
    follower = null;
    connection.value = 'idle';
    problem.value = null;
    retryInS.value = null;
  }

  watch(
    [sessionId, token],
    ([id], [previous]) => {
      close();
      if (id !== previous) view.value = emptyView(id ?? '');
      if (id !== null) follow(id);
    },
    { immediate: true, flush: 'sync' },
  );

  function onReturn(): void {
    if (document.visibilityState === 'visible') follower?.comeBack();
  }

  const listeners = new AbortController();
  const { signal } = listeners;
  globalThis.addEventListener('online', onReturn, { signal });
  // From the back-forward cache a page returns with its connections cut.
  globalThis.addEventListener('pageshow', onReturn, { signal });
  document.addEventListener('visibilitychange', onReturn, { signal });

  if (getCurrentScope() !== undefined) {
    onScopeDispose(() => {
      listeners.abort();
      close();
    });
  }

  return {
    view,
    connection,
    problem,
    retryInS,
    firstEventMs,
    latencyMs,
    retry: () => follower?.retry(),
    close,
  };
}
