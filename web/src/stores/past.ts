/**
 * Sessions as things to keep: saving one as a file, the list of past ones, pinning, continuing and
 * deleting them. Whatever the tier does not allow becomes an explanation, not an error.
 */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';

import type { SessionSummary } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { Problem } from '@/model/problem';
import { useSessionStore } from './session';

/** What a session can be saved as; the first is free. */
export const FORMATS = ['json', 'jsonl', 'csv', 'vtt', 'srt', 'textgrid', 'eaf', 'rttm', 'html'] as const;
export type Format = (typeof FORMATS)[number];

const PAGE = 20;

const PAYMENT_REQUIRED = 402;

export const usePast = defineStore('past', () => {
  const session = useSessionStore();
  const { client } = session;

  const list = shallowRef<readonly SessionSummary[] | null>(null);
  const hasMore = ref(false);
  const busy = ref(false);
  /** What did not work, last. */
  const problem = shallowRef<Problem | null>(null);
  /** Something was asked for that comes with a licence key. */
  const unpaid = shallowRef<Problem | null>(null);
  /** What was done, last: the name of a file saved, or null. */
  const saved = ref<string | null>(null);
  /** What needed a key, to be done once there is one. */
  let refused: (() => Promise<unknown>) | null = null;

  /**
   * @param again asks for the same once more
   * @returns what the work gave, or null when it failed (`problem` or `unpaid` say why)
   */
  async function attempt<T>(work: () => Promise<T>, again?: () => Promise<unknown>): Promise<T | null> {
    busy.value = true;
    problem.value = unpaid.value = null;
    saved.value = null;
    try {
      return await work();
    } catch (error) {
      const failed = asProblem(error);
      if (failed.status === PAYMENT_REQUIRED) {
        unpaid.value = failed;
        refused = again ?? null;
      } else {
        problem.value = failed;
      }
      return null;
    } finally {
      busy.value = false;
    }
  }

  async function load(): Promise<void> {
    const answer = await attempt(() => client.sessions(PAGE), load);
    list.value = answer?.sessions ?? null;
    hasMore.value = (answer?.sessions.length ?? 0) === PAGE;
  }

  async function loadMore(): Promise<void> {
    const before = list.value?.at(-1)?.started_at;
    const answer = await attempt(() => client.sessions(PAGE, before));
    if (answer === null) return;
    list.value = [...(list.value ?? []), ...answer.sessions];
    hasMore.value = answer.sessions.length === PAGE;
  }

  async function setPinned(id: string, pinned: boolean): Promise<void> {
    const done = await attempt(() => (pinned ? client.pin(id) : client.unpin(id)), () => setPinned(id, pinned));
    if (done !== null) {
      list.value = (list.value ?? []).map((row) => (row.session_id === id ? { ...row, pinned } : row));
    }
  }

  /** A new session with an old one's tones at its start. */
  async function resume(id: string): Promise<boolean> {
    const resumed = await attempt(() => client.resume(id));
    if (resumed === null) return false;
    session.reset();
    return session.attach(resumed.session_id);
  }

  async function remove(id: string): Promise<boolean> {
    const done = await attempt(async () => {
      await client.delete(id);
      return true;
    });
    if (done === null) return false;
    list.value = list.value?.filter((row) => row.session_id !== id) ?? null;
    session.forgetVoices(id);
    if (session.sessionId === id) session.reset();
    return true;
  }

  async function save(id: string, format: Format): Promise<boolean> {
    const file = await attempt(() => client.exportFile(id, format), () => save(id, format));
    if (file === null) return false;
    handOver(file.name, file.blob);
    saved.value = file.name;
    return true;
  }

  /** A key has been given: what needed one is asked for again. */
  async function retry(): Promise<void> {
    await (refused ?? load)();
  }

  /** Forget what went wrong or was explained. */
  function settle(): void {
    problem.value = unpaid.value = null;
    saved.value = null;
  }

  return {
    list, hasMore, busy, problem, unpaid, saved,
    load, loadMore, setPinned, resume, remove, save, retry, settle,
  };
});

/** Gives a file to the browser, as a download. */
function handOver(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the file after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
