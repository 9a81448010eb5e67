import { beforeEach, describe, expect, it } from 'vitest';

import NowLane from '@/components/NowLane.vue';
import type { ToneEvent } from '@/model/events';
import { emptyView, reduce, type Lane, type SequencedEvent } from '@/model/reducer';
import type { Preferences } from '@/stores/preferences';
import { useSettings } from '@/stores/settings';

import { reading, SESSION, tone } from '../support/events';
import { freshStore, mounted } from '../support/mounting';

function laneOf(...events: SequencedEvent['event'][]): Lane | null {
  const view = events.reduce(
    (before, event, at) => reduce(before, { seq: at + 1, event }),
    emptyView(SESSION),
  );
  return view.lanes['speaker_a'] ?? null;
}

const speaking = (fields: Partial<ToneEvent> = {}): Lane | null =>
  laneOf(reading({ timestamp: 4, heard_s: 20 }), tone({ timestamp: 4, ...fields }));

function show(lane: Lane | null, props: object = {}) {
  return mounted(NowLane, {
    speakerId: 'speaker_a', lane, muted: false, over: false, named: true, ...props,
  });
}

const choose = (choices: Partial<Preferences>): void => {
  Object.assign(useSettings().settings, choices);
};

beforeEach(() => freshStore());

describe('a lane', () => {
  it('waits in words before the first speech', () => {
    expect(show(null).text()).toContain('Nothing has been said yet.');
  });

  it('never says that nothing was said once a voice is heard', () => {
    const heard = show(laneOf(reading({ timestamp: 1, heard_s: 1 }))).text();
    expect(heard).toContain('A voice is heard');
    expect(heard).not.toContain('Nothing has been said');
  });

  it('does not claim to listen when nothing more comes', () => {
    const lane = show(laneOf(reading({ timestamp: 1, heard_s: 1 })), { over: true });
    expect(lane.get('[data-testid=tone-word]').text()).toBe('Not listening');
    expect(lane.text()).not.toContain('A voice is heard');
  });

  it('says tone, sureness, shift and why, and the number only when asked', async () => {
    const lane = show(
      speaking({
        affect: 'frustrated',
        confidence: 0.71,
        shift_direction: 'escalating',
        shift_magnitude: 0.4,
        subtext: 'Pitch is raised for this voice.',
      }),
    );
    expect(lane.get('[data-testid=tone-word]').text()).toBe('Frustrated');
    expect(lane.text()).toContain('fairly sure');
    expect(lane.text()).toContain('more tense than before');
    expect(lane.get('[lang=en]').text()).toBe('Pitch is raised for this voice.');
    const sure = lane.get('button');
    expect(sure.attributes('aria-expanded')).toBe('false');
    await sure.trigger('click');
    expect(sure.attributes('aria-expanded')).toBe('true');
    expect(lane.get(`[id="${sure.attributes('aria-controls')}"]`).text()).toContain('about 7 are right (71 %)');
  });

  it('shows the word alone, or everything, as the reader chose', () => {
    const event = { subtext: 'Speech is fast for this voice.', prosody_flags: ['fast', 'creaky'] };
    choose({ density: 'label' });
    const brief = show(speaking(event)).text();
    expect(brief).toContain('Frustrated');
    expect(brief).not.toContain('Speech is fast');
    choose({ density: 'all' });
    const full = show(speaking(event));
    expect(full.findAll('li').map((flag) => flag.text())).toEqual(['fast', 'creaky']);
    expect(full.text()).toContain('Arousal 0.20, valence −0.40');
  });

  it('is not sure when somebody goes on speaking and nothing is named', () => {
    const unsure = laneOf(...[1, 2, 3, 4].map((timestamp) => reading({ timestamp })));
    const lane = show(unsure);
    expect(lane.get('[data-testid=tone-word]').text()).toBe('Not sure');
    expect(lane.find('button').exists()).toBe(false);
  });

  it('tells an old tone as past, with its time and without claiming how sure', () => {
    const lane = show(speaking({ timestamp: 4 }), { over: true });
    expect(lane.text()).toContain('Last heard at 0:04');
    expect(lane.find('button').exists()).toBe(false);
  });

  it('uses the reader’s word, and says no word that the reader hides', () => {
    choose({ labels: { warm: { name: 'Kind', hidden: false }, tired: { name: '', hidden: true } } });
    expect(show(speaking({ affect: 'warm' })).get('[data-testid=tone-word]').text()).toBe('Kind');
    const hidden = show(speaking({ affect: 'tired', subtext: 'Speech is slow for this voice.' }));
    expect(hidden.text()).not.toContain('Tired');
    expect(hidden.text()).not.toContain('slow');
  });

  it('says that a voice is still being learnt, and stops saying it', () => {
    const learning = laneOf(reading({ timestamp: 4, heard_s: 2 }), tone({ timestamp: 4 }));
    expect(show(learning).text()).toContain('Still learning this voice (25 %)');
    expect(show(speaking()).text()).not.toContain('learning');
  });

  it('says why in the page’s own language by the flags', () => {
    const lane = mounted(
      NowLane,
      {
        speakerId: 'speaker_a', muted: false, over: false, named: true,
        lane: speaking({ subtext: 'Speech is fast for this voice.', prosody_flags: ['fast'] }),
      },
      'de',
    );
    expect(lane.text()).toContain('Frustriert');
    expect(lane.text()).toContain('schnell');
    expect(lane.text()).not.toContain('Speech');
  });
});
