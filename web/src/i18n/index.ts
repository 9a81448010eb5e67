/**
 * The page's languages. Owns which there are and how a text is looked up; the words themselves are
 * in the catalogue beside it. Sentences of the server (subtext, details of problems) are English
 * and are passed through, marked as such.
 */
import type { WritableComputedRef } from 'vue';
import { createI18n, useI18n } from 'vue-i18n';

import { de } from './de';
import { en, type Catalogue, type TextKey } from './en';

export type { TextKey } from './en';

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

export const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en, de };

/** The language that the reader's browser asks for first, of those there are. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0];
    if (language !== undefined && Object.hasOwn(LANGUAGES, language)) return language as Language;
  }
  return 'en';
}

/** The plugin that the application installs. */
export function createTexts(language: Language) {
  return createI18n({
    legacy: false,
    locale: language,
    fallbackLocale: 'en',
    messages: { en, de } as Record<Language, Catalogue>,
  });
}

/** Fills the places of a text: `{time}`; `count` also chooses among its plural forms. */
export type TextValues = Readonly<Record<string, string | number>>;

export type Translate = (key: TextKey, values?: TextValues) => string;

/** Look texts up in the language of the page; what is drawn follows a change of language. */
export function useText(): { t: Translate; locale: WritableComputedRef<Language> } {
  const { t, locale } = useI18n({ useScope: 'global' });
  return {
    t: (key, values) => {
      if (values === undefined) return t(key);
      const { count } = values;
      return typeof count === 'number' ? t(key, values, count) : t(key, values);
    },
    locale: locale as WritableComputedRef<string> as WritableComputedRef<Language>,
  };
}
