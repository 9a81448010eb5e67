/** A server behind `fetch` and `EventSource`, whose answers and silences are the test's. */

import type { WireEvent } from '@/model/events';

export interface Asked {
  path: string;
  method: string;
  headers: Headers;
  /** As it was sent; empty where nothing was. */
  body: string;
  /** Write to the body of a stream. */
  write(text: string): void;
  /** Cut the stream off. */
  cut(): void;
  readonly isAborted: boolean;
}

type Answer = Response | 'stream' | 'silence' | 'unreachable';

/** The block of a numbered event. */
export function block(name: string, event: WireEvent, seq?: number): string {
  const id = seq === undefined ? '' : `id: ${seq}\n`;
  return `event: ${name}\ndata: ${JSON.stringify(event)}\n${id}\n`;
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

export class FakeServer {
  asked: Asked[] = [];

  /** @param answer what is answered to a path */
  constructor(public answer: (path: string) => Answer) {}

  /** The requests to paths that contain `part`. */
  to(part: string): Asked[] {
    return this.asked.filter(({ path }) => path.includes(part));
  }

  readonly fetch = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const signal = init.signal ?? new AbortController().signal;
    let body: ReadableStreamDefaultController<Uint8Array> | null = null;
    const asked: Asked = {
      path,
      method: init.method ?? 'GET',
      headers: new Headers(init.headers),
      body: typeof init.body === 'string' ? init.body : '',
      write: (text) => body?.enqueue(new TextEncoder().encode(text)),
      cut: () => body?.error(new TypeError('cut off')),
      get isAborted() {
        return signal.aborted;
      },
    };
    this.asked.push(asked);
    const answer = this.answer(path);
    if (answer === 'unreachable') throw new TypeError('Failed to fetch');
    if (answer === 'silence') {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    }
    if (answer !== 'stream') return answer;
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller) });
    signal.addEventListener('abort', () => body?.error(signal.reason));
    return new Response(stream);
  };
}

/** An EventSource whose other side is the test. */
export class FakeEventSource extends EventTarget {
  static readonly CLOSED = 2;
  static all: FakeEventSource[] = [];

  static get last(): FakeEventSource {
    return FakeEventSource.all[FakeEventSource.all.length - 1] as FakeEventSource;
  }

  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    super();
    FakeEventSource.all.push(this);
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  send(name: string, event: WireEvent, seq?: number): void {
    const fields = { data: JSON.stringify(event), lastEventId: seq === undefined ? '' : String(seq) };
    this.dispatchEvent(Object.assign(new Event(name), fields));
  }

  /** Refused with a status that the page is not told. */
  refuse(): void {
    this.readyState = FakeEventSource.CLOSED;
    this.onerror?.();
  }

  cut(): void {
    this.readyState = 0;
    this.onerror?.();
  }
}
