import type { DOMWrapper } from '@vue/test-utils';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import SessionOptions from '@/components/SessionOptions.vue';
import { de } from '@/i18n/de';
import { en } from '@/i18n/en';
import type { Language } from '@/i18n';
import { useSettings } from '@/stores/settings';

import { freshStore, mounted } from '../support/mounting';
import { FakeServer, json } from '../support/server';

const show = (language: Language = 'en') => mounted(SessionOptions, { running: false }, language);

beforeEach(() => {
  vi.stubGlobal('fetch', new FakeServer(() => json({})).fetch);
  freshStore();
});

describe('the same people as last time', () => {
  it('are offered only where the voices of a session are known', async () => {
    const options = show();
    expect(options.text()).not.toContain(en.compose.sameVoices);
    useSettings().settings.voicesFrom = 'old';
    await options.vm.$nextTick();
    expect(options.text()).toContain(en.compose.sameVoices);
    expect(show('de').text()).toContain(de.compose.sameVoicesHint);
  });

  it('are a choice, off at first and kept, whose meaning is told with it', async () => {
    useSettings().settings.voicesFrom = 'old';
    const options = show();
    const [label] = options.findAll('label').filter((each) => each.text() === en.compose.sameVoices);
    const box = (label as DOMWrapper<Element>).get('input');
    expect((box.element as HTMLInputElement).checked).toBe(false);
    const told = box.attributes('aria-describedby') as string;
    expect(document.getElementById(told)?.textContent).toBe(en.compose.sameVoicesHint);
    await box.setValue(true);
    expect(useSettings().settings.sameVoices).toBe(true);
  });
});
