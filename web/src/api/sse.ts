/**
 * Server-Sent Events from bytes (WHATWG HTML, 9.2.6), in chunks cut anywhere. Pure: what is left
 * over from one chunk is in the state that goes into the next.
 */

/** One block of a stream. */
export interface SseMessage {
  /** `message` where the block names none. */
  event: string;
  data: string;
  /** The last id so far, of this block or of one before; empty before the first. */
  id: string;
}

/** What is carried from chunk to chunk. */
export interface SseState {
  /** Bytes of a line that has not ended. */
  rest: Uint8Array;
  /** The last byte was a CR: an LF that follows belongs to it. */
  afterCr: boolean;
  /** No line has been read yet: it may begin with a byte order mark. */
  atStart: boolean;
  event: string;
  /** Null where the block has no `data` line; a block whose data is empty is one all the same. */
  data: readonly string[] | null;
  id: string;
  /** Milliseconds the server wants a client to wait, if it said so. */
  retryMs: number | null;
}

export const SSE_START: SseState = {
  rest: new Uint8Array(),
  afterCr: false,
  atStart: true,
  event: '',
  data: null,
  id: '',
  retryMs: null,
};

/** A line longer than this is no event of ours. */
export const LINE_MAX_BYTES = 1024 * 1024;

const CR = 0x0d;
const LF = 0x0a;

/**
 * The messages that are complete with `bytes`, and the state to go on with.
 *
 * @throws RangeError when a line never ends
 */
export function parseSseChunk(
  state: SseState,
  bytes: Uint8Array,
): { state: SseState; messages: SseMessage[] } {
  const messages: SseMessage[] = [];
  const next = { ...state };
  let from = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === LF && next.afterCr) {
      from = at + 1;
    } else if (byte === LF || byte === CR) {
      take(next, decode(next, bytes.subarray(from, at)), messages);
      from = at + 1;
    }
    next.afterCr = byte === CR;
  }
  next.rest = joined(next.rest, bytes.subarray(from));
  if (next.rest.length > LINE_MAX_BYTES) throw new RangeError('A line of the stream never ends.');
  return { state: next, messages };
}

/** The line that ends here. Line ends are never part of a longer character in UTF-8. */
function decode(state: SseState, end: Uint8Array): string {
  const line = new TextDecoder('utf-8', { ignoreBOM: true }).decode(joined(state.rest, end));
  state.rest = SSE_START.rest;
  const isFirst = state.atStart;
  state.atStart = false;
  return isFirst && line.startsWith('\uFEFF') ? line.slice(1) : line;
}

function take(state: SseState, line: string, messages: SseMessage[]): void {
  if (line === '') {
    if (state.data !== null) {
      messages.push({ event: state.event || 'message', data: state.data.join('\n'), id: state.id });
    }
    state.event = '';
    state.data = null;
    return;
  }
  const colon = line.indexOf(':');
  if (colon === 0) return; // A comment, such as a heartbeat.
  const field = colon < 0 ? line : line.slice(0, colon);
  const written = colon < 0 ? '' : line.slice(colon + 1);
  const value = written.startsWith(' ') ? written.slice(1) : written;
  if (field === 'data') state.data = [...(state.data ?? []), value];
  else if (field === 'event') state.event = value;
  else if (field === 'id' && !value.includes('\0')) state.id = value;
  else if (field === 'retry' && /^\d+$/.test(value)) state.retryMs = Number(value);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second.slice(); // Not a view: the reader may reuse its buffer.
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
