import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type EffectScope, effectScope, ref } from 'vue';

import { FIRST_BYTES_MS, POLL_MS, PROBE_EVERY_MS, SILENCE_MS } from '@/api/follower';
import { type ToneStream, useToneStream } from '@/composables/useToneStream';
import type { SessionEndEvent } from '@/model/events';

import { SESSION, service, tone } from '../support/events';
import { FakeEventSource, FakeServer, block, json } from '../support/server';

const END: SessionEndEvent = {
  event_type: 'session_end',
  session_id: SESSION,
  reason: 'client',
  last_seq: 2,
};
const RUNNING = { session_id: SESSION, state: 'running', elcor: false, tier: 'free' };
const HISTORY = '/history';
const STREAM = '/stream';

let server: FakeServer;
let scope: EffectScope;
const sessionId = ref<string | null>(null);
const token = ref<string | null>(null);

function follow(): ToneStream {
  return scope.run(() => useToneStream({ sessionId, token })) as ToneStream;
}

/** Long enough for what is only promised, and for no timer. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  server = new FakeServer((path) => (path.includes(STREAM) ? 'stream' : json(RUNNING)));
  vi.stubGlobal('fetch', server.fetch);
  vi.stubGlobal('EventSource', FakeEventSource);
  FakeEventSource.all = [];
  scope = effectScope();
  sessionId.value = SESSION;
  token.value = null;
});

afterEach(() => {
  scope.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('over EventSource', () => {
  it('asks for everything from the first event, and shows what comes', async () => {
    const stream = follow();
    expect(FakeEventSource.last.url).toBe(`/session/${SESSION}/stream?last_event_id=0`);
    expect(stream.connection.value).toBe('connecting');
    FakeEventSource.last.open();
    FakeEventSource.last.send('service-event', service(), 1);
    FakeEventSource.last.send('tone-event', tone(), 2);
    expect(stream.connection.value).toBe('open');
    expect(stream.view.value.lanes.speaker_a?.tone?.label).toBe('Frustrated');
    expect(stream.firstEventMs.value).not.toBeNull();
  });

  it('goes on after the last number it saw, after 1, 2 and 4 s', async () => {
    const stream = follow();
    FakeEventSource.last.open();
    FakeEventSource.last.send('tone-event', tone(), 1);
    for (const waitS of [1, 2, 4]) {
      FakeEventSource.last.cut();
      expect(stream.connection.value).toBe('retrying');
      expect(stream.retryInS.value).toBe(waitS);
      const before = FakeEventSource.all.length;
      await vi.advanceTimersByTimeAsync(waitS * 1_000 - 1);
      expect(FakeEventSource.all).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(FakeEventSource.last.url).toContain('last_event_id=1');
    }
  });

  it('counts down to the next try', async () => {
    const stream = follow();
    for (let at = 0; at < 3; at += 1) {
      FakeEventSource.last.cut();
      if (at < 2) await vi.advanceTimersByTimeAsync(4_000);
    }
    expect(stream.retryInS.value).toBe(4);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(stream.retryInS.value).toBe(2);
  });

  it('tries at once when the network is back', () => {
    follow();
    FakeEventSource.last.cut();
    window.dispatchEvent(new Event('online'));
    expect(FakeEventSource.all).toHaveLength(2);
  });

  it.each([401, 403, 404])('stops at once when refused with %i, until asked to try again', async (status) => {
    server.answer = () => json({ title: 'No.', detail: 'Because.' }, status);
    const stream = follow();
    FakeEventSource.last.refuse();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stream.connection.value).toBe('refused');
    expect(stream.problem.value).toEqual({ status, title: 'No.', detail: 'Because.' });
    expect(FakeEventSource.all).toHaveLength(1);
    stream.retry();
    expect(FakeEventSource.all).toHaveLength(2);
  });

  it('tries again when refused for now', async () => {
    server.answer = () => json({ title: 'Full.', detail: 'Too many streams.' }, 429);
    const stream = follow();
    FakeEventSource.last.refuse();
    await settle();
    expect(stream.connection.value).toBe('retrying');
    expect(stream.problem.value?.detail).toBe('Too many streams.');
  });

  it('is renewed without a word when nothing has come for very long', async () => {
    const stream = follow();
    FakeEventSource.last.open();
    FakeEventSource.last.send('tone-event', tone(), 1);
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    expect(FakeEventSource.all).toHaveLength(2);
    expect(stream.connection.value).toBe('open');
  });

  it('ends for good with session-end', async () => {
    const stream = follow();
    FakeEventSource.last.send('tone-event', tone(), 1);
    FakeEventSource.last.send('tone-event', tone(), 2);
    FakeEventSource.last.send('session-end', END);
    expect(stream.connection.value).toBe('ended');
    expect(FakeEventSource.last.readyState).toBe(FakeEventSource.CLOSED);
    stream.retry();
    window.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeEventSource.all).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('learns of an end that it missed, and why', async () => {
    const stream = follow();
    FakeEventSource.last.send('tone-event', tone(), 2);
    server.answer = (path) =>
      path.includes(STREAM) ? 'stream' : json({ ...RUNNING, state: 'stopped' });
    FakeEventSource.last.refuse();
    await settle();
    const [rest] = server.to(STREAM);
    expect(rest?.path).toContain('last_event_id=0');
    rest?.write(block('tone-event', tone(), 1) + block('session-end', END));
    await settle();
    expect(stream.connection.value).toBe('ended');
    expect(stream.view.value.ended?.reason).toBe('client');
    expect(stream.view.value.gaps).toEqual([]);
  });
});

describe('where streaming is blocked', () => {
  const polled = (seqs: number[]): object => ({
    session_id: SESSION,
    count: seqs.length,
    events: seqs.map((seq) => ({ ...tone(), seq })),
  });

  /** History answers with what lies behind the number asked for. */
  function blocked(seqs: number[]): void {
    server.answer = (path) => {
      if (path.includes(STREAM)) return 'silence';
      if (!path.includes(HISTORY)) return json(RUNNING);
      const after = Number(/after_seq=(\d+)/.exec(path)?.[1]);
      return json(polled(seqs.filter((seq) => seq > after)));
    };
  }

  it('polls history, each time after the last number, and goes back when it can', async () => {
    const seqs = [2, 4];
    blocked(seqs);
    const stream = follow();
    await vi.advanceTimersByTimeAsync(FIRST_BYTES_MS);
    expect(stream.connection.value).toBe('polling');
    expect(stream.view.value.tones.map(({ seq }) => seq)).toEqual([2, 4]);
    seqs.push(5);
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(stream.view.value.lastSeq).toBe(5);
    expect(server.to(HISTORY).at(-1)?.path).toContain('after_seq=4');

    server.answer = (path) => (path.includes(STREAM) ? 'stream' : json(polled([])));
    await vi.advanceTimersByTimeAsync(PROBE_EVERY_MS - POLL_MS);
    server.to(STREAM).at(-1)?.write(': heartbeat\n\n');
    await settle();
    expect(stream.connection.value).toBe('connecting');
    // What history does not have is asked for again.
    expect(FakeEventSource.last.url).toContain('last_event_id=0');
    FakeEventSource.last.open();
    for (const seq of [1, 2, 3, 4, 5, 6]) FakeEventSource.last.send('tone-event', tone(), seq);
    expect(stream.connection.value).toBe('open');
    expect(stream.view.value.tones.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('does not poll when only nothing happens: a heartbeat says that bytes come through', async () => {
    const stream = follow();
    FakeEventSource.last.open();
    await vi.advanceTimersByTimeAsync(FIRST_BYTES_MS);
    server.to(STREAM)[0]?.write(': heartbeat\n\n');
    await vi.advanceTimersByTimeAsync(FIRST_BYTES_MS);
    expect(stream.connection.value).toBe('open');
    expect(server.to(HISTORY)).toHaveLength(0);
    expect(server.to(STREAM)[0]?.isAborted).toBe(true);
  });

  it('polls where headers come through and bytes do not', async () => {
    blocked([1]);
    const stream = follow();
    FakeEventSource.last.open();
    await vi.advanceTimersByTimeAsync(2 * FIRST_BYTES_MS);
    expect(stream.connection.value).toBe('polling');
  });

  it('says so when the server is gone altogether, and when it refuses', async () => {
    blocked([1]);
    const stream = follow();
    await vi.advanceTimersByTimeAsync(FIRST_BYTES_MS);
    server.answer = () => 'unreachable';
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(stream.connection.value).toBe('retrying');
    blocked([1]);
    await vi.advanceTimersByTimeAsync(1_000 + FIRST_BYTES_MS);
    expect(stream.connection.value).toBe('polling');
    server.answer = () => json({}, 404);
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(stream.connection.value).toBe('refused');
  });
});

describe('over fetch, with a token', () => {
  beforeEach(() => {
    token.value = 'secret';
  });

  it('sends it in a header and never in an address', async () => {
    follow();
    await settle();
    const [asked] = server.to(STREAM);
    expect(asked?.headers.get('Authorization')).toBe('Bearer secret');
    expect(asked?.path).not.toContain('secret');
    expect(FakeEventSource.all).toHaveLength(0);
  });

  it('shows what comes, in pieces of any size, and goes on where it was cut', async () => {
    const stream = follow();
    await settle();
    const [first] = server.to(STREAM);
    const text = `: heartbeat\n\n${block('tone-event', tone({ label: 'Müde' }), 1)}`;
    for (const letter of text) first?.write(letter);
    await settle();
    expect(stream.view.value.tones[0]?.label).toBe('Müde');
    first?.cut();
    await settle();
    expect(stream.connection.value).toBe('retrying');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.to(STREAM).at(-1)?.headers.get('Last-Event-ID')).toBe('1');
  });

  it.each([401, 403, 404])('stops at once when refused with %i', async (status) => {
    server.answer = () => json({ title: 'No.', detail: 'Because.' }, status);
    const stream = follow();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stream.connection.value).toBe('refused');
    expect(stream.problem.value?.detail).toBe('Because.');
    expect(server.to(STREAM)).toHaveLength(1);
  });

  it('polls when no byte comes in time', async () => {
    const stream = follow();
    await vi.advanceTimersByTimeAsync(FIRST_BYTES_MS);
    expect(stream.connection.value).toBe('polling');
    expect(server.to(HISTORY)[0]?.headers.get('Authorization')).toBe('Bearer secret');
  });

  it('ends when the server says that nothing is left', async () => {
    server.answer = () => new Response(null, { status: 204 });
    const stream = follow();
    await settle();
    expect(stream.connection.value).toBe('ended');
    expect(stream.view.value.ended?.reason).toBe('interrupted');
  });

  it('connects again with another token, and keeps what it has seen', async () => {
    const stream = follow();
    await settle();
    server.to(STREAM)[0]?.write(block('tone-event', tone(), 1));
    await settle();
    token.value = 'other';
    await settle();
    expect(server.to(STREAM)[0]?.isAborted).toBe(true);
    expect(server.to(STREAM).at(-1)?.headers.get('Authorization')).toBe('Bearer other');
    expect(stream.view.value.tones).toHaveLength(1);
  });
});

describe('its owner', () => {
  it('gets an empty view with another session, and nothing of the one before', () => {
    const stream = follow();
    const first = FakeEventSource.last;
    first.send('tone-event', tone(), 1);
    sessionId.value = 'session-2';
    expect(stream.view.value.sessionId).toBe('session-2');
    first.send('tone-event', tone({ session_id: 'session-2' }), 1);
    expect(stream.view.value.tones).toHaveLength(0);
    sessionId.value = null;
    expect(stream.connection.value).toBe('idle');
  });

  it('leaves no timer, listener or connection behind', () => {
    follow();
    scope.stop();
    expect(FakeEventSource.last.readyState).toBe(FakeEventSource.CLOSED);
    expect(vi.getTimerCount()).toBe(0);
    window.dispatchEvent(new Event('online'));
    expect(FakeEventSource.all).toHaveLength(1);
  });

  it('is told how late a tone is, by when its audio was captured', () => {
    const capturedMs = (speakerId: string, atS: number): number | null =>
      speakerId === 'speaker_a' && atS === 1 ? performance.now() - 120 : null;
    const stream = scope.run(() => useToneStream({ sessionId, token, capturedMs })) as ToneStream;
    FakeEventSource.last.send('tone-event', tone({ speaker_id: 'speaker_b' }), 1);
    expect(stream.latencyMs.value).toBeNull();
    FakeEventSource.last.send('tone-event', tone(), 2);
    expect(stream.latencyMs.value).toBeCloseTo(120, 0);
  });
});
