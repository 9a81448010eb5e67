/**
 * A proxy of the kind that breaks live streams: it hands an answer on only when it is complete, and
 * an event stream never is. Everything else, sockets included, passes through. It can be told to
 * behave.
 */
import { once } from 'node:events';
import { type IncomingMessage, type Server, createServer, request } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';

export class BufferingProxy {
  /** Whether streams are held back. */
  buffers = true;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly http: Server,
    private readonly targetPort: number,
  ) {}

  static async start(targetPort: number): Promise<BufferingProxy> {
    const http = createServer();
    const proxy = new BufferingProxy(http, targetPort);
    http.on('request', (incoming, outgoing) => {
      const onward = request(
        { host: '127.0.0.1', port: targetPort, path: incoming.url, method: incoming.method, headers: incoming.headers },
        (answer) => {
          const isStream = answer.headers['content-type']?.startsWith('text/event-stream') === true;
          if (!isStream || !proxy.buffers) {
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            outgoing.flushHeaders();
            answer.pipe(outgoing);
            return;
          }
          const held: Buffer[] = [];
          answer.on('data', (data: Buffer) => held.push(data));
          answer.on('end', () => {
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            outgoing.end(Buffer.concat(held));
          });
        },
      );
      onward.on('error', () => outgoing.destroy());
      outgoing.on('close', () => onward.destroy());
      incoming.pipe(onward);
    });
    http.on('upgrade', (incoming, client: Socket, head) => proxy.tunnel(incoming, client, head));
    http.on('connection', (socket) => proxy.keep(socket));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** Every connection is cut, as when a network goes away for a moment. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.http.close(), 'close');
    this.cut();
    await closed;
  }

  private tunnel(incoming: IncomingMessage, client: Socket, head: Buffer): void {
    const onward = connect(this.targetPort, '127.0.0.1', () => {
      const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
      for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
        lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
      }
      onward.write(`${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      client.pipe(onward).pipe(client);
    });
    this.keep(onward);
    onward.on('error', () => client.destroy());
    client.on('error', () => onward.destroy());
    client.on('close', () => onward.destroy());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
  }
}
