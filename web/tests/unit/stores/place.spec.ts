import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it } from 'vitest';

import { emptyView, reduce, type SessionView } from '@/model/reducer';
import { usePlace } from '@/stores/place';

import { SESSION, tone } from '../support/events';

let view: SessionView;

function say(...fields: Parameters<typeof tone>[0][]): void {
  for (const each of fields) {
    view = reduce(view, { seq: view.lastSeq + 1, event: tone(each) });
    usePlace().follow(view);
  }
}

beforeEach(() => {
  setActivePinia(createPinia());
  view = emptyView(SESSION);
  usePlace().follow(view);
});

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
});
