/**
 * The state of the service as one short line: of all that could be said, what matters most to a
 * person in the middle of a call.
 */
import type { Phase } from '@/composables/useSession';
import type { TextKey, TextValues } from '@/i18n';

/** How a line is marked, beside its words. */
export type Mark = 'off' | 'busy' | 'on' | 'paused' | 'trouble';

export interface StatusSaid {
  key: TextKey;
  values?: TextValues;
  mark: Mark;
}

export interface StatusKnown {
  phase: Phase;
  /** Whether the server answered when it was last asked; null before that. */
  server: boolean | null;
  connection: 'idle' | 'connecting' | 'open' | 'retrying' | 'polling' | 'ended' | 'refused';
  retryInS: number | null;
  stage: 'loading' | 'ready' | 'listening' | 'warning' | 'error' | null;
  trouble: 'warning' | 'error' | null;
  synthetic: boolean;
  /** A voice is heard whose habit is not known yet. */
  learning: boolean;
  /** Sources are on, and all of them are muted. */
  muted: boolean;
  /** No source is on, none is needed, and nothing comes from anywhere else. */
  deaf: boolean;
  paused: boolean;
}

export function statusSaid(known: StatusKnown): StatusSaid {
  const { phase, connection } = known;
  if (phase === 'ended' || (phase === 'running' && connection === 'ended')) {
    return { key: 'status.ended', mark: 'off' };
  }
  if (phase === 'ending') return { key: 'status.ending', mark: 'busy' };
  if (phase === 'continuing') return { key: 'status.continuing', mark: 'trouble' };
  if (phase === 'starting') return { key: 'status.starting', mark: 'busy' };
  if (phase === 'idle') {
    if (known.server === null) return { key: 'status.checking', mark: 'busy' };
    if (!known.server) return { key: 'status.down', mark: 'trouble' };
    return { key: 'status.idle', mark: 'off' };
  }
  return connectionSaid(known) ?? runningSaid(known);
}

function connectionSaid({ connection, retryInS, stage }: StatusKnown): StatusSaid | null {
  if (connection === 'refused') return { key: 'status.refused', mark: 'trouble' };
  if (connection === 'retrying') {
    if (retryInS === null || retryInS < 1) return { key: 'status.retrying', mark: 'trouble' };
    return {
      key: 'status.retryingIn',
      values: { seconds: Math.ceil(retryInS) },
      mark: 'trouble',
    };
  }
  if (connection !== 'open' && connection !== 'polling' && stage === null) {
    return { key: 'status.connecting', mark: 'busy' };
  }
  return null;
}

function runningSaid(known: StatusKnown): StatusSaid {
  if (known.trouble === 'error') return { key: 'status.error', mark: 'trouble' };
  if (known.paused) return { key: 'status.paused', mark: 'paused' };
  if (known.trouble === 'warning') return { key: 'status.warning', mark: 'trouble' };
  if (known.connection === 'polling') return { key: 'status.polling', mark: 'on' };
  if (known.stage === null || known.stage === 'loading') return { key: 'status.loading', mark: 'busy' };
  if (known.synthetic) return { key: 'status.synthetic', mark: 'on' };
  if (known.muted) return { key: 'status.muted', mark: 'paused' };
  if (known.deaf) return { key: 'status.noSource', mark: 'off' };
  if (known.stage === 'ready') return { key: 'status.ready', mark: 'on' };
  return { key: known.learning ? 'status.learning' : 'status.listening', mark: 'on' };
}
