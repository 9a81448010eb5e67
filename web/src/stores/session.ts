/**
 * The one session of the page, and what the server is: ties the reader's settings to the session
 * and the session's view to the reader's place. How a session lives is in `useSession`.
 */
import { defineStore } from 'pinia';
import { computed, markRaw, onScopeDispose, ref, shallowRef, watch } from 'vue';

import type { Health } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { SourceName } from '@/audio/types';
import { useSession } from '@/composables/useSession';
import type { Problem } from '@/model/problem';
import { acquaintedIn } from '@/model/reducer';
import { usePlace } from './place';
import { useSettings } from './settings';

/** A server that did not answer is asked again after so long. */
const ASK_AGAIN_MS = 5000;

const SOURCES: readonly SourceName[] = ['mic', 'tab'];

const SPEAKERS: Readonly<Record<SourceName, string>> = { mic: 'speaker_a', tab: 'speaker_b' };

export const useSessionStore = defineStore('session', () => {
  const { settings } = useSettings();
  const session = useSession({ kept: () => voicesKept.value, gone: forgetVoices });
  const { capture, stream, client, token, problem, phase } = session;
  const place = usePlace();

  const health = shallowRef<Health | null>(null);
  const serverProblem = shallowRef<Problem | null>(null);
  /** Whether the server answered when it was last asked; null before that. */
  const server = ref<boolean | null>(null);
  let asking: ReturnType<typeof setTimeout> | undefined;

  async function lookForServer(): Promise<void> {
    clearTimeout(asking);
    try {
      health.value = await client.health();
      serverProblem.value = null;
      server.value = true;
    } catch (error) {
      serverProblem.value = asProblem(error);
      server.value = false;
      asking = setTimeout(() => void lookForServer(), ASK_AGAIN_MS);
    }
  }
  onScopeDispose(() => clearTimeout(asking));

  /** The server makes up its own conversation: there is nothing to listen to. */
  const synthetic = computed(
    () =>
      health.value?.classifier === 'mock' ||
      (stream.view.value.service?.event.detail.includes('synthetic conversation') ?? false),
  );
  const acquainted = computed(() => acquaintedIn(stream.view.value));
  const voicesKept = computed(() => !synthetic.value && health.value?.voices_kept !== false);
  /** Voices of an earlier session can be known from the start: those of people, where they are kept. */
  const canKnowVoices = computed(() => settings.voicesFrom !== '' && voicesKept.value);
  const on = computed(() =>
    SOURCES.filter((name) => ['live', 'muted', 'reconnecting'].includes(capture[name].status)),
  );
  const speakersOn = computed(() => on.value.map((name) => SPEAKERS[name]));
  const speakersMuted = computed(() =>
    on.value.filter((name) => capture[name].muted).map((name) => SPEAKERS[name]),
  );
  /** A source is on, or none is needed. */
  const isSounding = computed(() => synthetic.value || on.value.length > 0);
  const isMuted = computed(() => on.value.length > 0 && speakersMuted.value.length === on.value.length);
  /** What stands in the way now, of starting or of following. */
  const trouble = computed<Problem | null>(
    () => problem.value ?? (stream.connection.value === 'refused' ? stream.problem.value : null),
  );
  const needsToken = computed(() => trouble.value?.status === 401);
  /** A token was given, and was not enough. */
  const tokenGiven = ref(false);

  watch(
    () => settings.licenseKey,
    (key) => {
      session.licenseKey.value = key.trim() || null;
    },
    { immediate: true },
  );
  watch(stream.view, place.follow, { immediate: true });
  watch(acquainted, (id) => {
    // Who knows the id of a session is let into it: it is not kept to no purpose.
    if (id !== null && voicesKept.value) settings.voicesFrom = id;
  });

  /** To be called in the handler of a click. */
  function start(): Promise<boolean> {
    const { elcor, windowMs, mic, micDevice, tab, sameVoices, voicesFrom } = settings;
    const key = session.licenseKey.value;
    const options = {
      elcor,
      window_ms: windowMs,
      ...(key === null ? {} : { license_key: key }),
      ...(sameVoices && canKnowVoices.value ? { voices_from: voicesFrom } : {}),
    };
    if (synthetic.value) return session.start(options, { mic: false, tab: false });
    return session.start(options, { mic: mic ? { deviceId: micDevice || null } : false, tab });
  }

  function again(): Promise<boolean> {
    session.reset();
    return start();
  }

  /** The browser is given a pass for the token, so that a reload does not ask for it again. */
  async function useToken(text: string): Promise<void> {
    const given = text.trim() || null;
    token.value = given;
    tokenGiven.value = false;
    try {
      await client.login();
    } catch (error) {
      if (token.value !== given) return; // Another was given meanwhile.
      problem.value = asProblem(error);
      tokenGiven.value = true;
      return;
    }
    if (token.value !== given) return;
    problem.value = null;
    if (session.sessionId.value === null) await start();
    else stream.retry();
  }

  /** Nothing is known any more of the voices of that session. */
  function forgetVoices(id: string): void {
    if (settings.voicesFrom === id) settings.voicesFrom = '';
  }

  function startSource(name: SourceName): Promise<boolean> {
    return capture.start(name, name === 'mic' ? settings.micDevice || null : null);
  }

  function toggleMute(name: SourceName): void {
    if (on.value.includes(name)) capture.setMuted(name, !capture[name].muted);
  }

  return {
    phase, problem, trouble, needsToken, tokenGiven, health, server, serverProblem, synthetic,
    canKnowVoices, on, speakersOn, speakersMuted, isSounding, isMuted,
    sessionId: session.sessionId,
    info: session.info,
    continuedFrom: session.continuedFrom,
    wakeHeld: session.wakeLock.isHeld,
    connection: stream.connection,
    retryInS: stream.retryInS,
    firstEventMs: stream.firstEventMs,
    latencyMs: stream.latencyMs,
    capture: markRaw(capture),
    client: markRaw(client),
    start, again, useToken, startSource, toggleMute, forgetVoices, lookForServer,
    end: session.end,
    reset: session.reset,
    attach: session.attach,
    restore: session.restore,
    retry: stream.retry,
  };
});
