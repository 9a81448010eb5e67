/**
 * What went wrong, in the server's words where it had any.
 *
 * `status` is the HTTP status, or 0 when no answer came at all.
 */
export interface Problem {
  status: number;
  title: string;
  detail: string;
}

/** Nothing answered: the server is down, or the network is. */
export const NO_ANSWER: Problem = {
  status: 0,
  title: 'No answer',
  detail: 'The server did not answer. It may have stopped, or the network may be down.',
};
