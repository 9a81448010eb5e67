import { describe, expect, it } from 'vitest';

import { AFFECTS } from '@/model/events';
import { SHAPES } from '@/theme/shapes';
import { resolveTheme } from '@/theme/theme';

describe('resolveTheme', () => {
  it('takes the reader at their word, whatever the system asks for', () => {
    for (const choice of ['light', 'dark', 'contrast'] as const) {
      expect(resolveTheme(choice, { dark: true, contrast: true })).toBe(choice);
    }
  });

  it('follows the system where asked to, more contrast before darkness', () => {
    expect(resolveTheme('system', { dark: false, contrast: false })).toBe('light');
    expect(resolveTheme('system', { dark: true, contrast: false })).toBe('dark');
    expect(resolveTheme('system', { dark: true, contrast: true })).toBe('contrast');
    expect(resolveTheme('system', { dark: false, contrast: true })).toBe('contrast');
  });
});

describe('SHAPES', () => {
  it('has a form and an outline of its own for each affect and for doubt', () => {
    const shapes = [...AFFECTS, 'unsure' as const].map((name) => SHAPES[name]);
    expect(new Set(shapes.map(({ form }) => form)).size).toBe(11);
    expect(new Set(shapes.map(({ path }) => path)).size).toBe(11);
  });

  it('stays within its grid of 24, pen included', () => {
    for (const { path, pen } of Object.values(SHAPES)) {
      const [, x, y] = /^M([\d.]+) ([\d.]+)/.exec(path) as unknown as [string, string, string];
      for (const start of [Number(x), Number(y)]) {
        expect(start - pen / 2).toBeGreaterThanOrEqual(0);
        expect(start + pen / 2).toBeLessThanOrEqual(24);
      }
    }
  });
});
