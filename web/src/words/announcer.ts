/**
 * What a screen reader is given, and when: changes only, and at most one sentence every few
 * seconds, of which only the newest is kept. Speech that is always behind the conversation, or
 * never stops, would help nobody.
 */

/** Between two sentences, milliseconds. */
export const ANNOUNCE_EVERY_MS = 5000;

export interface AnnouncerTools {
  say: (sentence: string) => void;
  nowMs: () => number;
  /** Calls back later; answers how to call that off. */
  later: (call: () => void, delayMs: number) => () => void;
}

export interface Announcer {
  /** A change of one voice. Said at once or when its time comes, unless a newer one takes its place. */
  offer: (change: { of: string; state: string; sentence: string }) => void;
  /** Said at once, whatever was said before: somebody asked. */
  answer: (sentence: string) => void;
  /** What was not said yet is not said any more. */
  stop: () => void;
}

export function createAnnouncer(tools: AnnouncerTools): Announcer {
  const offered = new Map<string, string>();
  let saidAtMs = Number.NEGATIVE_INFINITY;
  let waiting: string | null = null;
  let callOff: (() => void) | null = null;

  function say(sentence: string): void {
    waiting = null;
    callOff?.();
    callOff = null;
    saidAtMs = tools.nowMs();
    tools.say(sentence);
  }

  return {
    offer({ of, state, sentence }) {
      if (offered.get(of) === state) return;
      offered.set(of, state);
      const delayMs = saidAtMs + ANNOUNCE_EVERY_MS - tools.nowMs();
      if (delayMs <= 0) return say(sentence);
      waiting = sentence;
      callOff ??= tools.later(() => {
        if (waiting !== null) say(waiting);
      }, delayMs);
    },
    answer: say,
    stop() {
      callOff?.();
      callOff = null;
      waiting = null;
      offered.clear();
    },
  };
}
