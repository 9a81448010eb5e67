/** Who speaks, as the page calls them. */
import type { TextKey } from '@/i18n';

/** The microphone is me, the shared tab is them; more voices are told apart by a letter. */
export function speakerText(speakerId: string): { key: TextKey; letter?: string } {
  if (speakerId === 'speaker_a' || speakerId === 'speaker_b') return { key: `speaker.${speakerId}` };
  const tail = speakerId.replace(/^speaker_/, '');
  return { key: 'speaker.other', letter: tail.toUpperCase() };
}

/** Me first, then them, then the others in order of appearance. */
export function speakersInOrder(ids: readonly string[]): string[] {
  const rank = (id: string): number => (id === 'speaker_a' ? 0 : id === 'speaker_b' ? 1 : 2);
  return [...ids].sort((one, other) => rank(one) - rank(other));
}
