/** The words for affects and speakers, in the language and by the labels of the reader. */
import { computed } from 'vue';

import { useText } from '@/i18n';
import { AFFECTS, type Affect } from '@/model/events';
import { useSettings } from '@/stores/settings';
import { affectWord, longestWord } from '@/words/labels';
import { speakerText } from '@/words/speaker';

export function useVoiceWords() {
  const { t, locale } = useText();
  const { settings } = useSettings();

  /** The word for an affect; null where the reader hides it. */
  function wordOf(affect: Affect): string | null {
    return affectWord(affect, settings.labels, t(`affect.${affect}`));
  }

  /** Who speaks. */
  function who(speakerId: string): string {
    const { key, letter } = speakerText(speakerId);
    return letter === undefined ? t(key) : t(key, { letter });
  }

  /** Letters of the longest word that may be shown large. */
  const widest = computed(() =>
    longestWord([...AFFECTS.map((affect) => wordOf(affect) ?? ''), t('now.unsure')]),
  );

  return { t, locale, wordOf, who, widest };
}
