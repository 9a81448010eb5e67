import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createClient } from '@/api/client';
import type { AudioEngine, EngineState, TapHandlers } from '@/audio/graph';
import { CaptureSource } from '@/audio/source';
import type { SourceState } from '@/audio/types';

import { FakeWebSocket } from '../support/socket';

/** An engine that runs unless told otherwise, and whose chunks are the test's. */
class FakeEngine {
  state: EngineState = 'running';
  rateHz = 48_000;
  taps: { handlers: TapHandlers; close: ReturnType<typeof vi.fn> }[] = [];
  prepare = vi.fn();

  async resume(): Promise<boolean> {
    return this.state === 'running';
  }

  async tap(_: MediaStream, handlers: TapHandlers): Promise<{ close: () => void }> {
    const tap = { handlers, close: vi.fn() };
    this.taps.push(tap);
    return tap;
  }

  /** 100 ms of sound arrive. */
  hear(): void {
    this.taps.at(-1)?.handlers.onChunk({ samples: new Int16Array(1_600), level: 0.5 });
  }
}

class FakeTrack {
  kind = 'audio';
  label = 'A microphone';
  enabled = true;
  muted = false;
  readyState = 'live';
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  stop = vi.fn();

  getSettings(): MediaTrackSettings {
    return { deviceId: 'usb', echoCancellation: false };
  }
}

let engine: FakeEngine;
let tracks: FakeTrack[];
let state: SourceState;
let source: CaptureSource;
const getUserMedia = vi.fn<() => Promise<MediaStream>>();
const permission = vi.fn<() => Promise<{ state: string }>>();

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeWebSocket);
  vi.stubGlobal('AudioWorkletNode', vi.fn());
  FakeWebSocket.all = [];
  tracks = [];
  getUserMedia.mockReset().mockImplementation(async () => {
    const track = new FakeTrack();
    tracks.push(track);
    const all = (): FakeTrack[] => [track];
    return { getTracks: all, getAudioTracks: all } as unknown as MediaStream;
  });
  permission.mockReset().mockResolvedValue({ state: 'granted' });
  Object.defineProperty(navigator, 'mediaDevices', { value: { getUserMedia }, configurable: true });
  Object.defineProperty(navigator, 'permissions', {
    value: { query: permission },
    configurable: true,
  });
  engine = new FakeEngine();
  state = { status: 'off', problem: null, muted: false, deviceId: null } as SourceState;
  const asEngine = engine as unknown as AudioEngine;
  source = new CaptureSource('mic', asEngine, createClient(), () => null, state);
});

afterEach(() => {
  source.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  Reflect.deleteProperty(navigator, 'mediaDevices');
  Reflect.deleteProperty(navigator, 'permissions');
});

/** A live source of a session whose socket is open. */
async function live(): Promise<FakeTrack> {
  source.connect('session-1');
  await source.open();
  await settle();
  FakeWebSocket.last.onopen?.();
  return tracks.at(-1) as FakeTrack;
}

it('is live once the device is open, and says what it is', async () => {
  await live();
  expect(state).toMatchObject({
    status: 'live',
    problem: null,
    deviceId: 'usb',
    deviceLabel: 'A microphone',
    sampleRateHz: 48_000,
    applied: { echoCancellation: false, noiseSuppression: null, autoGainControl: null },
  });
  expect(FakeWebSocket.last.url).toContain('/session/session-1/audio?source=mic');
  engine.hear();
  expect(state.level).toBe(0.5);
  FakeWebSocket.last.take();
  expect(state.sentS).toBeCloseTo(0.1);
});

it('sends nothing anywhere while there is no session', async () => {
  await source.open();
  engine.hear();
  expect(state.status).toBe('live');
  expect(FakeWebSocket.all).toHaveLength(0);
});

it('is silenced at the track, so that the clock of the session goes on', async () => {
  const track = await live();
  source.setMuted(true);
  expect([track.enabled, state.status]).toEqual([false, 'muted']);
  engine.hear();
  expect(FakeWebSocket.last.sent).toHaveLength(1);
  await source.open('other');
  expect(tracks.at(-1)?.enabled).toBe(false);
  source.setMuted(false);
  expect([tracks.at(-1)?.enabled, state.status]).toEqual([true, 'live']);
});

it('gives its last words to the socket when it stops, and then lets go of it', async () => {
  await live();
  const [tap] = engine.taps;
  source.close();
  expect(tap?.close).toHaveBeenCalled();
  expect(state.status).toBe('off');
  engine.hear();
  expect(FakeWebSocket.last.sent).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(FakeWebSocket.last.closedWith).toBe(1000);
});

describe('trouble', () => {
  it('with a device that is unplugged is said, and mended by a click', async () => {
    const track = await live();
    track.onended?.();
    await settle();
    expect([state.status, state.problem]).toEqual(['lost', 'device-lost']);
    expect(await source.mend()).toBe(true);
    expect(state.status).toBe('live');
  });

  it('with a permission taken away is told from a device that is gone', async () => {
    const track = await live();
    permission.mockResolvedValue({ state: 'denied' });
    track.onended?.();
    await settle();
    expect([state.status, state.problem]).toEqual(['denied', 'revoked']);
  });

  it.each(['suspended', 'interrupted'] as const)('of an engine that is %s is mended by a click', async (how) => {
    await live();
    engine.state = how;
    source.engineChanged(how);
    expect([state.status, state.problem]).toEqual([how, how]);
    engine.state = 'running';
    expect(await source.mend()).toBe(true);
    expect(state.status).toBe('live');
  });

  it('of a microphone that the system has taken passes when it is given back', async () => {
    const track = await live();
    track.muted = true;
    track.onmute?.();
    expect(state.status).toBe('interrupted');
    track.muted = false;
    track.onunmute?.();
    expect(state.status).toBe('live');
  });

  it('with another device leaves the one in use as it is', async () => {
    const track = await live();
    getUserMedia.mockRejectedValue(new DOMException('', 'NotReadableError'));
    expect(await source.open('other')).toBe(false);
    expect([state.status, state.problem]).toEqual(['live', 'device-busy']);
    expect(track.stop).not.toHaveBeenCalled();
    engine.hear();
    expect(FakeWebSocket.last.sent).toHaveLength(1);
  });

  it('with the engine lets go of the device', async () => {
    engine.tap = () => Promise.reject(new Error('no worklet'));
    expect(await source.open()).toBe(false);
    expect(tracks[0]?.stop).toHaveBeenCalled();
    expect([state.status, state.problem]).toEqual(['lost', 'failed']);
  });

  it('with the connection is said while capture goes on', async () => {
    await live();
    FakeWebSocket.last.gone(1006);
    expect([state.status, state.problem]).toEqual(['reconnecting', 'unreachable']);
    engine.hear();
    expect(state.waitingS).toBeCloseTo(0.1);
    source.comeBack();
    await settle();
    FakeWebSocket.last.onopen?.();
    expect(state.status).toBe('live');
  });
});

it('gives up a device that came too late', async () => {
  const opening = source.open();
  source.close();
  expect(await opening).toBe(false);
  expect(tracks[0]?.stop).toHaveBeenCalled();
  expect(state.status).toBe('off');
});

it('takes what has not been sent along to the next session', async () => {
  await live();
  engine.hear();
  FakeWebSocket.last.gone(4010);
  expect([state.status, state.problem]).toEqual(['reconnecting', 'session-ended']);
  engine.hear();
  source.connect('session-2');
  await settle();
  FakeWebSocket.last.onopen?.();
  expect(FakeWebSocket.last.url).toContain('session-2');
  expect(FakeWebSocket.last.sent).toHaveLength(2);
  expect([state.status, state.droppedS]).toEqual(['live', 0]);
});
