/**
 * What the reader chose, and how it is read back: whatever is kept in the browser may be old,
 * damaged or somebody's experiment, so that each choice is checked by itself and falls back by
 * itself. Pure.
 */
import { LANGUAGES, type Language } from '@/i18n';
import { TEXT_SIZES, THEME_CHOICES, type TextSize, type ThemeChoice } from '@/theme/theme';
import { ownLabels, type OwnLabels } from '@/words/labels';

export const DENSITIES = ['label', 'why', 'all'] as const;
/** The tone only; the tone and why; everything. */
export type Density = (typeof DENSITIES)[number];

export const WINDOW_MIN_MS = 100;
export const WINDOW_MAX_MS = 5000;
export const WINDOW_STEP_MS = 100;

export interface Preferences {
  density: Density;
  theme: ThemeChoice;
  textSize: TextSize;
  language: Language;
  labels: OwnLabels;
  trace: boolean;
  details: boolean;
  /** Keys of one letter. */
  shortcuts: boolean;
  /** A screen reader is given each new tone. */
  announce: boolean;
  mic: boolean;
  tab: boolean;
  micDevice: string;
  elcor: boolean;
  windowMs: number;
  /** Those who will speak are those of `voicesFrom`. */
  sameVoices: boolean;
  /** The newest session that has learnt how a voice usually sounds; empty where there is none. */
  voicesFrom: string;
  licenseKey: string;
  /** The reader has seen what this is and what not. */
  introduced: boolean;
}

export function standardPreferences(language: Language): Preferences {
  return {
    density: 'why',
    theme: 'system',
    textSize: 'medium',
    language,
    labels: {},
    trace: false,
    details: false,
    shortcuts: true,
    announce: true,
    mic: true,
    tab: false,
    micDevice: '',
    elcor: false,
    windowMs: 1000,
    sameVoices: false,
    voicesFrom: '',
    licenseKey: '',
    introduced: false,
  };
}

const LICENSE_MAX = 200;

/** The server takes no longer id. */
const SESSION_ID_MAX = 128;

/** @param kept what was parsed from the browser's storage, of any shape */
export function readPreferences(kept: unknown, language: Language): Preferences {
  const standard = standardPreferences(language);
  if (typeof kept !== 'object' || kept === null) return standard;
  const fields = kept as Record<string, unknown>;
  const flag = (name: keyof Preferences): boolean =>
    typeof fields[name] === 'boolean' ? fields[name] : (standard[name] as boolean);
  const text = (name: keyof Preferences, most: number): string =>
    typeof fields[name] === 'string' && fields[name].length <= most
      ? fields[name]
      : (standard[name] as string);
  return {
    density: oneOf(DENSITIES, fields['density'], standard.density),
    theme: oneOf(THEME_CHOICES, fields['theme'], standard.theme),
    textSize: oneOf(TEXT_SIZES, fields['textSize'], standard.textSize),
    language: oneOf(Object.keys(LANGUAGES) as Language[], fields['language'], language),
    labels: ownLabels(fields['labels']),
    trace: flag('trace'),
    details: flag('details'),
    shortcuts: flag('shortcuts'),
    announce: flag('announce'),
    mic: flag('mic'),
    tab: flag('tab'),
    micDevice: text('micDevice', 500),
    elcor: flag('elcor'),
    windowMs: windowMs(fields['windowMs'], standard.windowMs),
    sameVoices: flag('sameVoices'),
    voicesFrom: text('voicesFrom', SESSION_ID_MAX),
    licenseKey: text('licenseKey', LICENSE_MAX),
    introduced: flag('introduced'),
  };
}

/** The nearest length that the server takes; `otherwise` for what is no number. */
export function windowMs(wanted: unknown, otherwise: number): number {
  if (typeof wanted !== 'number' || !Number.isFinite(wanted)) return otherwise;
  const stepped = Math.round(wanted / WINDOW_STEP_MS) * WINDOW_STEP_MS;
  return Math.min(WINDOW_MAX_MS, Math.max(WINDOW_MIN_MS, stepped));
}

/** Whether a licence key looks like a paid one; the server has the last word. */
export function looksPaid(key: string): boolean {
  return key.trim().toUpperCase().startsWith('CFG-LNNT-');
}

function oneOf<T extends string>(words: readonly T[], value: unknown, otherwise: T): T {
  return words.find((word) => word === value) ?? otherwise;
}
