import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { emptyView, reduce, type SessionView } from '@/model/reducer';
import { STALE_MS, usePlace } from '@/stores/place';

import { SESSION, tone } from '../support/events';

let view: SessionView;

function say(...fields: Parameters<typeof tone>[0][]): void {
  for (const each of fields) {
    view = reduce(view, { seq: view.lastSeq + 1, event: tone(each) });
    usePlace().follow(view);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  setActivePinia(createPinia());
  view = emptyView(SESSION);
  usePlace().follow(view);
});

afterEach(() => vi.useRealTimers());

describe('the reader’s place', () => {
  it('is now, until the view is paused', () => {
    say({ timestamp: 1 });
    expect(usePlace().view).toBe(view);
  });

  it('holds what was on the page while tones go on arriving, and counts those that began', () => {
    const place = usePlace();
    say({ timestamp: 1, affect: 'warm' });
    const then = view;
    place.pause();
    say({ timestamp: 2, affect: 'tired' }, { timestamp: 3, affect: 'tired' }, { timestamp: 4, affect: 'urgent' });
    expect(place.view).toBe(then);
    expect(place.arrived).toBe(2);
    place.resume();
    expect(place.view).toBe(view);
    expect(place.arrived).toBe(0);
  });

  it('goes back to the mark, holding the view there', () => {
    const place = usePlace();
    say({ timestamp: 61, affect: 'warm' });
    place.mark();
    say({ timestamp: 70, affect: 'urgent' });
    expect(place.paused).toBe(false);
    expect(place.markedS).toBe(61);
    place.goToMark();
    expect(place.view.tones.at(-1)?.affect).toBe('warm');
    expect(place.arrived).toBe(1);
    place.forgetMark();
    expect(place.markedS).toBeNull();
    expect(place.paused).toBe(true);
  });

  it('marks nothing where there is nothing', () => {
    usePlace().mark();
    expect(usePlace().markedS).toBeNull();
  });

  it('lets go of everything when another session begins', () => {
    const place = usePlace();
    say({ timestamp: 1 });
    place.mark();
    place.pause();
    place.follow(emptyView('another'));
    expect(place.paused).toBe(false);
    expect(place.markedS).toBeNull();
    expect(place.view.sessionId).toBe('another');
  });

  it('knows voices from which nothing comes any more, and hears them again', () => {
    const place = usePlace();
    say({ timestamp: 1 }, { timestamp: 1, speaker_id: 'speaker_b' });
    vi.advanceTimersByTime(STALE_MS - 1);
    say({ timestamp: 6 });
    vi.advanceTimersByTime(STALE_MS - 1);
    expect([...place.silent]).toEqual(['speaker_b']);
    say({ timestamp: 11, speaker_id: 'speaker_b' });
    expect([...place.silent]).toEqual([]);
  });

  it('holds who was heard along with what was shown', () => {
    const place = usePlace();
    say({ timestamp: 1 });
    place.pause();
    vi.advanceTimersByTime(2 * STALE_MS);
    expect([...place.silent]).toEqual([]);
    place.resume();
    expect([...place.silent]).toEqual(['speaker_a']);
  });
});
