import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { ANNOUNCE_EVERY_MS, createAnnouncer, type Announcer } from '@/words/announcer';

let nowMs = 0;
let timers: { atMs: number; call: () => void }[] = [];
let said: { atMs: number; sentence: string }[] = [];
let announcer: Announcer;

function pass(ms: number): void {
  const untilMs = nowMs + ms;
  for (;;) {
    const next = timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined) break;
    timers = timers.filter((timer) => timer !== next);
    nowMs = next.atMs;
    next.call();
  }
  nowMs = untilMs;
}

const offer = (state: string, of = 'speaker_a'): void =>
  announcer.offer({ of, state, sentence: `${of} ${state}` });
const sentences = (): string[] => said.map(({ sentence }) => sentence);

beforeEach(() => {
  nowMs = 0;
  timers = [];
  said = [];
  announcer = createAnnouncer({
    say: (sentence) => said.push({ atMs: nowMs, sentence }),
    nowMs: () => nowMs,
    later: (call, delayMs) => {
      const timer = { atMs: nowMs + delayMs, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  });
});

describe('the announcer', () => {
  it('says the first change at once, and no state twice', () => {
    offer('warm');
    offer('warm');
    pass(60_000);
    offer('warm');
    expect(sentences()).toEqual(['speaker_a warm']);
  });

  it('keeps only the newest of what came too soon, and says it when its time has come', () => {
    offer('warm');
    pass(1000);
    offer('urgent');
    pass(1000);
    offer('tired');
    expect(sentences()).toEqual(['speaker_a warm']);
    pass(3000);
    expect(said[1]).toEqual({ atMs: 5000, sentence: 'speaker_a tired' });
    expect(said).toHaveLength(2);
  });

  it('answers at once when asked, and what was waiting is then old', () => {
    offer('warm');
    pass(100);
    offer('urgent');
    announcer.answer('asked');
    pass(60_000);
    expect(sentences()).toEqual(['speaker_a warm', 'asked']);
  });

  it('says nothing more once stopped', () => {
    offer('warm');
    offer('urgent');
    announcer.stop();
    pass(60_000);
    expect(sentences()).toEqual(['speaker_a warm']);
  });

  it('never speaks of its own accord twice within five seconds, whatever happens', () => {
    const step = fc.record({
      waitMs: fc.nat(4000),
      state: fc.constantFrom('a', 'b', 'c'),
      of: fc.constantFrom('x', 'y'),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        announcer.stop();
        pass(60_000);
        said = [];
        for (const { waitMs, state, of } of steps) {
          pass(waitMs);
          offer(state, of);
        }
        pass(60_000);
        for (const [at, { atMs }] of said.entries()) {
          const before = said[at - 1];
          if (before !== undefined) expect(atMs - before.atMs).toBeGreaterThanOrEqual(ANNOUNCE_EVERY_MS);
        }
      }),
    );
  });
});
