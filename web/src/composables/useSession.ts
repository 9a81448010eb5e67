/**
 * A session from its start to its end, as the page lives it: who listens, what is heard, and what
 * happens when the server goes away in between.
 *
 * Owns the session's id. Sources, stream and wake lock follow it.
 */

import {
  type ComputedRef,
  type Ref,
  type ShallowRef,
  computed,
  getCurrentScope,
  onScopeDispose,
  ref,
  shallowRef,
  watch,
} from 'vue';

import { STREAM_BACKOFF, backoffS } from '@/api/backoff';
import { type Client, type SessionInfo, type StartOptions, createClient } from '@/api/client';
import { asProblem, isFinal, lacksVoices } from '@/api/problem';
import type { SourceName } from '@/audio/types';
import type { Problem } from '@/model/problem';
import { type SessionView, acquaintedIn } from '@/model/reducer';

import { type AudioCapture, useAudioCapture } from './useAudioCapture';
import { type ToneStream, useToneStream } from './useToneStream';
import { type WakeLock, useWakeLock } from './useWakeLock';

export type Phase =
  | 'idle'
  | 'starting'
  | 'running'
  /** The server ended the session while somebody was being heard; a new one is being started. */
  | 'continuing'
  | 'ending'
  | 'ended';

/** Sources to begin with, and which microphone (null: the browser's own choice). */
export interface Wanted {
  mic?: { deviceId?: string | null } | false;
  tab?: boolean;
}

export interface Session {
  sessionId: Readonly<Ref<string | null>>;
  /** Of `LINNET_API_TOKEN`; set before starting. Kept in memory only. */
  token: Ref<string | null>;
  licenseKey: Ref<string | null>;
  info: Readonly<Ref<SessionInfo | null>>;
  phase: ComputedRef<Phase>;
  /** Why starting or ending did not work. */
  problem: Ref<Problem | null>;
  /** The session that this one goes on from, after the server went away in the middle. */
  continuedFrom: Readonly<Ref<string | null>>;
  /** What that session had heard, up to its end. */
  earlier: Readonly<ShallowRef<SessionView | null>>;
  client: Client;
  capture: AudioCapture;
  stream: ToneStream;
  wakeLock: WakeLock;
  /**
   * Open the sources and start. To be called in the handler of a click, before anything is awaited.
   *
   * @returns whether it runs; if not, `problem` or the sources' states say why.
   */
  start(options?: StartOptions, wanted?: Wanted): Promise<boolean>;
  end(): Promise<void>;
  /** Follow a session that runs or ran, without starting one. */
  attach(id: string): Promise<boolean>;
  /** Follow the session of before a reload, if it still runs. */
  restore(): Promise<boolean>;
  /** Forget an ended session: back to the beginning. */
  reset(): void;
}

/** Under this name the id survives a reload of the tab, and no longer than the tab. */
const STORED = 'linnet.session';

/** What was captured last is still on its way when the sources stop. */
const LAST_WORDS_MS = 200;

const SOURCES: readonly SourceName[] = ['mic', 'tab'];

/** What becomes of the voices that sessions have learnt. */
export interface Voices {
  /** Whether the server keeps them for a session that follows. */
  kept(): boolean;
  /** Those of that session were asked for, and are no longer to be had. */
  gone(id: string): void;
}

const VOICES: Voices = { kept: () => true, gone: () => undefined };

export function useSession(voices: Voices = VOICES): Session {
  const sessionId = ref<string | null>(null);
  /** The session that audio goes to: none once it is over. */
  const fed = ref<string | null>(null);
  const token = ref<string | null>(null);
  const licenseKey = ref<string | null>(null);
  const info = ref<SessionInfo | null>(null);
  const problem = ref<Problem | null>(null);
  const continuedFrom = ref<string | null>(null);
  const earlier = shallowRef<SessionView | null>(null);
  const step = ref<'starting' | 'continuing' | 'ending' | null>(null);
  /** Its audio has all come from this page, whose clock is therefore known. */
  let isOurs = false;
  let options: StartOptions = {};
  let again: ReturnType<typeof setTimeout> | undefined;
  /** Raised by everything a person asks for: what was under way before is given up. */
  let turn = 0;

  const client = createClient({ token: () => token.value, licenseKey: () => licenseKey.value });
  const capture = useAudioCapture({ sessionId: fed, token });
  const stream = useToneStream({
    sessionId,
    token,
    capturedMs: (speakerId, atS) => (isOurs ? capture.capturedMs(speakerId, atS) : null),
  });

  const phase = computed<Phase>(() => {
    if (step.value !== null) return step.value;
    if (sessionId.value === null) return 'idle';
    return stream.view.value.ended === null && info.value?.state !== 'stopped' ? 'running' : 'ended';
  });
  const wakeLock = useWakeLock(
    computed(() => phase.value === 'running' || phase.value === 'continuing'),
  );

  const capturing = (): SourceName[] =>
    SOURCES.filter((name) => !['off', 'denied', 'unsupported', 'lost'].includes(capture[name].status));

  function follow(started: SessionInfo, ours: boolean): void {
    isOurs = ours && started.state === 'running';
    info.value = started;
    sessionId.value = started.session_id;
    fed.value = started.state === 'running' ? started.session_id : null;
    remember(started.session_id);
  }

  async function start(chosen: StartOptions = {}, wanted: Wanted = { mic: {} }): Promise<boolean> {
    const mine = begin('starting');
    options = chosen;
    continuedFrom.value = null;
    earlier.value = null;
    // The screen first: its question needs the click, the microphone's does not.
    const opened = await Promise.all([
      ...(wanted.tab ? [capture.start('tab')] : []),
      ...(wanted.mic ? [capture.start('mic', wanted.mic.deviceId)] : []),
    ]);
    if (mine !== turn) return false;
    if (opened.length > 0 && capturing().length === 0) return stopped(null);
    try {
      const started = await begun();
      if (mine !== turn) {
        void client.end(started.session_id).catch(() => undefined);
        return false;
      }
      follow(started, true);
    } catch (error) {
      return mine === turn && stopped(asProblem(error));
    }
    step.value = null;
    return true;
  }

  /** A new session; one that learns its voices where those that it was to know are gone. */
  async function begun(): Promise<SessionInfo> {
    const { voices_from: from, ...rest } = options;
    try {
      return await client.start(options);
    } catch (error) {
      if (from === undefined || !lacksVoices(asProblem(error))) throw error;
      voices.gone(from);
      options = rest;
      return client.start(rest);
    }
  }

  function begin(next: 'starting' | 'ending' | null): number {
    clearTimeout(again);
    problem.value = null;
    step.value = next;
    return (turn += 1);
  }

  function stopped(why: Problem | null): false {
    // Those that never began keep saying why.
    for (const name of capturing()) capture.stop(name);
    step.value = null;
    problem.value = why;
    return false;
  }

  async function end(): Promise<void> {
    const mine = begin('ending');
    for (const name of SOURCES) capture.stop(name);
    const id = sessionId.value;
    await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
    if (mine === turn) fed.value = null;
    try {
      if (id !== null && stream.view.value.ended === null) await client.end(id);
      if (info.value !== null) info.value = { ...info.value, state: 'stopped' };
    } catch (error) {
      // Nobody feeds it any more: the server ends it by itself, and what it has heard is kept.
      if (mine === turn) problem.value = asProblem(error);
    }
    remember(null);
    if (mine === turn) step.value = null;
  }

  async function attach(id: string): Promise<boolean> {
    const mine = begin('starting');
    try {
      const found = await client.get(id);
      if (mine !== turn) return false;
      follow(found, false);
      return true;
    } catch (error) {
      if (mine === turn) problem.value = asProblem(error);
      return false;
    } finally {
      if (mine === turn) step.value = null;
    }
  }

  async function restore(): Promise<boolean> {
    const id = remembered();
    if (id === null || sessionId.value !== null) return false;
    try {
      const found = await client.get(id);
      if (found.state === 'running' && sessionId.value === null) {
        follow(found, false);
        return true;
      }
    } catch {
      // Gone, or not to be had without a token: begin anew.
    }
    return false;
  }

  function reset(): void {
    begin(null);
    for (const name of SOURCES) capture.stop(name);
    fed.value = null;
    sessionId.value = null;
    info.value = null;
    continuedFrom.value = null;
    earlier.value = null;
    remember(null);
  }

  /** The server went away and came back: its session is over, the conversation is not. */
  async function goOn(mine: number, attempt: number): Promise<void> {
    if (mine !== turn) return;
    try {
      const started = await begun();
      if (mine !== turn) {
        void client.end(started.session_id).catch(() => undefined);
        return;
      }
      continuedFrom.value = sessionId.value;
      earlier.value = stream.view.value;
      follow(started, true);
      problem.value = null;
      step.value = null;
    } catch (error) {
      if (mine !== turn) return;
      problem.value = asProblem(error);
      if (isFinal(problem.value.status)) stopped(problem.value);
      else again = setTimeout(() => void goOn(mine, attempt + 1), backoffS(attempt, STREAM_BACKOFF) * 1000);
    }
  }

  watch(
    () => stream.view.value.ended,
    (ended) => {
      if (ended === null || step.value !== null) return;
      remember(null);
      if (info.value !== null) info.value = { ...info.value, state: 'stopped' };
      const wasCutOff = ended.reason === 'interrupted' || ended.reason === 'shutdown';
      if (wasCutOff && capturing().length > 0) {
        // The same people speak on.
        const known = voices.kept() ? acquaintedIn(stream.view.value) : null;
        if (known !== null) options = { ...options, voices_from: known };
        step.value = 'continuing';
        turn += 1;
        void goOn(turn, 0);
      } else {
        fed.value = null;
        for (const name of SOURCES) capture.stop(name);
      }
    },
    { flush: 'sync' },
  );

  if (getCurrentScope() !== undefined) {
    onScopeDispose(() => {
      turn += 1;
      clearTimeout(again);
    });
  }

  return {
    sessionId,
    token,
    licenseKey,
    info,
    phase,
    problem,
    continuedFrom,
    earlier,
    client,
    capture,
    stream,
    wakeLock,
    start,
    end,
    attach,
    restore,
    reset,
  };
}

function remember(id: string | null): void {
  try {
    if (id === null) sessionStorage.removeItem(STORED);
    else sessionStorage.setItem(STORED, id);
  } catch {
    // Storage is refused in some private windows; a reload then begins anew.
  }
}

function remembered(): string | null {
  try {
    return sessionStorage.getItem(STORED);
  } catch {
    return null;
  }
}
