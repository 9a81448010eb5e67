/**
 * Where the reader is in the session: at now, or held at an earlier moment while events go on
 * arriving. Views are never changed in place, so that holding one is keeping it.
 */
import { defineStore } from 'pinia';
import { computed, onScopeDispose, shallowRef } from 'vue';

import { emptyView, type SessionView } from '@/model/reducer';
import { toneSpans } from '@/model/spans';
import { latestS } from '@/words/lane';

/**
 * A voice from which nothing came for so long is no longer heard: its source is off, the connection
 * is lost, or (in a synthetic conversation) it is not its turn. Readings come twice a second.
 */
export const STALE_MS = 5000;

/** What the page showed at a moment. */
interface Moment {
  view: SessionView;
  /** Voices that were no longer heard. */
  stale: ReadonlySet<string>;
}

export const usePlace = defineStore('place', () => {
  const live = shallowRef<SessionView>(emptyView());
  const stale = shallowRef<ReadonlySet<string>>(new Set());
  const held = shallowRef<Moment | null>(null);
  const marked = shallowRef<Moment | null>(null);
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  const view = computed(() => held.value?.view ?? live.value);
  /** Voices of the view that are, or were then, no longer heard. */
  const silent = computed(() => held.value?.stale ?? stale.value);
  const paused = computed(() => held.value !== null);
  const spans = computed(() => toneSpans(live.value.tones));
  /** New tones since the view was held: what began, not what was said again. */
  const arrived = computed(() => {
    const seq = held.value?.view.lastSeq;
    return seq === undefined ? 0 : spans.value.filter((span) => span.first.seq > seq).length;
  });
  const markedS = computed(() => (marked.value === null ? null : latestS(marked.value.view.lanes)));
  /** Number of the last tone before the mark; null without a mark. */
  const markedSeq = computed(() => marked.value?.view.tones.at(-1)?.seq ?? null);

  /** Takes the newest view of the session; another session lets go of everything held. */
  function follow(next: SessionView): void {
    const before = live.value;
    live.value = next;
    if (next.sessionId !== before.sessionId) forget();
    for (const [id, lane] of Object.entries(next.lanes)) {
      if (lane !== before.lanes[id]) heardFrom(id);
    }
  }

  function heardFrom(id: string): void {
    clearTimeout(timers.get(id));
    if (stale.value.has(id)) stale.value = new Set([...stale.value].filter((other) => other !== id));
    timers.set(
      id,
      setTimeout(() => (stale.value = new Set([...stale.value, id])), STALE_MS),
    );
  }

  function forget(): void {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
    stale.value = new Set();
    held.value = marked.value = null;
  }
  onScopeDispose(forget);

  function pause(): void {
    held.value = { view: live.value, stale: stale.value };
  }
  function resume(): void {
    held.value = null;
  }
  function toggle(): void {
    if (paused.value) resume();
    else pause();
  }
  /** Remembers what is on the page now. */
  function mark(): void {
    if (view.value.tones.length > 0) marked.value = { view: view.value, stale: silent.value };
  }
  function goToMark(): void {
    if (marked.value !== null) held.value = marked.value;
  }
  function forgetMark(): void {
    marked.value = null;
  }

  return {
    live, stale, view, silent, held, paused, arrived, markedS, markedSeq,
    follow, pause, resume, toggle, mark, goToMark, forgetMark,
  };
});
