/// <reference types="node" />
import { readFileSync } from 'node:fs';

import {
  converter,
  differenceCiede2000,
  filterDeficiencyDeuter,
  filterDeficiencyProt,
  filterDeficiencyTrit,
  parse,
  type Color,
  wcagContrast,
} from 'culori';
import { describe, expect, it } from 'vitest';

import { AFFECTS } from '@/model/events';

// Read as a file: the test runner leaves style sheets out of imports.
const CSS = readFileSync(`${import.meta.dirname}/../../../src/theme/themes.css`, 'utf8');

function coloursOf(theme: string): Map<string, string> {
  const block = new RegExp(`html\\[data-theme='${theme}'\\] \\{([^}]*)\\}`).exec(CSS)?.[1] ?? '';
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1] as string, m[2] as string]));
}

const toLinear = converter('lrgb');
const toRgb = converter('rgb');

/**
 * Machado, Oliveira and Fernandes (2009), severity 1. Their matrices are for linear light, culori's
 * filters take what they are given: so they are given linear values, dressed as sRGB.
 */
function seenWith(filter: (colour: Color) => Color): (colour: Color) => Color {
  return (colour) => {
    const { r, g, b } = toLinear(colour);
    const seen = filter({ mode: 'rgb', r, g, b }) as { r: number; g: number; b: number };
    const [cr, cg, cb] = [seen.r, seen.g, seen.b].map((v) => Math.min(1, Math.max(0, v))) as [number, number, number];
    return toRgb({ mode: 'lrgb', r: cr, g: cg, b: cb });
  };
}

const EYES: Record<string, (colour: Color) => Color> = {
  'full colour vision': (colour) => colour,
  protanopia: seenWith(filterDeficiencyProt(1)),
  deuteranopia: seenWith(filterDeficiencyDeuter(1)),
  tritanopia: seenWith(filterDeficiencyTrit(1)),
};

/** CIEDE2000; about 2 is a just visible difference between small patches, 10 is plain at a glance. */
const APART = 12;
const difference = differenceCiede2000();

const THEMES = { light: 4.5, dark: 4.5, contrast: 7 };

describe.each(Object.entries(THEMES))('the colours of the theme %s', (theme, textRatio) => {
  const colours = coloursOf(theme);
  const colour = (name: string): string => {
    const value = colours.get(name);
    if (value === undefined) throw new Error(`${theme} has no --${name}`);
    return value;
  };

  it.each(['bg', 'raised'])('text of every kind can be read on %s', (ground) => {
    for (const ink of ['text', 'quiet', 'accent', 'trouble']) {
      expect(wcagContrast(colour(ink), colour(ground)), ink).toBeGreaterThanOrEqual(textRatio);
    }
  });

  it('the label of a main button can be read on the accent', () => {
    expect(wcagContrast(colour('on-accent'), colour('accent'))).toBeGreaterThanOrEqual(textRatio);
  });

  it.each(['bg', 'raised'])('edges of controls, focus and every affect stand out from %s', (ground) => {
    for (const part of ['edge', 'focus', ...AFFECTS.map((affect) => `affect-${affect}`)]) {
      expect(wcagContrast(colour(part), colour(ground)), part).toBeGreaterThanOrEqual(3);
    }
  });

  it.each(Object.keys(EYES))('any two affects differ in colour for eyes with %s', (eyes) => {
    const see = EYES[eyes] as (colour: Color) => Color;
    const seen = AFFECTS.map((affect) => see(parse(colour(`affect-${affect}`)) as Color));
    for (const [at, one] of seen.entries()) {
      for (const [other, another] of seen.entries()) {
        if (other < at) {
          expect(difference(one, another), `${AFFECTS[at]} and ${AFFECTS[other]}`).toBeGreaterThanOrEqual(APART);
        }
      }
    }
  });
});

describe('the simulation', () => {
  it('makes red and green of one lightness much alike for eyes with deuteranopia', () => {
    const [red, green] = [parse('#d04040') as Color, parse('#7c8a1e') as Color];
    const see = EYES['deuteranopia'] as (colour: Color) => Color;
    expect(difference(see(red), see(green))).toBeLessThan(difference(red, green) / 2);
  });
});
