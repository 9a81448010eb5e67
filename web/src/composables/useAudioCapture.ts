/**
 * The two sources of a session, each from the device to the server, as reactive state.
 *
 * Owns when devices are opened and let go of. How sound becomes chunks is in `audio/graph`, how
 * chunks reach the server in `audio/socket`.
 */

import {
  type DeepReadonly,
  type Ref,
  getCurrentScope,
  onScopeDispose,
  reactive,
  readonly,
  ref,
  watch,
} from 'vue';

import { createClient } from '@/api/client';
import { AudioEngine } from '@/audio/graph';
import { isMicrophoneDenied, listMicrophones } from '@/audio/media';
import { CaptureSource } from '@/audio/source';
import type { SourceName, SourceState } from '@/audio/types';

export type { AppliedProcessing, SourceName, SourceProblem, SourceState, SourceStatus } from '@/audio/types';

export interface AudioCaptureOptions {
  /** Sound is sent nowhere while there is none. */
  sessionId: Ref<string | null>;
  token: Ref<string | null>;
}

export interface AudioCapture {
  mic: DeepReadonly<SourceState>;
  tab: DeepReadonly<SourceState>;
  /** Microphones; their names are empty until one has been allowed. */
  devices: DeepReadonly<Ref<MediaDeviceInfo[]>>;
  /**
   * Begin, or change the device. To be called in the handler of a click, before anything is awaited.
   *
   * @returns whether the source is live; why it is not is in its state.
   */
  start(source: SourceName, deviceId?: string | null): Promise<boolean>;
  stop(source: SourceName): void;
  /** Muted, a source sends silence: the session's clock goes on. */
  setMuted(source: SourceName, on: boolean): void;
  /** Do what helps against the source's trouble. To be called in the handler of a click. */
  mend(source: SourceName): Promise<boolean>;
  /** When audio of a speaker was captured (`performance.now()`), by the session's clock. */
  capturedMs(speakerId: string, atS: number): number | null;
}

/** Capture for the session in `sessionId`, for as long as the scope lives. */
export function useAudioCapture(options: AudioCaptureOptions): AudioCapture {
  const { sessionId, token } = options;
  const client = createClient({ token: () => token.value, licenseKey: () => null });
  const devices = ref<MediaDeviceInfo[]>([]);
  const engine = new AudioEngine((state) => {
    for (const source of sources) source.engineChanged(state);
  });
  const make = (name: SourceName): CaptureSource =>
    new CaptureSource(name, engine, client, () => token.value, reactive(emptySource()));
  const mic = make('mic');
  const tab = make('tab');
  const sources = [mic, tab] as const;
  const named = (name: SourceName): CaptureSource => (name === 'mic' ? mic : tab);

  watch(
    sessionId,
    (id) => {
      for (const source of sources) source.connect(id);
    },
    { immediate: true, flush: 'sync' },
  );

  async function start(name: SourceName, deviceId?: string | null): Promise<boolean> {
    const isLive = await named(name).open(deviceId);
    void refreshDevices();
    return isLive;
  }

  function stop(name: SourceName): void {
    named(name).close();
    if (sources.every((source) => source.isOff)) engine.close();
  }

  async function refreshDevices(): Promise<void> {
    devices.value = await listMicrophones();
  }

  async function onDeviceChange(): Promise<void> {
    await refreshDevices();
    // Plugged in again: permission is there already, so nobody needs to click.
    if (mic.state.problem === 'device-lost' && devices.value.length > 0) {
      if (!(await isMicrophoneDenied())) void start('mic', mic.state.deviceId);
    }
  }

  function onReturn(): void {
    if (document.visibilityState !== 'visible') return;
    for (const source of sources) source.comeBack();
  }

  const media = globalThis.navigator?.mediaDevices as MediaDevices | undefined;
  const listeners = new AbortController();
  const { signal } = listeners;
  media?.addEventListener?.('devicechange', () => void onDeviceChange(), { signal });
  document.addEventListener('visibilitychange', onReturn, { signal });
  globalThis.addEventListener('online', onReturn, { signal });
  void refreshDevices();

  if (getCurrentScope() !== undefined) {
    onScopeDispose(() => {
      listeners.abort();
      for (const source of sources) source.close();
      engine.close();
    });
  }

  return {
    mic: readonly(mic.state),
    tab: readonly(tab.state),
    devices: readonly(devices) as DeepReadonly<Ref<MediaDeviceInfo[]>>,
    start,
    stop,
    setMuted: (name, on) => named(name).setMuted(on),
    mend: (name) => named(name).mend(),
    capturedMs: (speakerId, atS) => (speakerId === 'speaker_b' ? tab : mic).capturedMs(atS),
  };
}

function emptySource(): SourceState {
  return {
    status: 'off',
    level: 0,
    applied: null,
    sampleRateHz: null,
    deviceLabel: null,
    deviceId: null,
    sentS: 0,
    waitingS: 0,
    droppedS: 0,
    problem: null,
    muted: false,
  };
}
