import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { contiguousSeq, missedCount } from '@/model/gaps';
import {
  BASELINE_S,
  LANES_MAX,
  type SequencedEvent,
  type SessionView,
  TONES_MAX,
  UNSURE_AFTER_S,
  emptyView,
  reduce,
} from '@/model/reducer';

import { SESSION, reading, service, tone } from '../support/events';

function all(events: SequencedEvent[], from: SessionView = emptyView(SESSION)): SessionView {
  return events.reduce(reduce, from);
}

/** Readings every half second from `fromS`, numbered from `seq`. */
function readings(fromS: number, count: number, seq: number, fields = {}): SequencedEvent[] {
  return Array.from({ length: count }, (_, at) => ({
    seq: seq + at,
    event: reading({ timestamp: fromS + at / 2, ...fields }),
  }));
}

const anyEvent = fc.oneof(
  fc.record({ timestamp: fc.nat(600), speaker_id: fc.constantFrom('speaker_a', 'speaker_b') }).map(tone),
  fc
    .record({ timestamp: fc.nat(600), speech: fc.constantFrom(0, 1), heard_s: fc.nat(20) })
    .map(reading),
  fc.record({ status: fc.constantFrom('ready', 'warning', 'listening') }).map((fields) => service(fields as object)),
);

const anySession = fc
  .array(anyEvent, { minLength: 1, maxLength: 60 })
  .map((events) => events.map((event, at): SequencedEvent => ({ seq: at + 1, event })));

describe('a lane', () => {
  it('holds the latest tone and the latest shift of its voice only', () => {
    const view = all([
      { seq: 1, event: tone({ shift_direction: 'escalating', label: 'up' }) },
      { seq: 2, event: tone({ label: 'flat' }) },
      { seq: 3, event: tone({ speaker_id: 'speaker_b', label: 'other' }) },
    ]);
    expect(view.lanes.speaker_a?.tone?.label).toBe('flat');
    expect(view.lanes.speaker_a?.shift?.label).toBe('up');
    expect(view.lanes.speaker_b?.tone?.label).toBe('other');
    expect(view.lanes.speaker_b?.shift).toBeNull();
  });

  it('is not sure after speech for a while without a tone, and sure again with one', () => {
    const count = Math.ceil(UNSURE_AFTER_S * 2) + 1;
    const before = all(readings(0, count - 1, 1));
    expect(before.lanes.speaker_a?.unsure).toBe(false);
    const unsure = all(readings((count - 1) / 2, 1, count), before);
    expect(unsure.lanes.speaker_a?.unsure).toBe(true);
    const sure = reduce(unsure, { seq: count + 1, event: tone({ timestamp: count / 2 }) });
    expect(sure.lanes.speaker_a?.unsure).toBe(false);
  });

  it('is neither unsure nor speaking in silence, and a new stretch of speech begins anew', () => {
    const spoke = all([...readings(0, 4, 1), ...readings(2, 20, 5, { speech: 0, arousal: null })]);
    expect(spoke.lanes.speaker_a).toMatchObject({ speaking: false, unsure: false, lastSpeechS: 1.5 });
    const again = all(readings(12, 3, 25), spoke);
    expect(again.lanes.speaker_a).toMatchObject({ speaking: true, unsure: false, speakingSinceS: 12 });
  });

  it('learns its habit by seconds heard, or is told that it is known', () => {
    const half = reduce(emptyView(SESSION), {
      seq: 1,
      event: reading({ heard_s: BASELINE_S / 2 }),
    });
    expect(half.lanes.speaker_a?.baseline).toEqual({ heardS: 4, known: false, progress: 0.5 });
    const told = reduce(half, {
      seq: 2,
      event: service({
        status: 'listening',
        detail: 'listening: speaker_a is measured against its own habit.',
      }),
    });
    expect(told.lanes.speaker_a?.baseline).toMatchObject({ known: true, progress: 1 });
    expect(told.service).toBeNull();
  });

  it('is not made for ever more voices', () => {
    const view = all(
      Array.from({ length: LANES_MAX + 5 }, (_, at) => ({
        seq: at + 1,
        event: reading({ speaker_id: `speaker_${at}` }),
      })),
    );
    expect(Object.keys(view.lanes)).toHaveLength(LANES_MAX);
    expect(Object.keys(view.traces)).toHaveLength(LANES_MAX);
  });

  it('may be called as a property of every object is', () => {
    const view = reduce(emptyView(SESSION), { seq: 1, event: tone({ speaker_id: '__proto__' }) });
    expect(view.lastSeq).toBe(1);
    expect(reduce(view, { seq: 2, event: tone({ speaker_id: 'constructor' }) }).lastSeq).toBe(2);
  });
});

describe('the service', () => {
  it('is in trouble until a later stage says otherwise', () => {
    const warned = all([
      { seq: 1, event: service() },
      { seq: 2, event: service({ status: 'warning', detail: 'Not stored.' }) },
    ]);
    expect(warned.trouble?.event.detail).toBe('Not stored.');
    const well = reduce(warned, { seq: 3, event: service({ status: 'listening', detail: 'Well.' }) });
    expect(well.trouble).toBeNull();
    expect(well.service?.event.status).toBe('listening');
  });

  it('forgets what the line carried once somebody speaks', () => {
    const queued: SequencedEvent = {
      seq: 1,
      event: {
        event_type: 'queue',
        session_id: SESSION,
        label: 'hold_music',
        confidence: 0.9,
        timestamp: 3,
      },
    };
    const held = reduce(emptyView(SESSION), queued);
    expect(held.queue?.event.label).toBe('hold_music');
    expect(reduce(held, { seq: 2, event: tone() }).queue).toBeNull();
    expect(all([{ seq: 2, event: tone() }, queued]).queue).toBeNull();
  });
});

describe('the sequence', () => {
  it('ignores events of another session, and numbers that are none', () => {
    const view = emptyView(SESSION);
    expect(reduce(view, { seq: 1, event: tone({ session_id: 'another' }) })).toBe(view);
    for (const seq of [0, -1, 1.5, Number.NaN, null]) {
      expect(reduce(view, { seq, event: tone() })).toBe(view);
    }
  });

  it('keeps the newest tones and counts all of them', () => {
    const view = all(
      Array.from({ length: TONES_MAX + 10 }, (_, at) => ({ seq: at + 1, event: tone() })),
    );
    expect(view.tones).toHaveLength(TONES_MAX);
    expect(view.tones[0]?.seq).toBe(11);
    expect(view.toneCount).toBe(TONES_MAX + 10);
  });

  it('counts what is missing, also at the end, and what fills it', () => {
    const view = all([
      { seq: 1, event: tone() },
      { seq: 5, event: tone() },
      {
        seq: null,
        event: { event_type: 'session_end', session_id: SESSION, reason: 'client', last_seq: 6 },
      },
    ]);
    expect(missedCount(view)).toBe(4);
    expect(contiguousSeq(view)).toBe(1);
    expect(view.ended).toEqual({ reason: 'client', lastSeq: 6 });
    const filled = all([2, 3, 4, 6].map((seq) => ({ seq, event: tone() })), view);
    expect(missedCount(filled)).toBe(0);
    expect(filled.tones.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('does not call what history leaves out missed, yet has the stream bring it', () => {
    const view = all([
      { seq: 1, event: tone() },
      { seq: 4, event: tone(), polled: true },
    ]);
    expect(missedCount(view)).toBe(0);
    expect(contiguousSeq(view)).toBe(1);
  });

  it('is the same however often and wherever events are repeated', () => {
    fc.assert(
      fc.property(anySession, fc.array(fc.tuple(fc.nat(), fc.nat())), (session, repeats) => {
        const once = all(session);
        const withRepeats = session.slice();
        for (const [which, where] of repeats) {
          const repeated = session[which % session.length] as SequencedEvent;
          const first = withRepeats.indexOf(repeated);
          const after = first + 1 + (where % (withRepeats.length - first));
          withRepeats.splice(after, 0, repeated);
        }
        expect(all(withRepeats)).toEqual(once);
      }),
    );
  });

  it('is the same in any order, but for what can only be told in order', () => {
    fc.assert(
      fc.property(
        anySession.chain((session) =>
          fc.tuple(
            fc.constant(session),
            fc.shuffledSubarray(session, { minLength: session.length }),
          ),
        ),
        ([session, shuffled]) => {
          const [inOrder, late] = [all(session), all(shuffled)];
          expect(late.tones).toEqual(inOrder.tones);
          expect(late.gaps).toEqual([]);
          expect(late.lastSeq).toBe(inOrder.lastSeq);
          expect(late.service).toEqual(inOrder.service);
          expect(late.trouble).toEqual(inOrder.trouble);
          for (const [id, lane] of Object.entries(inOrder.lanes)) {
            expect(late.lanes[id]?.tone).toEqual(lane.tone);
            expect(late.lanes[id]?.reading).toEqual(lane.reading);
            expect(late.lanes[id]?.speaking).toBe(lane.speaking);
            expect(late.lanes[id]?.baseline).toEqual(lane.baseline);
          }
        },
      ),
    );
  });

  it('never changes a view that was given out', () => {
    fc.assert(
      fc.property(anySession, (session) => {
        let view = emptyView(SESSION);
        for (const event of session) {
          const before = structuredClone(view);
          const next = reduce(view, event);
          expect(view).toEqual(before);
          view = next;
        }
      }),
    );
  });
});
