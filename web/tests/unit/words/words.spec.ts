import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { PROSODY_FLAGS } from '@/model/events';
import { flagsSaid } from '@/words/flags';
import { LABEL_MAX, affectWord, longestWord, ownLabels } from '@/words/labels';
import { shiftSaid } from '@/words/shift';
import { speakersInOrder, speakerText } from '@/words/speaker';
import { withoutShift } from '@/words/subtext';
import { percent, sureness, tenths } from '@/words/sureness';
import { clock, decimal } from '@/words/time';

describe('sureness', () => {
  it('has a word for every confidence, never a weaker one for a higher', () => {
    const rank = ['barely', 'somewhat', 'fairly', 'very'];
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(unit, unit, (one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        expect(rank.indexOf(sureness(low))).toBeLessThanOrEqual(rank.indexOf(sureness(high)));
      }),
    );
    expect([0, 0.4, 0.6, 0.8, 1].map(sureness)).toEqual(['barely', 'somewhat', 'fairly', 'very', 'very']);
  });

  it('never claims that all or none of ten readings are right', () => {
    expect([0, 0.04, 0.71, 0.97, 1].map(tenths)).toEqual([1, 1, 7, 9, 9]);
    expect(percent(0.714)).toBe(71);
  });
});

describe('shiftSaid', () => {
  it('has no degrees for a voice that stays as it is', () => {
    expect(shiftSaid('stable', 0.9)).toEqual({ word: 'stable', arrow: 'level' });
  });

  it('says way and degree as the server’s sentences do', () => {
    expect(shiftSaid('escalating', 0.29)).toEqual({ word: 'tenseLittle', arrow: 'up' });
    expect(shiftSaid('escalating', 0.3).word).toBe('tense');
    expect(shiftSaid('escalating', 0.6).word).toBe('tenseMuch');
    expect(shiftSaid('de-escalating', 0.45)).toEqual({ word: 'ease', arrow: 'down' });
    expect(shiftSaid('de-escalating', 1).word).toBe('easeMuch');
  });
});

describe('flagsSaid', () => {
  it('keeps the order, says each once, and shows an unknown one as it came', () => {
    expect(flagsSaid(['fast', 'raised_pitch', 'fast', 'creaky_voice'])).toEqual([
      { known: 'fast' },
      { known: 'raised_pitch' },
      { other: 'creaky voice' },
    ]);
    expect(flagsSaid(PROSODY_FLAGS).every((flag) => 'known' in flag)).toBe(true);
  });
});

describe('the reader’s own labels', () => {
  it('rename, hide, or leave the word as it is', () => {
    const own = ownLabels({ warm: { name: 'Kind', hidden: false }, tired: { hidden: true } });
    expect(affectWord('warm', own, 'Warm')).toBe('Kind');
    expect(affectWord('tired', own, 'Tired')).toBeNull();
    expect(affectWord('urgent', own, 'Urgent')).toBe('Urgent');
    expect(affectWord('warm', { warm: { name: '   ', hidden: false } }, 'Warm')).toBe('Warm');
  });

  it('survive anything that may have been kept', () => {
    fc.assert(
      fc.property(fc.anything(), (kept) => {
        for (const label of Object.values(ownLabels(kept))) {
          expect(label.name.length).toBeLessThanOrEqual(LABEL_MAX);
          expect(label.name !== '' || label.hidden).toBe(true);
        }
      }),
    );
    expect(ownLabels({ warm: { name: 'x'.repeat(500) } }).warm?.name).toHaveLength(LABEL_MAX);
  });

  it('size the type by the longest single word', () => {
    expect(longestWord(['Warm', 'Not sure', 'Dismissive'])).toBe(10);
    expect(longestWord([])).toBe(1);
  });
});

describe('speakers', () => {
  it('are me, them, and letters', () => {
    expect(speakerText('speaker_a')).toEqual({ key: 'speaker.speaker_a' });
    expect(speakerText('speaker_b')).toEqual({ key: 'speaker.speaker_b' });
    expect(speakerText('speaker_c')).toEqual({ key: 'speaker.other', letter: 'C' });
  });

  it('stand in one order, whoever spoke first', () => {
    expect(speakersInOrder(['speaker_d', 'speaker_b', 'speaker_c', 'speaker_a'])).toEqual([
      'speaker_a',
      'speaker_b',
      'speaker_d',
      'speaker_c',
    ]);
  });
});

describe('clock', () => {
  it('counts minutes, and hours only when there are any', () => {
    expect([0, 9.99, 61, 3599, 3600, 36_061].map(clock)).toEqual([
      '0:00', '0:09', '1:01', '59:59', '1:00:00', '10:01:01',
    ]);
    expect(clock(-3)).toBe('0:00');
  });

  it('writes numbers as the language does, with a real minus', () => {
    expect(decimal(-0.456, 'de')).toBe('\u22120,46');
    expect(decimal(0.5, 'en')).toBe('0.50');
  });
});

describe('withoutShift', () => {
  it('leaves out what the page says by an arrow and a word, and nothing else', () => {
    expect(
      withoutShift('Pitch is raised for this voice. It sounds much more tense than a few seconds ago.'),
    ).toBe('Pitch is raised for this voice.');
    expect(withoutShift('[Warm] It sounds a little less tense than a few seconds ago.')).toBe('[Warm]');
    expect(withoutShift('It sounds more tense than a few seconds ago.')).toBeNull();
    expect(withoutShift('It sounds rather odd.')).toBe('It sounds rather odd.');
    expect(withoutShift(null)).toBeNull();
  });
});
