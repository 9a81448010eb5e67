import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Backlog, type Chunk } from '@/audio/backlog';
import { AudioClock } from '@/audio/clock';

const SECOND = 16_000;

function chunk(name: number, samples = SECOND): Chunk {
  return { samples: new Int16Array(samples), capturedMs: name };
}

it('gives up the oldest when there is too much, and counts it', () => {
  const backlog = new Backlog(3);
  for (const name of [1, 2, 3, 4, 5]) backlog.push(chunk(name));
  expect(backlog.waitingS).toBe(3);
  expect(backlog.droppedS).toBe(2);
  expect([backlog.next(), backlog.next(), backlog.next()].map((c) => c?.capturedMs)).toEqual([3, 4, 5]);
  expect(backlog.next()).toBeUndefined();
});

it('sends again, first and in order, what had no answer when the connection broke', () => {
  const backlog = new Backlog(10);
  for (const name of [1, 2, 3]) backlog.push(chunk(name));
  backlog.next();
  backlog.next();
  expect(backlog.taken()?.capturedMs).toBe(1);
  backlog.rewind();
  expect([backlog.next(), backlog.next()].map((c) => c?.capturedMs)).toEqual([2, 3]);
});

it('counts what was refused, and what will never be sent', () => {
  const backlog = new Backlog(10);
  for (const name of [1, 2, 3]) backlog.push(chunk(name));
  backlog.next();
  backlog.refused();
  expect(backlog.droppedS).toBe(1);
  backlog.clear();
  expect(backlog.droppedS).toBe(3);
  expect(backlog.waitingS).toBe(0);
});

it('accounts for every second, whatever happens, and stays within its bound', () => {
  const step = fc.oneof(
    fc.integer({ min: 1, max: SECOND }).map((samples) => ({ push: samples })),
    fc.constantFrom('next', 'taken', 'refused', 'rewind'),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const backlog = new Backlog(2);
      let pushed = 0;
      let taken = 0;
      for (const [name, act] of steps.entries()) {
        if (typeof act === 'object') {
          backlog.push(chunk(name, act.push));
          pushed += act.push / SECOND;
        } else if (act === 'taken') taken += (backlog.taken()?.samples.length ?? 0) / SECOND;
        else backlog[act]();
        expect(backlog.waitingS + backlog.droppedS + taken).toBeCloseTo(pushed, 6);
        // What is under way is kept beside the bound, and one chunk always.
        if (backlog.underWayCount === 0) expect(backlog.waitingS).toBeLessThanOrEqual(3);
      }
    }),
  );
});

it('ties the clock of the audio to that of the page', () => {
  const clock = new AudioClock();
  expect(clock.capturedMs(0)).toBeNull();
  clock.advance(0.1, 1_000);
  clock.advance(0.1, 1_100);
  clock.advance(0.1, 9_200); // a gap in between
  expect(clock.nowS).toBeCloseTo(0.3);
  expect(clock.capturedMs(0.2)).toBeCloseTo(1_100);
  expect(clock.capturedMs(0.15)).toBeCloseTo(1_050);
  expect(clock.capturedMs(0.25)).toBeCloseTo(9_150);
  expect(clock.capturedMs(0.4)).toBeNull();
});

it('forgets when audio of long ago was captured', () => {
  const clock = new AudioClock();
  for (let at = 1; at <= 3_000; at += 1) clock.advance(0.1, at * 100);
  expect(clock.capturedMs(10)).toBeNull();
  expect(clock.capturedMs(299)).toBeCloseTo(299_000);
});
