/** What was measured about a voice, as words. */
import { PROSODY_FLAGS, type ProsodyFlag } from '@/model/events';

export type FlagSaid = { known: ProsodyFlag } | { other: string };

/** Each flag once, in the order given. One that this page does not know is shown as it came. */
export function flagsSaid(flags: readonly string[]): FlagSaid[] {
  return [...new Set(flags)].map((flag) =>
    (PROSODY_FLAGS as readonly string[]).includes(flag)
      ? { known: flag as ProsodyFlag }
      : { other: flag.replaceAll('_', ' ').trim() },
  );
}
