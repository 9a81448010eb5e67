/**
 * What the reader says a tone of this session should have been. The server keeps it beside the
 * tone, whose own words stay; here is what the page knows of it. A correction belongs to one event,
 * and is shown for the whole stretch that the event stands in.
 */
import { defineStore } from 'pinia';
import { shallowRef, watch } from 'vue';

import type { CorrectionRequest } from '@/api/client';
import type { Correction } from '@/model/events';
import type { ToneSpan } from '@/model/spans';
import { useSessionStore } from './session';

/** Letters of a note that are typed here; the server takes more. */
export const NOTE_MAX = 500;

/** Events of a stretch that are looked through for a correction: as many as the server gives. */
const LOOKED_AT = 500;

/** A correction and the event that it stands beside. */
export interface Corrected {
  seq: number;
  correction: Correction;
}

interface Known {
  speakerId: string;
  /** Null where one was taken back. */
  correction: Correction | null;
}

export const useCorrections = defineStore('corrections', () => {
  const session = useSessionStore();
  /** By the number of the event. */
  const known = shallowRef<ReadonlyMap<number, Known>>(new Map());

  watch(
    () => session.sessionId,
    () => (known.value = new Map()),
    { flush: 'sync' },
  );

  function learn(id: string, entries: readonly (readonly [number, Known])[]): void {
    if (id === session.sessionId) known.value = new Map([...known.value, ...entries]);
  }

  /** What stands beside a stretch, as far as it is known. */
  function of({ first, last }: ToneSpan): Corrected | null {
    for (const [seq, { speakerId, correction }] of known.value) {
      // Voices speak in turn: a number in between may be of another.
      const isWithin = first.seq <= seq && seq <= last.seq && speakerId === first.speaker_id;
      if (correction !== null && isWithin) return { seq, correction };
    }
    return null;
  }

  /** Asks the server what was corrected before this page was loaded. Rejects with its problem. */
  async function look({ first, last }: ToneSpan): Promise<void> {
    const { session_id: id, speaker_id: speakerId } = first;
    const { events } = await session.client.history(id, {
      after_seq: first.seq - 1,
      until: last.timestamp,
      speaker_id: speakerId,
      limit: LOOKED_AT,
    });
    const found = events.flatMap(({ seq, correction }) =>
      correction && !known.value.has(seq) ? [[seq, { speakerId, correction }] as const] : [],
    );
    if (found.length > 0) learn(id, found);
  }

  /** In place of an earlier one of the same stretch. Rejects with the server's problem. */
  async function put(span: ToneSpan, asked: CorrectionRequest): Promise<void> {
    const { session_id: id, speaker_id: speakerId } = span.first;
    const seq = of(span)?.seq ?? span.surest.seq;
    const { correction } = await session.client.correct(id, seq, asked);
    learn(id, [[seq, { speakerId, correction }]]);
  }

  /** Rejects with the server's problem. */
  async function undo(span: ToneSpan): Promise<void> {
    const { session_id: id, speaker_id: speakerId } = span.first;
    const corrected = of(span);
    if (corrected === null) return;
    await session.client.uncorrect(id, corrected.seq);
    learn(id, [[corrected.seq, { speakerId, correction: null }]]);
  }

  return { of, look, put, undo };
});
