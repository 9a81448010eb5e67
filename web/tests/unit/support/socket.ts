/** A WebSocket whose other side is the test. */

export class FakeWebSocket {
  static all: FakeWebSocket[] = [];

  static get last(): FakeWebSocket {
    return FakeWebSocket.all[FakeWebSocket.all.length - 1] as FakeWebSocket;
  }

  binaryType = 'blob';
  bufferedAmount = 0;
  sent: Int16Array[] = [];
  closedWith: number | null | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeWebSocket.all.push(this);
  }

  send(data: Int16Array): void {
    this.sent.push(data);
  }

  close(code?: number): void {
    this.closedWith = code ?? null;
  }

  /** The server takes `count` messages. */
  take(count = 1): void {
    for (let at = 0; at < count; at += 1) this.say({ ok: true, bytes: 3_200 });
  }

  say(answer: object): void {
    this.onmessage?.({ data: JSON.stringify(answer) });
  }

  /** The connection is gone, with this code. */
  gone(code: number): void {
    this.onclose?.({ code, reason: '' });
  }
}
