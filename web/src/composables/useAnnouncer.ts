/** What a screen reader is told, from what is on the page. Owns the timing's clock and the region's text. */
import { computed, onScopeDispose, ref, watch, type Ref } from 'vue';

import type { SessionView } from '@/model/reducer';
import { createAnnouncer } from '@/words/announcer';
import { laneSaid } from '@/words/lane';
import { shiftSaid } from '@/words/shift';
import { speakersInOrder } from '@/words/speaker';
import type { StatusSaid } from '@/words/status';
import { sureness } from '@/words/sureness';
import { clock } from '@/words/time';
import { useVoiceWords } from './useVoiceWords';

export interface AnnouncerOptions {
  view: Readonly<Ref<SessionView>>;
  /** Voices from which nothing more comes. */
  silent: Readonly<Ref<ReadonlySet<string>>>;
  status: Readonly<Ref<StatusSaid>>;
  /** What is wrong, in a sentence; empty when all is well. */
  trouble: Readonly<Ref<string>>;
  /** New tones are spoken unasked. */
  enabled: Readonly<Ref<boolean>>;
}

/** @returns the text of the live region, and a way to hear the current tone at once */
export function useAnnouncer({ view, silent, status, trouble, enabled }: AnnouncerOptions) {
  const { t, wordOf, who } = useVoiceWords();
  const said = ref('');
  const announcer = createAnnouncer({
    // The same sentence again is news only if the text differs: an invisible space makes it so.
    say: (sentence) => {
      said.value = said.value === sentence ? `${sentence}\u00a0` : sentence;
    },
    nowMs: () => performance.now(),
    later: (call, delayMs) => {
      const timer = setTimeout(call, delayMs);
      return () => clearTimeout(timer);
    },
  });
  onScopeDispose(announcer.stop);

  /** One voice in a sentence, and what makes it another state; null when there is nothing to say. */
  function laneSentence(id: string): { state: string; sentence: string; isNow: boolean } | null {
    const lane = view.value.lanes[id] ?? null;
    const now = laneSaid(lane, view.value.ended !== null || silent.value.has(id));
    if (now.kind === 'waiting') return null;
    if (now.kind === 'unsure') {
      return { state: 'unsure', sentence: t('speak.unsure', { who: who(id) }), isNow: true };
    }
    const word = wordOf(now.tone.affect);
    if (word === null) return null;
    if (now.kind === 'past') {
      const time = clock(now.tone.timestamp);
      return { state: 'past', sentence: t('speak.past', { who: who(id), word, time }), isNow: false };
    }
    const shift = shiftSaid(now.tone.shift_direction, now.tone.shift_magnitude);
    const values = { who: who(id), word, sure: t(`sure.${sureness(now.tone.confidence)}`) };
    return {
      // How sure and how much may waver without being news.
      state: `${now.tone.affect} ${shift.arrow}`,
      sentence:
        shift.arrow === 'level'
          ? t('speak.tone', values)
          : t('speak.toneShift', { ...values, shift: t(`shift.${shift.word}`) }),
      isNow: true,
    };
  }

  const ids = computed(() => speakersInOrder(Object.keys(view.value.lanes)));

  watch(view, () => {
    if (!enabled.value) return;
    for (const id of ids.value) {
      const lane = laneSentence(id);
      if (lane?.isNow) announcer.offer({ of: id, state: lane.state, sentence: lane.sentence });
    }
  });
  watch(
    () => status.value.key,
    (key, before) => {
      // Stages of waiting are not worth a word; trouble, and its end, are.
      const spoken = status.value.mark === 'trouble' || status.value.mark === 'on';
      if (spoken && key !== before) {
        announcer.offer({ of: 'status', state: key, sentence: `${t(key, status.value.values)}.` });
      }
    },
  );

  watch(trouble, (sentence) => {
    if (sentence !== '') announcer.offer({ of: 'trouble', state: sentence, sentence });
  });

  function readCurrent(): void {
    const sentences = ids.value.map((id) => laneSentence(id)?.sentence).filter(Boolean);
    announcer.answer(sentences.length > 0 ? sentences.join(' ') : t('speak.nothing'));
  }

  return { said, readCurrent };
}
