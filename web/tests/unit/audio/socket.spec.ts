import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ProblemError } from '@/api/problem';
import { Backlog } from '@/audio/backlog';
import { AudioClock } from '@/audio/clock';
import { AudioSocket, parseAnswer } from '@/audio/socket';

import { FakeWebSocket } from '../support/socket';

let backlog: Backlog;
let clock: AudioClock;

/** 100 ms whose first sample names it. */
function chunk(name: number): Int16Array<ArrayBuffer> {
  const samples = new Int16Array(1_600);
  samples[0] = name;
  return samples;
}

const names = (socket: FakeWebSocket): (number | undefined)[] => socket.sent.map((sent) => sent[0]);

function make(address = async () => 'ws://server/audio'): AudioSocket {
  return new AudioSocket({ address, backlog, clock, onChange: () => undefined });
}

/** A socket whose connection is open. */
async function opened(): Promise<AudioSocket> {
  const socket = make();
  await vi.advanceTimersByTimeAsync(0);
  FakeWebSocket.last.onopen?.();
  return socket;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeWebSocket);
  FakeWebSocket.all = [];
  backlog = new Backlog();
  clock = new AudioClock();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('sending', () => {
  it('begins when the connection is there, with what has waited', async () => {
    const socket = make();
    socket.send(chunk(1), 100);
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeWebSocket.last.sent).toHaveLength(0);
    FakeWebSocket.last.onopen?.();
    socket.send(chunk(2), 200);
    expect(names(FakeWebSocket.last)).toEqual([1, 2]);
    FakeWebSocket.last.take(2);
    expect(socket.sentS).toBeCloseTo(0.2);
    expect(backlog.waitingS).toBe(0);
    expect(clock.capturedMs(0.2)).toBeCloseTo(200);
  });

  it('holds back while answers are owed, or the browser has not sent what it has', async () => {
    const socket = await opened();
    for (let at = 0; at < 50; at += 1) socket.send(chunk(at), at);
    expect(FakeWebSocket.last.sent).toHaveLength(20);
    FakeWebSocket.last.take(5);
    expect(FakeWebSocket.last.sent).toHaveLength(25);
    FakeWebSocket.last.bufferedAmount = 10_000_000;
    FakeWebSocket.last.take(5);
    expect(FakeWebSocket.last.sent).toHaveLength(25);
  });

  it('counts a refused chunk as lost, and leaves a server that is full alone for a while', async () => {
    const socket = await opened();
    socket.send(chunk(1), 0);
    FakeWebSocket.last.say({ ok: false, error: 'overrun', detail: '' });
    expect(backlog.droppedS).toBeCloseTo(0.1);
    expect(socket.problem).toBe('overrun');
    socket.send(chunk(2), 0);
    expect(names(FakeWebSocket.last)).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(names(FakeWebSocket.last)).toEqual([1, 2]);
    FakeWebSocket.last.take();
    expect(socket.problem).toBeNull();
  });
});

describe('a connection that breaks', () => {
  it.each([1001, 1006, 1009, 1011])('with %i is made anew, and sends what had no answer', async (code) => {
    const socket = await opened();
    for (const name of [1, 2, 3]) socket.send(chunk(name), 0);
    FakeWebSocket.last.take();
    FakeWebSocket.last.gone(code);
    expect(socket.status).toBe('retrying');
    expect(socket.problem).toBe('unreachable');
    socket.send(chunk(4), 0);
    await vi.advanceTimersByTimeAsync(1_300);
    expect(FakeWebSocket.all).toHaveLength(2);
    FakeWebSocket.last.onopen?.();
    expect(names(FakeWebSocket.last)).toEqual([2, 3, 4]);
    expect(socket.problem).toBeNull();
  });

  it('is tried again after 1, 2, 4 and at most 8 s', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    make();
    await vi.advanceTimersByTimeAsync(0);
    for (const waitS of [1, 2, 4, 8, 8, 8]) {
      const before = FakeWebSocket.all.length;
      FakeWebSocket.last.gone(1006);
      await vi.advanceTimersByTimeAsync(waitS * 1_000 - 1);
      expect(FakeWebSocket.all).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(FakeWebSocket.all).toHaveLength(before + 1);
    }
  });

  it('is noticed by the answer that does not come, and by the opening that does not', async () => {
    const socket = await opened();
    socket.send(chunk(1), 0);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(socket.status).toBe('retrying');
    expect(FakeWebSocket.last.closedWith).toBeNull();
    await vi.advanceTimersByTimeAsync(1_300);
    expect(socket.status).toBe('connecting');
    expect(socket.isMending).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket.status).toBe('retrying');
  });

  it('cannot speak any more once another has taken its place', async () => {
    const socket = await opened();
    const first = FakeWebSocket.last;
    first.gone(1006);
    await vi.advanceTimersByTimeAsync(1_300);
    FakeWebSocket.last.onopen?.();
    first.gone(4004);
    first.take();
    expect(socket.status).toBe('open');
  });

  it('is tried at once when asked to', async () => {
    const socket = await opened();
    FakeWebSocket.last.gone(1006);
    socket.retryNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeWebSocket.all).toHaveLength(2);
  });
});

describe('a refusal', () => {
  it.each([
    [1008, 'failed'],
    [4003, 'not-allowed'],
    [4004, 'session-unknown'],
    [4010, 'session-ended'],
  ])('with %i is final: %s', async (code, problem) => {
    const socket = await opened();
    socket.send(chunk(1), 0);
    FakeWebSocket.last.gone(code);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeWebSocket.all).toHaveLength(1);
    expect([socket.status, socket.problem]).toEqual(['stopped', problem]);
  });

  it('keeps audio for the session that may follow one that has ended, and only then', async () => {
    const socket = await opened();
    socket.send(chunk(1), 0);
    FakeWebSocket.last.gone(4010);
    socket.send(chunk(2), 0);
    expect(backlog.waitingS).toBeCloseTo(0.2);
    const next = await opened();
    expect(names(FakeWebSocket.last)).toEqual([1, 2]);
    FakeWebSocket.last.gone(4004);
    next.send(chunk(3), 0);
    expect(backlog.waitingS).toBe(0);
    expect(backlog.droppedS).toBeCloseTo(0.2);
  });

  it('because another socket feeds the source is believed only after a while', async () => {
    const socket = await opened();
    FakeWebSocket.last.gone(4009);
    expect([socket.status, socket.problem]).toEqual(['retrying', 'source-taken']);
    for (let at = 0; at < 20 && socket.status !== 'stopped'; at += 1) {
      await vi.advanceTimersByTimeAsync(8_000);
      if (socket.status === 'connecting') FakeWebSocket.last.gone(4009);
    }
    expect([socket.status, socket.problem]).toEqual(['stopped', 'source-taken']);
  });

  it.each([
    [401, 'stopped', 'not-allowed'],
    [404, 'stopped', 'session-unknown'],
    [503, 'retrying', 'unreachable'],
    [0, 'retrying', 'unreachable'],
  ])('of a ticket with %i: %s', async (status, expected, problem) => {
    const socket = make(async () => {
      throw new ProblemError({ status, title: '', detail: '' });
    });
    await vi.advanceTimersByTimeAsync(0);
    expect([socket.status, socket.problem]).toEqual([expected, problem]);
  });
});

it('leaves nothing behind when closed', async () => {
  const socket = await opened();
  socket.send(chunk(1), 0);
  socket.close();
  expect(FakeWebSocket.last.closedWith).toBe(1000);
  expect(vi.getTimerCount()).toBe(0);
});

it('reads answers, and nothing else', () => {
  expect(parseAnswer('{"ok":true,"bytes":3200}')).toEqual({ ok: true });
  expect(parseAnswer('{"ok":false,"error":"empty"}')).toEqual({ ok: false, error: 'empty' });
  for (const other of ['', 'null', '[]', '{"ok":1}', new ArrayBuffer(2), undefined]) {
    expect(parseAnswer(other)).toBeNull();
  }
});
