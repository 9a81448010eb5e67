/** Components on a page of their own: store, texts, and a document to be in. */
import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import type { Component } from 'vue';

import { createTexts, type Language } from '@/i18n';
import { useSettings } from '@/stores/settings';
import type { Preferences } from '@/stores/preferences';

/** A new store, without anything kept. */
export function freshStore(choices: Partial<Preferences> = {}): void {
  localStorage.clear();
  sessionStorage.clear();
  setActivePinia(createPinia());
  Object.assign(useSettings().settings, { language: 'en', ...choices });
}

/** `component` in the document, with the texts of a language. */
export function mounted(component: Component, props: object = {}, language: Language = 'en', slots: Record<string, () => string> = {}) {
  return mount(component, {
    props,
    slots,
    attachTo: document.body,
    global: { plugins: [createTexts(language)] },
  });
}
