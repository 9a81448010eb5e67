/** The reader's own words for the affects: another name, or none at all. */
import { AFFECTS, type Affect } from '@/model/events';

export interface OwnLabel {
  /** Instead of the page's word; empty for the page's word. */
  name: string;
  hidden: boolean;
}

export type OwnLabels = Readonly<Partial<Record<Affect, OwnLabel>>>;

/** What still fits beside a shape on a narrow page. */
export const LABEL_MAX = 24;

/** The word for an affect, or null where the reader hides it. */
export function affectWord(affect: Affect, own: OwnLabels, standard: string): string | null {
  const label = own[affect];
  if (label?.hidden) return null;
  return label?.name.trim() || standard;
}

/** The longest single word among those that can be shown: what the size of the type goes by. */
export function longestWord(words: readonly string[]): number {
  return Math.max(1, ...words.flatMap((word) => word.split(/\s+/).map((part) => part.length)));
}

/** What was kept, as far as it makes sense. */
export function ownLabels(kept: unknown): OwnLabels {
  if (typeof kept !== 'object' || kept === null) return {};
  const fields = kept as Record<string, unknown>;
  const labels: Partial<Record<Affect, OwnLabel>> = {};
  for (const affect of AFFECTS) {
    const { name, hidden } = (fields[affect] ?? {}) as Record<string, unknown>;
    const label = {
      name: typeof name === 'string' ? name.slice(0, LABEL_MAX) : '',
      hidden: hidden === true,
    };
    if (label.name !== '' || label.hidden) labels[affect] = label;
  }
  return labels;
}
