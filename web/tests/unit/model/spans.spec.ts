import { describe, expect, it } from 'vitest';

import type { LoggedTone } from '@/model/events';
import { toneSpans } from '@/model/spans';

import { tone } from '../support/events';

const logged = (...fields: Parameters<typeof tone>[0][]): LoggedTone[] =>
  fields.map((each, at) => ({ ...tone(each), seq: at + 1 }));

describe('toneSpans', () => {
  it('makes one of a tone that is said again, at its surest, and counts', () => {
    const [span, ...more] = toneSpans(
      logged(
        { timestamp: 1, confidence: 0.5 },
        { timestamp: 2, confidence: 0.9, shift_direction: 'escalating' },
        { timestamp: 3, confidence: 0.6 },
      ),
    );
    expect(more).toEqual([]);
    expect([span?.first.seq, span?.surest.seq, span?.last.seq, span?.count]).toEqual([1, 2, 3, 3]);
  });

  it('begins anew with another affect, and after a long silence', () => {
    const spans = toneSpans(
      logged({ timestamp: 1 }, { timestamp: 2, affect: 'warm' }, { timestamp: 20, affect: 'warm' }),
    );
    expect(spans.map((span) => span.first.seq)).toEqual([1, 2, 3]);
  });

  it('keeps voices apart, in the order in which their tones began', () => {
    const spans = toneSpans(
      logged(
        { timestamp: 1, speaker_id: 'speaker_a' },
        { timestamp: 1.5, speaker_id: 'speaker_b' },
        { timestamp: 2, speaker_id: 'speaker_a' },
      ),
    );
    expect(spans.map((span) => [span.first.speaker_id, span.count])).toEqual([
      ['speaker_a', 2],
      ['speaker_b', 1],
    ]);
  });
});
