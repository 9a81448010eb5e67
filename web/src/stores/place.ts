/**
 * Where the reader is in the session: at now, or held at an earlier moment while events go on
 * arriving. Views are never changed in place, so that holding one is keeping it.
 */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';

import { emptyView, type SessionView } from '@/model/reducer';
import { toneSpans } from '@/model/spans';
import { latestS } from '@/words/lane';

export const usePlace = defineStore('place', () => {
  const live = shallowRef<SessionView>(emptyView());
  const held = shallowRef<SessionView | null>(null);
  const marked = shallowRef<SessionView | null>(null);

  const view = computed(() => held.value ?? live.value);
  const paused = computed(() => held.value !== null);
  const spans = computed(() => toneSpans(live.value.tones));
  /** New tones since the view was held: what began, not what was said again. */
  const arrived = computed(() => {
    const seq = held.value?.lastSeq;
    return seq === undefined ? 0 : spans.value.filter((span) => span.first.seq > seq).length;
  });
  const markedS = computed(() => (marked.value === null ? null : latestS(marked.value.lanes)));
  /** Number of the last tone before the mark; null without a mark. */
  const markedSeq = computed(() => marked.value?.tones.at(-1)?.seq ?? null);

  /** Takes the newest view of the session; another session lets go of everything held. */
  function follow(next: SessionView): void {
    if (next.sessionId !== live.value.sessionId) held.value = marked.value = null;
    live.value = next;
  }
  function pause(): void {
    held.value = live.value;
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
    if (view.value.tones.length > 0) marked.value = view.value;
  }
  function goToMark(): void {
    if (marked.value !== null) held.value = marked.value;
  }
  function forgetMark(): void {
    marked.value = null;
  }

  return {
    live, view, held, paused, arrived, markedS, markedSeq,
    follow, pause, resume, toggle, mark, goToMark, forgetMark,
  };
});
