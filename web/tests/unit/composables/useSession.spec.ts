import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type EffectScope, effectScope } from 'vue';

import { type Session, useSession } from '@/composables/useSession';
import type { EndReason } from '@/model/events';

import { reading, tone } from '../support/events';
import { FakeEventSource, FakeServer, json } from '../support/server';
import { FakeWebSocket } from '../support/socket';

// The audio thread is the browser's; all the rest is real.
vi.mock('@/audio/graph', () => ({
  AudioEngine: class {
    state = 'running';
    rateHz = 48_000;
    prepare(): void {}
    close(): void {}
    resume = async (): Promise<boolean> => true;
    tap = async (): Promise<{ close: () => void }> => ({ close: () => undefined });
  },
}));

let server: FakeServer;
let scope: EffectScope;
let session: Session;
let started = 0;
const getUserMedia = vi.fn<() => Promise<unknown>>();

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

function answer(path: string): Response | 'stream' {
  if (path.includes('/stream')) return 'stream';
  const id = path === '/session/start' ? `s${(started += 1)}` : path.split('/')[2];
  return json({ session_id: id, state: 'running', elcor: false, tier: 'free' });
}

function ends(reason: EndReason): void {
  const id = session.sessionId.value as string;
  const event = { event_type: 'session_end', session_id: id, reason, last_seq: 0 } as const;
  FakeEventSource.last.send('session-end', event);
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeWebSocket);
  vi.stubGlobal('EventSource', FakeEventSource);
  vi.stubGlobal('AudioWorkletNode', vi.fn());
  FakeWebSocket.all = [];
  FakeEventSource.all = [];
  started = 0;
  server = new FakeServer(answer);
  vi.stubGlobal('fetch', server.fetch);
  getUserMedia.mockReset().mockImplementation(async () => {
    const track = { readyState: 'live', getSettings: () => ({}), stop: () => undefined };
    return { getTracks: () => [track], getAudioTracks: () => [track] };
  });
  Object.defineProperty(navigator, 'mediaDevices', { value: { getUserMedia }, configurable: true });
  sessionStorage.clear();
  scope = effectScope();
  session = scope.run(() => useSession()) as Session;
});

afterEach(() => {
  scope.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  Reflect.deleteProperty(navigator, 'mediaDevices');
});

describe('starting', () => {
  it('opens the microphone, starts, and sends and follows what it started', async () => {
    const starting = session.start({ elcor: true });
    expect(session.phase.value).toBe('starting');
    expect(getUserMedia).toHaveBeenCalled();
    expect(await starting).toBe(true);
    expect([session.phase.value, session.sessionId.value]).toEqual(['running', 's1']);
    expect(FakeEventSource.last.url).toContain('/session/s1/');
    await settle();
    expect(FakeWebSocket.last.url).toContain('/session/s1/');
  });

  it('needs no source', async () => {
    expect(await session.start({}, {})).toBe(true);
    expect(getUserMedia).not.toHaveBeenCalled();
  });

  it('starts no session for a microphone that was refused', async () => {
    getUserMedia.mockRejectedValue(new DOMException('', 'NotAllowedError'));
    expect(await session.start()).toBe(false);
    expect(started).toBe(0);
    expect(session.phase.value).toBe('idle');
    expect(session.capture.mic.problem).toBe('denied');
  });

  it('lets go of the microphone when the server refuses', async () => {
    server.answer = () => json({ title: 'Full', detail: 'Five sessions at once.' }, 429);
    expect(await session.start()).toBe(false);
    expect(session.problem.value?.detail).toBe('Five sessions at once.');
    expect(session.capture.mic.status).toBe('off');
  });

  it('that is given up leaves no session behind on the server', async () => {
    server.answer = (path) => {
      if (path === '/session/start') session.reset();
      return answer(path);
    };
    expect(await session.start({}, {})).toBe(false);
    expect(server.to('/session/s1/end')).toHaveLength(1);
    expect(session.phase.value).toBe('idle');
  });
});

describe('starting with voices of a session', () => {
  const unknown = (detail: string) => json({ title: 'Not understood', detail }, 422);
  const bodies = () => server.to('/session/start').map(({ body }) => JSON.parse(body) as object);
  let gone: string[];
  let kept: boolean;

  beforeEach(() => {
    gone = [];
    kept = true;
    scope.stop();
    scope = effectScope();
    session = scope.run(() => useSession({ kept: () => kept, gone: (id) => gone.push(id) })) as Session;
  });

  it('says which', async () => {
    expect(await session.start({ voices_from: 'old' }, {})).toBe(true);
    expect(bodies()).toEqual([{ voices_from: 'old' }]);
    expect(gone).toEqual([]);
  });

  it('that is gone learns them anew, once', async () => {
    const detail = 'voices_from: there is no session with this id.';
    server.answer = (path) =>
      server.asked.at(-1)?.body.includes('voices_from') ? unknown(detail) : answer(path);
    expect(await session.start({ elcor: true, voices_from: 'old' }, {})).toBe(true);
    expect(bodies()).toEqual([{ elcor: true, voices_from: 'old' }, { elcor: true }]);
    expect(gone).toEqual(['old']);
    expect(session.problem.value).toBeNull();
  });

  it('is not tried again for another reason', async () => {
    server.answer = () => unknown('window_ms: must be a multiple of 100.');
    expect(await session.start({ voices_from: 'old' }, {})).toBe(false);
    expect(bodies()).toHaveLength(1);
    expect(gone).toEqual([]);
  });

  it('does not go round when that does not help either', async () => {
    server.answer = () => unknown('voices_from: no.');
    expect(await session.start({ voices_from: 'old' }, {})).toBe(false);
    expect(bodies()).toHaveLength(2);
    expect(session.problem.value?.detail).toBe('voices_from: no.');
  });

  it('that has gone meanwhile does not keep a conversation from going on', async () => {
    await session.start({ voices_from: 'old' });
    server.answer = (path) =>
      server.asked.at(-1)?.body.includes('voices_from') ? unknown('voices_from: no.') : answer(path);
    ends('interrupted');
    await settle();
    expect([session.phase.value, session.sessionId.value]).toEqual(['running', 's2']);
    ends('interrupted');
    await settle();
    expect(session.sessionId.value).toBe('s3');
    expect(bodies()).toEqual([{ voices_from: 'old' }, { voices_from: 'old' }, {}, {}]);
    expect(gone).toEqual(['old']);
  });

  it.each([true, false])('goes on with those that were learnt, where they are kept: %s', async (isKept) => {
    kept = isKept;
    await session.start();
    FakeEventSource.last.send('affect-event', reading({ session_id: 's1', heard_s: 30 }), 1);
    ends('interrupted');
    await settle();
    expect(session.sessionId.value).toBe('s2');
    expect(bodies()).toEqual([{}, isKept ? { voices_from: 's1' } : {}]);
  });
});

describe('ending', () => {
  it('stops the sources, and then the session', async () => {
    await session.start();
    const ending = session.end();
    expect([session.phase.value, session.capture.mic.status]).toEqual(['ending', 'off']);
    await vi.advanceTimersByTimeAsync(500);
    await ending;
    expect(server.to('/session/s1/end')).toHaveLength(1);
    expect(session.phase.value).toBe('ended');
    session.reset();
    expect([session.phase.value, session.sessionId.value]).toEqual(['idle', null]);
  });

  it('is an end also when the server does not answer, and says so', async () => {
    await session.start();
    server.answer = () => 'unreachable';
    const ending = session.end();
    await vi.advanceTimersByTimeAsync(500);
    await ending;
    expect(session.capture.mic.status).toBe('off');
    expect(session.problem.value?.status).toBe(0);
  });

  it.each(['client', 'idle', 'error'] as const)('by the server for reason %s stops the sources', async (reason) => {
    await session.start();
    ends(reason);
    expect([session.phase.value, session.capture.mic.status]).toEqual(['ended', 'off']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(started).toBe(1);
  });
});

describe.each(['interrupted', 'shutdown'] as const)('cut short by the server (%s)', (reason) => {
  it('goes on in a new session, as soon as there is a server, and keeps what was heard', async () => {
    await session.start({ window_ms: 500 });
    FakeEventSource.last.send('tone-event', tone({ session_id: 's1' }), 1);
    server.answer = () => 'unreachable';
    ends(reason);
    await settle();
    expect(session.phase.value).toBe('continuing');
    expect(session.capture.mic.status).toBe('live');
    server.answer = answer;
    await vi.advanceTimersByTimeAsync(2_000);
    expect([session.phase.value, session.sessionId.value]).toEqual(['running', 's2']);
    expect(session.continuedFrom.value).toBe('s1');
    expect(session.earlier.value?.tones).toHaveLength(1);
    expect(FakeWebSocket.last.url).toContain('/session/s2/');
  });

  it('knows the voices that were learnt by then, and not those that were not', async () => {
    const bodies = (): unknown[] => server.to('/session/start').map(({ body }) => JSON.parse(body) as unknown);
    await session.start({ elcor: true, voices_from: 'old' });
    ends(reason);
    await settle();
    FakeEventSource.last.send('affect-event', reading({ session_id: 's2', heard_s: 30 }), 1);
    ends(reason);
    await settle();
    expect(session.sessionId.value).toBe('s3');
    expect(bodies()).toEqual([
      { elcor: true, voices_from: 'old' },
      { elcor: true, voices_from: 'old' },
      { elcor: true, voices_from: 's2' },
    ]);
  });

  it('is over when nobody is being heard, or when the person says so', async () => {
    await session.start({}, {});
    ends(reason);
    expect(session.phase.value).toBe('ended');

    await session.start();
    server.answer = () => 'unreachable';
    ends(reason);
    const ending = session.end();
    await vi.advanceTimersByTimeAsync(60_000);
    await ending;
    server.answer = answer;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(started).toBe(2);
    expect(session.phase.value).toBe('ended');
  });
});

describe('coming back', () => {
  it('after a reload follows the session that still runs, from its first event', async () => {
    await session.start({}, {});
    scope.stop();
    scope = effectScope();
    session = scope.run(() => useSession()) as Session;
    expect(await session.restore()).toBe(true);
    expect(session.sessionId.value).toBe('s1');
    expect(FakeEventSource.last.url).toContain('last_event_id=0');
  });

  it('begins anew when there is none, or it is over', async () => {
    expect(await session.restore()).toBe(false);
    await session.start({}, {});
    scope.stop();
    server.answer = () => json({ session_id: 's1', state: 'stopped', elcor: false, tier: 'free' });
    scope = effectScope();
    session = scope.run(() => useSession()) as Session;
    expect(await session.restore()).toBe(false);
    expect(session.phase.value).toBe('idle');
  });

  it('to a session that is not there says so', async () => {
    server.answer = () => json({ title: 'No such session', detail: 'There is none.' }, 404);
    expect(await session.attach('gone')).toBe(false);
    expect(session.problem.value?.status).toBe(404);
    expect(session.phase.value).toBe('idle');
  });
});
