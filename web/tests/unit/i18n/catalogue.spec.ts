import { describe, expect, it } from 'vitest';

import { CATALOGUES, createTexts, preferredLanguage } from '@/i18n';

function leaves(texts: object, at = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[at + key, value] as [string, string]] : leaves(value as object, `${at}${key}.`),
  );
}

const places = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

const english = leaves(CATALOGUES.en);
const german = new Map(leaves(CATALOGUES.de));

describe('the catalogue', () => {
  it('has the same texts in every language, and none twice', () => {
    expect([...german.keys()].sort()).toEqual(english.map(([key]) => key).sort());
  });

  it.each(english)('fills the same places and plural forms in German: %s', (key, text) => {
    const translated = german.get(key) ?? '';
    expect(places(translated)).toEqual(places(text));
    expect(translated.split(' | ')).toHaveLength(text.split(' | ').length);
    expect(translated.trim()).toBe(translated);
    expect(translated).not.toBe('');
  });

  it('counts in words: none, one and many', () => {
    const { t, locale } = createTexts('en').global;
    expect(t('place.arrived', { count: 0 }, 0)).toBe('Nothing new since');
    expect(t('place.arrived', { count: 1 }, 1)).toBe('One new tone since');
    locale.value = 'de';
    expect(t('place.arrived', { count: 7 }, 7)).toBe('Seither 7 neue Töne');
  });
});

describe('preferredLanguage', () => {
  it('takes the first language of the browser that the page has', () => {
    expect(preferredLanguage(['fr-CA', 'de-AT', 'en'])).toBe('de');
    expect(preferredLanguage(['EN-gb'])).toBe('en');
  });

  it('falls back to English', () => {
    expect(preferredLanguage([])).toBe('en');
    expect(preferredLanguage(['fr', '', 'constructor'])).toBe('en');
  });
});
