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

const said = (view: SessionView, nowS: number, ended = false): string =>
  laneSaid(view.lanes['speaker_a'] ?? null, nowS, ended).kind;

describe('laneSaid', () => {
  it('waits while nothing was heard, and while speech is too short to say anything', () => {
    expect(laneSaid(null, 10).kind).toBe('waiting');
    expect(said(after({ timestamp: 1 }), 1)).toBe('waiting');
  });

  it('shows a tone while somebody speaks and through a breath', () => {
    const view = after({ event_type: 'tone', timestamp: 4 }, { timestamp: 4.5, speech: 0 } as object);
    expect(said(view, 4.5)).toBe('tone');
    expect(said(view, 4 + PAST_AFTER_S - 0.1)).toBe('tone');
  });

  it('tells a tone as past once there was silence, and when the session has ended', () => {
    const view = after({ event_type: 'tone', timestamp: 4 }, { timestamp: 4.5, speech: 0 } as object);
    expect(said(view, 4 + PAST_AFTER_S)).toBe('past');
    expect(said(view, 4, true)).toBe('past');
  });

  it('is not sure when somebody goes on speaking and no tone is named', () => {
    const view = after(
      { event_type: 'tone', timestamp: 1 },
      ...[1.5, 2, 2.5, 3, 3.5, 4].map((timestamp) => ({ timestamp })),
    );
    expect(said(view, 4)).toBe('unsure');
  });
});

describe('latestS', () => {
  it('is the latest moment of any voice, and 0 before the first', () => {
    expect(latestS({})).toBe(0);
    expect(latestS(after({ timestamp: 3 }, { timestamp: 8, speaker_id: 'speaker_b' }).lanes)).toBe(8);
  });
});
