/** The reader's choices, kept in the browser. Knows nothing of what they change. */
import { defineStore } from 'pinia';
import { reactive, watch } from 'vue';

import { preferredLanguage } from '@/i18n';
import { readPreferences, type Preferences } from './preferences';

export const SETTINGS_KEY = 'linnet.settings';

export const useSettings = defineStore('settings', () => {
  const language = preferredLanguage(navigator.languages);
  const settings = reactive<Preferences>(readPreferences(stored(), language));
  watch(settings, keep, { deep: true });
  return { settings };
});

function stored(): unknown {
  try {
    return JSON.parse(localStorage.getItem(SETTINGS_KEY) ?? 'null');
  } catch {
    return null; // Damaged, or storage is refused: the standard choices do.
  }
}

function keep(settings: Preferences): void {
  try {
    localStorage.setItem(SETTINGS_KEY, JSON.stringify(settings));
  } catch {
    // Storage is full or refused: the choices last as long as the page.
  }
}
