/**
 * One shape per affect, on a grid of 24 by 24: what tells affects apart when colour cannot.
 *
 * Owns the outlines. They are plain and heavy, to be told apart at 16 pixels and by tired eyes;
 * none is a face or a hand, because the page says how a voice sounds, not what somebody feels.
 */
import type { Affect } from '../model/events';

/** Colour and shape go by affect; "unsure" is the page's own: speech, but nothing certain. */
export type ShapeName = Affect | 'unsure';

export interface Shape {
  /** Outline as SVG path data. */
  readonly path: string;
  /** Width of the pen; 0 means that the outline is filled. */
  readonly pen: number;
  /** Dashes of the pen, for what is not certain. */
  readonly dash?: string;
  /** What it looks like, for the table of shapes in the help. */
  readonly form: 'bar' | 'disc' | 'zigzag' | 'openRing' | 'drop' | 'lines' | 'diamond' | 'cross' | 'triangle' | 'crescent' | 'dashedRing';
}

export const SHAPES: Readonly<Record<ShapeName, Shape>> = {
  neutral: { form: 'bar', pen: 5, path: 'M4.5 12h15' },
  warm: { form: 'disc', pen: 0, path: 'M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18z' },
  frustrated: { form: 'zigzag', pen: 3.6, path: 'M2.5 16l4.75-8 4.75 8 4.75-8 4.75 8' },
  confused: { form: 'openRing', pen: 4, path: 'M12 4.5a7.5 7.5 0 1 1-7.5 7.5' },
  apologetic: {
    form: 'drop',
    pen: 0,
    path: 'M12 1.8c4 5.4 6.8 8.7 6.8 13.1a6.8 6.8 0 0 1-13.6 0c0-4.4 2.8-7.7 6.8-13.1z',
  },
  scripted: { form: 'lines', pen: 3.2, path: 'M4 5.5h16M4 12h16M4 18.5h16' },
  genuine: { form: 'diamond', pen: 0, path: 'M12 1.8l10.2 10.2-10.2 10.2-10.2-10.2z' },
  dismissive: { form: 'cross', pen: 4.4, path: 'M5 5l14 14M19 5l-14 14' },
  urgent: { form: 'triangle', pen: 0, path: 'M12 2.2l10.6 18.8h-21.2z' },
  tired: { form: 'crescent', pen: 0, path: 'M15.6 2.7a9.6 9.6 0 1 0 5.7 13.2a8.2 8.2 0 0 1-5.7-13.2z' },
  unsure: { form: 'dashedRing', pen: 2.6, dash: '3.6 3.25', path: 'M12 4a8 8 0 1 1 0 16a8 8 0 0 1 0-16z' },
}
