import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { looksPaid, readPreferences, standardPreferences, windowMs } from '@/stores/preferences';

describe('readPreferences', () => {
  it('gives back what was kept', () => {
    const kept = {
      ...standardPreferences('en'),
      density: 'all' as const,
      theme: 'dark' as const,
      language: 'de' as const,
      labels: { warm: { name: 'Kind', hidden: false } },
      windowMs: 2500,
      sameVoices: true,
      voicesFrom: 'session-1',
      introduced: true,
    };
    expect(readPreferences(JSON.parse(JSON.stringify(kept)), 'en')).toEqual(kept);
  });

  it('replaces what makes no sense, each choice by itself', () => {
    const read = readPreferences(
      { density: 'huge', theme: 'dark', trace: 'yes', windowMs: 333, language: 'toString', licenseKey: 7 },
      'de',
    );
    expect(read).toEqual({ ...standardPreferences('de'), theme: 'dark', windowMs: 300 });
  });

  it('knows voices by ids that the server could have given', () => {
    const from = (voicesFrom: unknown) => readPreferences({ voicesFrom, sameVoices: 'yes' }, 'en');
    expect(from('s'.repeat(128)).voicesFrom).toHaveLength(128);
    expect(from('s'.repeat(129))).toEqual(standardPreferences('en'));
    expect(from(7)).toEqual(standardPreferences('en'));
  });

  it('survives anything that storage may hold', () => {
    fc.assert(
      fc.property(fc.anything(), (kept) => {
        const read = readPreferences(kept, 'en');
        expect(Object.keys(read).sort()).toEqual(Object.keys(standardPreferences('en')).sort());
        expect(readPreferences(read, 'en')).toEqual(read);
      }),
    );
  });
});

describe('windowMs', () => {
  it('is always a length that the server takes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (wanted) => {
        const ms = windowMs(wanted, 1000);
        expect(ms % 100).toBe(0);
        expect(ms).toBeGreaterThanOrEqual(100);
        expect(ms).toBeLessThanOrEqual(5000);
      }),
    );
    expect(windowMs('1200', 1000)).toBe(1000);
    expect(windowMs(Number.NaN, 1000)).toBe(1000);
  });
});

describe('looksPaid', () => {
  it('goes by how a key begins, in any case', () => {
    expect(looksPaid(' cfg-lnnt-1234-5678-9abc')).toBe(true);
    expect(looksPaid('CFG-OTHER-1')).toBe(false);
    expect(looksPaid('')).toBe(false);
  });
});
