/** Failures of the server's interface, as exceptions and as what the page shows. */

import { NO_ANSWER, type Problem } from '@/model/problem';

/** An answer that was a refusal, or no answer at all (status 0). */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
  }
}

/** The problem in a refusing answer; one made from its status where the body holds none. */
export async function problemOf(answer: Response): Promise<Problem> {
  let body: unknown = null;
  try {
    body = JSON.parse(await answer.text());
  } catch {
    // A proxy's page, perhaps; the status says enough.
  }
  const { title, detail } = (body ?? {}) as Record<string, unknown>;
  const plain = `The server answered ${answer.status} ${answer.statusText}`.trim();
  return {
    status: answer.status,
    title: typeof title === 'string' ? title : answer.statusText || `Status ${answer.status}`,
    detail: typeof detail === 'string' ? detail : `${plain}.`,
  };
}

/** What to show for anything that was thrown. */
export function asProblem(thrown: unknown): Problem {
  return thrown instanceof ProblemError ? thrown.problem : NO_ANSWER;
}

/** Whether a start was refused because the session whose voices were to be known is gone. */
export function lacksVoices({ status, detail }: Problem): boolean {
  return status === 422 && detail.startsWith('voices_from:');
}

/** Whether a status means that asking again, unchanged, cannot help. */
export function isFinal(status: number): boolean {
  return status === 401 || status === 403 || status === 404;
}
