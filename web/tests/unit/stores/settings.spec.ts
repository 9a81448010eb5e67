import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';

import { SETTINGS_KEY, useSettings } from '@/stores/settings';

/** As after a reload: a new store over the same storage. */
const reloaded = () => {
  setActivePinia(createPinia());
  return useSettings().settings;
};

beforeEach(() => localStorage.clear());

describe('the settings', () => {
  it('survive a reload, down to the words for single tones', async () => {
    const settings = reloaded();
    settings.theme = 'contrast';
    settings.labels = { warm: { name: 'Kind', hidden: false } };
    await nextTick();
    expect(reloaded().theme).toBe('contrast');
    expect(reloaded().labels).toEqual({ warm: { name: 'Kind', hidden: false } });
  });

  it('begin with the standard choices when what was kept is damaged', () => {
    localStorage.setItem(SETTINGS_KEY, '{"theme": "dark", ');
    expect(reloaded().theme).toBe('system');
  });

  it('last as long as the page where the browser keeps nothing', async () => {
    const settings = reloaded();
    vi.spyOn(localStorage, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    settings.density = 'all';
    await nextTick();
    expect(settings.density).toBe('all');
  });
});
