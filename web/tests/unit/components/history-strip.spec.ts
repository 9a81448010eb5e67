import { beforeEach, describe, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';

import HistoryStrip from '@/components/HistoryStrip.vue';
import { AFFECTS, type ToneEvent } from '@/model/events';
import { emptyView, reduce, type SessionView } from '@/model/reducer';
import { usePlace } from '@/stores/place';
import { useSettings } from '@/stores/settings';

import { SESSION, tone } from '../support/events';
import { freshStore, mounted } from '../support/mounting';
import { FakeServer, json } from '../support/server';

function viewOf(...fields: Partial<ToneEvent>[]): SessionView {
  return fields.reduce<SessionView>(
    (view, each, at) => reduce(view, { seq: at + 1, event: tone({ timestamp: at, ...each }) }),
    emptyView(SESSION),
  );
}

const ten = viewOf(...AFFECTS.map((affect) => ({ affect })));

function show(view: SessionView, markedSeq: number | null = null) {
  usePlace().follow(view);
  return mounted(HistoryStrip, { view, markedSeq });
}
const items = (strip: ReturnType<typeof show>) => strip.findAll('li > button');
const words = (strip: ReturnType<typeof show>) => strip.findAll('li .word').map((word) => word.text());

beforeEach(() => {
  freshStore();
  vi.stubGlobal('fetch', new FakeServer(() => json({ events: [] })).fetch);
});

describe('the strip of the last tones', () => {
  it('says what will stand there while it is empty', () => {
    expect(show(emptyView(SESSION)).text()).toContain('will stand here');
  });

  it('holds the last eight, the newest at the end, each as long as it lasted', () => {
    expect(words(show(ten))).toEqual([
      'Frustrated', 'Confused', 'Apologetic', 'Scripted', 'Genuine', 'Dismissive', 'Urgent', 'Tired',
    ]);
    expect(words(show(viewOf({ affect: 'warm' }, { affect: 'warm' }, { affect: 'tired' })))).toEqual(['Warm', 'Tired']);
  });

  it('leaves out what the reader hides', () => {
    useSettings().settings.labels = { tired: { name: '', hidden: true } };
    expect(words(show(ten)).at(-1)).toBe('Urgent');
  });

  it('is one stop for Tab; arrows move along it and stay inside', async () => {
    const strip = show(ten);
    const stops = () => items(strip).map((item) => item.attributes('tabindex')).join('');
    expect(stops()).toBe('-1-1-1-1-1-1-10');
    await items(strip).at(-1)?.trigger('keydown', { key: 'ArrowRight' });
    await items(strip).at(-1)?.trigger('keydown', { key: 'ArrowLeft' });
    await nextTick();
    expect(stops()).toBe('-1-1-1-1-1-10-1');
    expect(document.activeElement).toBe(items(strip).at(-2)?.element);
    await items(strip).at(-2)?.trigger('keydown', { key: 'Home' });
    expect(items(strip)[0]?.attributes('tabindex')).toBe('0');
  });

  it('opens one tone at a time, and keeps it open when it has left the strip', async () => {
    const strip = show(ten);
    await items(strip)[0]?.trigger('click');
    expect(strip.get('[role=group]').attributes('aria-label')).toBe('Frustrated, Me, at 0:02');
    await strip.setProps({ view: viewOf(...AFFECTS.map((affect) => ({ affect })), { affect: 'warm' }) });
    expect(words(strip)).not.toContain('Frustrated');
    expect(strip.get('[role=group]').text()).toContain('Frustrated');
    await items(strip)[3]?.trigger('click');
    expect(strip.findAll('[role=group]')).toHaveLength(1);
    await items(strip)[3]?.trigger('keydown', { key: 'Escape' });
    expect(strip.find('[role=group]').exists()).toBe(false);
  });

  it('marks the reader’s place in words as well', () => {
    expect(items(show(ten, 9)).filter((item) => item.text().includes('your place'))).toHaveLength(1);
  });
});

describe('the place controls', () => {
  it('pause, count what arrives in words, and go back to now', async () => {
    const strip = show(viewOf({ affect: 'warm' }));
    const press = (name: string) =>
      strip.findAll('button').find((button) => button.text() === name)?.trigger('click');
    await press('Pause view');
    usePlace().follow(viewOf({ affect: 'warm' }, { affect: 'tired' }));
    await nextTick();
    expect(strip.get('[data-testid=paused]').text()).toContain('One new tone since');
    await press('Back to now');
    expect(strip.find('[data-testid=paused]').exists()).toBe(false);
  });
});
