/** The real server: started on ports and a folder of its own, killed, started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT, python } from './project';

const READY_MS = 60_000;
const OURS = /^(LINNET_|CF_VOICE_|DEMO_|CLOUD_|SESSION_)/;

export type Settings = Record<string, string>;

export class LinnetServer {
  /** What it has said so far. */
  log = '';
  private child: ChildProcess | null = null;

  private constructor(
    readonly apiPort: number,
    readonly webPort: number,
    private readonly folder: string,
    private readonly settings: Settings,
  ) {}

  static async start(settings: Settings = {}): Promise<LinnetServer> {
    const [apiPort, webPort] = await freePorts();
    const folder = mkdtempSync(join(tmpdir(), 'linnet-browser-'));
    const server = new LinnetServer(apiPort, webPort, folder, settings);
    await server.startAgain();
    return server;
  }

  /** The page's origin. */
  get url(): string {
    return `http://127.0.0.1:${this.webPort}`;
  }

  /** On the same ports and the same folder as before. */
  async startAgain(): Promise<void> {
    const inherited = Object.entries(process.env).filter(([name]) => !OURS.test(name));
    const child = spawn(python(), ['-m', 'server', 'serve'], {
      cwd: this.folder,
      env: {
        ...Object.fromEntries(inherited),
        PYTHONPATH: ROOT,
        OMP_NUM_THREADS: '1',
        LINNET_PORT: String(this.apiPort),
        LINNET_FRONTEND_PORT: String(this.webPort),
        LINNET_DATA_DIR: join(this.folder, 'data'),
        LINNET_LOG_FORMAT: 'json',
        ...this.settings,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child = child;
    child.stderr?.on('data', (data: Buffer) => (this.log += data.toString()));
    const deadline = Date.now() + READY_MS;
    while (Date.now() < deadline && child.exitCode === null) {
      if (await this.isReady()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.kill();
    throw new Error(`The server did not start: ${this.log.slice(-2000)}`);
  }

  /** SIGKILL: it gets no chance to say goodbye. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Gone for good, and its folder with it. */
  async discard(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** `GET` as JSON, with whatever headers it takes. */
  async json<T>(path: string, headers: Record<string, string> = {}): Promise<T> {
    const answer = await fetch(this.url + path, { headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  private async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health/ready`)).ok;
    } catch {
      return false;
    }
  }
}

/** Two at once, so that they differ. */
async function freePorts(): Promise<[number, number]> {
  const probes = [createServer(), createServer()];
  const ports = await Promise.all(
    probes.map(async (probe) => {
      probe.listen(0, '127.0.0.1');
      await once(probe, 'listening');
      return (probe.address() as AddressInfo).port;
    }),
  );
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')));
  return ports as [number, number];
}
