import { describe, expect, it } from 'vitest';

import { emptyView, reduce, type SessionView } from '@/model/reducer';
import { laneSaid, latestS, PAST_AFTER_S } from '@/words/lane';

import { reading, SESSION, tone } from '../support/events';

function after(...events: Parameters<typeof tone>[0][]): SessionView {
  return events.reduce<SessionView>(
    (view, fields, at) =>
      reduce(view, {
        seq: at + 1,
        event: fields?.event_type === 'tone' ? tone(fields) : reading(fields as object),
      }),
    emptyView(SESSION),
  );
}

const said = (view: SessionView, over = false): string =>
  laneSaid(view.lanes['speaker_a'] ?? null, over).kind;

/** A tone at 4 s, then silence read up to a moment. */
const silentUntil = (timestamp: number): SessionView =>
  after({ event_type: 'tone', timestamp: 4 }, { timestamp, speech: 0 } as object);

describe('laneSaid', () => {
  it('waits while nothing was heard, and while speech is too short to say anything', () => {
    expect(laneSaid(null).kind).toBe('waiting');
    expect(said(after({ timestamp: 1 }))).toBe('waiting');
  });

  it('shows a tone while somebody speaks and through a breath', () => {
    expect(said(silentUntil(4.5))).toBe('tone');
    expect(said(silentUntil(4 + PAST_AFTER_S - 0.1))).toBe('tone');
  });

  it('tells a tone as past once there was silence, and when nothing more comes', () => {
    expect(said(silentUntil(4 + PAST_AFTER_S))).toBe('past');
    expect(said(silentUntil(4.5), true)).toBe('past');
  });

  it('is not put off by another voice, whose clock may be far ahead', () => {
    const view = after(
      { event_type: 'tone', timestamp: 4 },
      { timestamp: 4 },
      { timestamp: 400, speaker_id: 'speaker_b' },
    );
    expect(said(view)).toBe('tone');
  });

  it('is not sure when somebody goes on speaking and no tone is named', () => {
    const view = after(
      { event_type: 'tone', timestamp: 1 },
      ...[1.5, 2, 2.5, 3, 3.5, 4].map((timestamp) => ({ timestamp })),
    );
    expect(said(view)).toBe('unsure');
    expect(said(view, true)).toBe('past');
  });
});

describe('latestS', () => {
  it('is the latest moment of any voice, and 0 before the first', () => {
    expect(latestS({})).toBe(0);
    expect(latestS(after({ timestamp: 3 }, { timestamp: 8, speaker_id: 'speaker_b' }).lanes)).toBe(8);
  });
});
