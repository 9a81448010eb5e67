/**
 * The server's REST interface, typed. Owns addresses, headers and what an answer looks like; keeps
 * no state but who is asking.
 */

import type { Affect, Correction, LoggedTone } from '@/model/events';
import { checkEvent } from '@/model/events';
import { NO_ANSWER } from '@/model/problem';

import { ProblemError, problemOf } from './problem';

export type Tier = 'free' | 'paid';
export type SessionState = 'running' | 'stopped';

export interface SessionInfo {
  session_id: string;
  state: SessionState;
  elcor: boolean;
  tier: Tier;
}

export interface ResumedSession extends SessionInfo {
  resumed_from: string;
  event_count: number;
}

/** Options of a session; what is left out is the server's default. */
export interface StartOptions {
  elcor?: boolean;
  license_key?: string;
  /** 100 to 5000, a multiple of 100. */
  window_ms?: number;
  transcribe_lang?: string;
  num_speakers?: number;
  target_lang?: string;
  /** A session in which the same people spoke: their voices need not be learnt anew. */
  voices_from?: string;
}

export interface HistoryFilter {
  min_confidence?: number;
  limit?: number;
  affect?: string;
  speaker_id?: string;
  since?: number;
  until?: number;
  after_seq?: number;
}

export interface HistoryAnswer {
  session_id: string;
  count: number;
  events: LoggedTone[];
}

export interface SessionSummary {
  session_id: string;
  started_at: number;
  ended_at: number | null;
  reason: string | null;
  elcor: boolean;
  event_count: number;
  pinned: boolean;
  resumed_from: string | null;
}

export interface PinnedSession {
  session_id: string;
  snapshot_id: string;
  pinned: boolean;
  pinned_at: number | null;
}

export interface SessionList {
  count: number;
  sessions: SessionSummary[];
}

export interface Health {
  status: 'ok';
  service: string;
  mode: 'local' | 'demo' | 'cloud';
  version: string;
  ready: boolean;
  classifier: string;
  sessions: number;
  uptime_s: number;
  token_needed: boolean;
  /** Whether sessions leave what they have learnt of their voices to later ones. */
  voices_kept?: boolean;
}

/** What a person says a tone should have been. */
export interface CorrectionRequest {
  affect: Affect;
  /** At most 2000 letters. */
  note?: string;
}

export interface CorrectionAnswer {
  session_id: string;
  seq: number;
  correction: Correction | null;
}

export interface ExportFile {
  name: string;
  blob: Blob;
}

/** Who asks: both are read anew for each request. */
export interface Credentials {
  token: () => string | null;
  licenseKey: () => string | null;
}

export const NO_CREDENTIALS: Credentials = { token: () => null, licenseKey: () => null };

/** No answer to a small question after this long means that none will come. */
const DEADLINE_MS = 15_000;

/** An export of a long session takes longer. */
const EXPORT_DEADLINE_MS = 120_000;

type Query = Record<string, string | number | undefined>;

interface Asked {
  body?: unknown;
  query?: Query;
  deadlineMs?: number;
  signal?: AbortSignal;
}

export type Client = ReturnType<typeof createClient>;

/**
 * A client of the server at `base` (by default the page's own origin).
 *
 * Every method rejects with a {@link ProblemError} when the answer is a refusal or none comes.
 */
export function createClient(credentials: Credentials = NO_CREDENTIALS, base = '') {
  /** Headers that say who asks; what is not a header's text is not sent. */
  function headers(): Record<string, string> {
    const token = headerText(credentials.token());
    const key = headerText(credentials.licenseKey());
    return {
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(key === null ? {} : { 'X-CF-License-Key': key }),
    };
  }

  async function ask(method: string, path: string, asked: Asked = {}): Promise<Response> {
    const { body, query = {}, deadlineMs = DEADLINE_MS, signal } = asked;
    const deadline = AbortSignal.timeout(deadlineMs);
    let answer: Response;
    try {
      answer = await fetch(`${base}${path}${queryString(query)}`, {
        method,
        headers: {
          Accept: 'application/json',
          ...headers(),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        cache: 'no-store',
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ProblemError(NO_ANSWER);
    }
    if (!answer.ok) throw new ProblemError(await problemOf(answer));
    return answer;
  }

  async function askJson<T>(method: string, path: string, asked?: Asked): Promise<T> {
    const answer = await ask(method, path, asked);
    try {
      return (await answer.json()) as T;
    } catch (error) {
      if (asked?.signal?.aborted) throw error;
      throw new ProblemError({
        status: answer.status,
        title: 'No sense in the answer',
        detail: 'What answered is not Linnet, or a proxy changed its answer.',
      });
    }
  }

  const session = (id: string): string => `/session/${encodeURIComponent(id)}`;

  return {
    /** Headers and addresses for those who open streams and sockets themselves. */
    headers,
    base,

    start: (options: StartOptions = {}) =>
      askJson<SessionInfo>('POST', '/session/start', { body: options }),

    get: (id: string) => askJson<SessionInfo>('GET', session(id)),

    /** Ends a session; what it has heard can still be read. */
    end: (id: string) =>
      askJson<{ session_id: string; state: SessionState }>('DELETE', `${session(id)}/end`),

    /** Deletes a session and everything kept of it. */
    delete: async (id: string): Promise<void> => {
      await ask('DELETE', session(id));
    },

    /** The most recent tones that match, in order; what is no tone is left out. */
    history: async (
      id: string,
      filter: HistoryFilter = {},
      signal?: AbortSignal,
    ): Promise<HistoryAnswer> => {
      const answer = await askJson<HistoryAnswer>('GET', `${session(id)}/history`, {
        query: { ...filter },
        ...(signal === undefined ? {} : { signal }),
      });
      const events = Array.isArray(answer.events) ? answer.events.filter(isLoggedTone) : [];
      return { ...answer, events };
    },

    /** Keeps a correction beside a tone, in place of an earlier one. */
    correct: (id: string, seq: number, correction: CorrectionRequest) =>
      askJson<CorrectionAnswer>('PUT', `${session(id)}/events/${seq}/correction`, {
        body: correction,
      }),

    /** Takes a correction back; harmless where there is none. */
    uncorrect: (id: string, seq: number) =>
      askJson<CorrectionAnswer>('DELETE', `${session(id)}/events/${seq}/correction`),

    /** The whole session as a file. */
    exportFile: async (id: string, format = 'json'): Promise<ExportFile> => {
      const answer = await ask('GET', `${session(id)}/export`, {
        query: { format },
        deadlineMs: EXPORT_DEADLINE_MS,
      });
      const named = /filename="([^"/\\]+)"/.exec(answer.headers.get('Content-Disposition') ?? '');
      return { name: named?.[1] ?? `linnet-session-${id}.${format}`, blob: await answer.blob() };
    },

    /** Where the file can be fetched by a link, when no header is needed. */
    exportUrl: (id: string, format = 'json'): string =>
      `${base}${session(id)}/export${queryString({ format })}`,

    /** Past sessions, the newest first (paid). */
    sessions: (limit = 50, before?: number) =>
      askJson<SessionList>('GET', '/sessions/history', { query: { limit, before } }),

    /** Keeps a past session for good (paid). */
    pin: (id: string) => askJson<PinnedSession>('POST', `${session(id)}/pin`),

    /** Lets a past session go again when its time comes (paid). */
    unpin: (id: string) => askJson<PinnedSession>('DELETE', `${session(id)}/pin`),

    /** Goes on with a past session in a new one, which begins with the old one's events (paid). */
    resume: (id: string, options: StartOptions = {}) =>
      askJson<ResumedSession>('POST', '/session/resume', {
        body: { ...options, snapshot_id: id },
      }),

    health: () => askJson<Health>('GET', '/health'),

    /** Lets the browser remember who asks, in a cookie that no script can read. */
    login: async (): Promise<void> => {
      await ask('POST', '/login');
    },

    logout: async (): Promise<void> => {
      await ask('DELETE', '/login');
    },

    /** A one-time ticket for a socket or a stream, which cannot send headers. */
    ticket: () => askJson<{ ticket: string; expires_in_s: number }>('POST', '/ticket'),
  };
}

/** `?a=1&b=2` of what is defined, or nothing. */
export function queryString(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

function isLoggedTone(event: unknown): event is LoggedTone {
  const { seq } = (event ?? {}) as Record<string, unknown>;
  return Number.isSafeInteger(seq) && Number(seq) >= 1 && checkEvent('tone', event) !== null;
}

/** What can stand in a header, trimmed; null for nothing, or for what no header can carry. */
function headerText(value: string | null): string | null {
  const text = value?.trim() ?? '';
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) ? text : null;
}
