/**
 * One source, from the device to the server. Owns its device, its tap on the engine and its socket,
 * and says in one state what a person needs to know of all three.
 */

import { audioAddress } from '@/api/address';
import type { Client } from '@/api/client';

import { Backlog } from './backlog';
import { AudioClock } from './clock';
import type { AudioEngine, EngineState, Tap } from './graph';
import {
  CaptureError,
  appliedTo,
  isMicrophoneDenied,
  openMedia,
  supportOf,
} from './media';
import type { ChunkMessage } from './messages';
import { AudioSocket } from './socket';
import type { SourceName, SourceProblem, SourceState, SourceStatus } from './types';

/** What the worklet still gives out after a stop is waited for, then the socket is closed. */
const FLUSH_MS = 200;

export class CaptureSource {
  private sessionId: string | null = null;
  /** The session's clock for this source, as far as this page has fed it. */
  private clock = new AudioClock();
  private readonly backlog = new Backlog();
  /** What earlier sockets of this session have sent. */
  private sentBeforeS = 0;
  private socket: AudioSocket | null = null;
  private tap: Tap | null = null;
  private track: MediaStreamTrack | null = null;
  /** Where the device stands; the state's status also tells of engine and socket. */
  private device: 'off' | 'asking' | 'open' | 'lost' | 'denied' | 'unsupported' = 'off';
  private deviceProblem: SourceProblem | null = null;
  private engineState: EngineState = 'closed';
  /** Raised by every open and close: what was begun before is given up. */
  private turn = 0;

  /** @param state kept up to date here and shown elsewhere */
  constructor(
    readonly name: SourceName,
    private readonly engine: AudioEngine,
    private readonly client: Client,
    private readonly token: () => string | null,
    readonly state: SourceState,
  ) {}

  get isOff(): boolean {
    return this.tap === null && this.device !== 'asking';
  }

  /** Send to that session from now on, or nowhere. */
  connect(sessionId: string | null): void {
    if (sessionId === this.sessionId) return;
    this.sessionId = sessionId;
    this.disconnect();
    // What is captured goes to the session that comes; without one, or without capture, nowhere.
    if (sessionId === null || this.tap === null) this.backlog.clear();
    if (sessionId !== null) {
      this.clock = new AudioClock();
      this.sentBeforeS = 0;
      this.backlog.droppedS = 0;
      if (this.tap !== null) this.join();
    }
    this.show();
  }

  /** Open the device (or another one); must be called in a click's handler, before any await. */
  async open(deviceId: string | null = this.state.deviceId): Promise<boolean> {
    const turn = (this.turn += 1);
    const unsupported = supportOf(this.name);
    if (unsupported !== null) return this.fail('unsupported', unsupported);
    this.device = 'asking';
    this.deviceProblem = null;
    this.show();
    let stream: MediaStream | null = null;
    try {
      this.engine.prepare();
      stream = await openMedia(this.name, this.name === 'mic' ? deviceId : null);
      if (turn !== this.turn) return letGo(stream);
      this.untap();
      const tap = await this.engine.tap(stream, { onChunk: (message) => this.onChunk(message) });
      if (turn !== this.turn) {
        tap.close();
        return false;
      }
      this.hold(stream, tap);
    } catch (error) {
      if (stream !== null) letGo(stream);
      if (turn !== this.turn) return false;
      const problem = error instanceof CaptureError ? error.problem : 'failed';
      if (this.tap !== null) {
        // Another device was asked for and cannot be had: the one in use goes on.
        this.device = 'open';
        this.deviceProblem = problem;
        this.show();
        return false;
      }
      this.silence();
      return this.fail(statusOf(problem), problem);
    }
    const isRunning = await this.engine.resume();
    if (turn !== this.turn) return false;
    this.engineChanged(this.engine.state);
    return isRunning;
  }

  /** Let go of device and connection. */
  close(): void {
    this.turn += 1;
    this.device = 'off';
    this.deviceProblem = null;
    this.untap();
    const { turn, socket } = this;
    setTimeout(() => {
      if (turn === this.turn && socket === this.socket) this.silence();
    }, FLUSH_MS);
    this.show();
  }

  setMuted(on: boolean): void {
    this.state.muted = on;
    if (this.track !== null) this.track.enabled = !on;
    this.show();
  }

  /** Do what helps; must be called in a click's handler. */
  async mend(): Promise<boolean> {
    if (this.device === 'open' && this.track?.readyState === 'live') {
      this.socket?.retryNow();
      if (this.track.muted && this.name === 'mic') return this.open();
      const isRunning = await this.engine.resume();
      this.engineChanged(this.engine.state);
      return isRunning;
    }
    return this.open();
  }

  /** The page is in front again, or the network is back. */
  comeBack(): void {
    this.socket?.retryNow();
    if (this.device === 'open') void this.engine.resume();
  }

  engineChanged(state: EngineState): void {
    this.engineState = state;
    this.show();
  }

  capturedMs(atS: number): number | null {
    return this.clock.capturedMs(atS);
  }

  private hold(stream: MediaStream, tap: Tap): void {
    const track = stream.getAudioTracks()[0] as MediaStreamTrack;
    this.tap = tap;
    this.track = track;
    this.device = 'open';
    track.enabled = !this.state.muted;
    track.onended = () => void this.lost(track);
    // The system took the microphone away for a while, such as for a telephone call.
    track.onmute = track.onunmute = () => this.show();
    Object.assign(this.state, {
      applied: appliedTo(track),
      sampleRateHz: this.engine.rateHz,
      deviceLabel: track.label || null,
      deviceId: this.name === 'mic' ? (track.getSettings().deviceId ?? null) : null,
    });
    if (this.socket === null) this.join();
  }

  private async lost(track: MediaStreamTrack): Promise<void> {
    if (track !== this.track) return;
    const isDenied = this.name === 'mic' && (await isMicrophoneDenied());
    if (track !== this.track) return;
    this.turn += 1;
    this.untap();
    this.silence();
    if (isDenied) this.fail('denied', 'revoked');
    else this.fail('lost', this.name === 'mic' ? 'device-lost' : 'share-ended');
  }

  private join(): void {
    const { sessionId } = this;
    if (sessionId === null) return;
    this.socket = new AudioSocket({
      address: () => audioAddress(this.client, sessionId, this.name, this.token() !== null),
      backlog: this.backlog,
      clock: this.clock,
      onChange: () => this.show(),
    });
  }

  private disconnect(): void {
    const { socket } = this;
    this.socket = null;
    if (socket === null) return;
    socket.close();
    this.sentBeforeS += socket.sentS;
  }

  /** No connection, and nothing kept for one. */
  private silence(): void {
    this.disconnect();
    this.backlog.clear();
    this.count();
  }

  private untap(): void {
    const { tap, track } = this;
    this.tap = null;
    this.track = null;
    if (track !== null) track.onended = track.onmute = track.onunmute = null;
    tap?.close();
  }

  private onChunk({ samples, level }: ChunkMessage): void {
    this.state.level = this.tap === null ? 0 : level;
    this.socket?.send(samples, performance.now());
    this.count();
  }

  private fail(device: 'lost' | 'denied' | 'unsupported', problem: SourceProblem): false {
    this.device = device;
    this.deviceProblem = problem;
    this.show();
    return false;
  }

  private show(): void {
    const { state } = this;
    const [status, problem] = this.told();
    state.status = status;
    state.problem = problem;
    if (status !== 'live' && status !== 'reconnecting') state.level = 0;
    this.count();
  }

  private count(): void {
    const { socket, backlog, state } = this;
    state.sentS = this.sentBeforeS + (socket?.sentS ?? 0);
    state.waitingS = backlog.waitingS;
    state.droppedS = backlog.droppedS;
  }

  /** The one thing to say, what is nearest to the person first. */
  private told(): [SourceStatus, SourceProblem | null] {
    if (this.device !== 'open') return [this.device, this.deviceProblem];
    if (this.engineState === 'interrupted') return ['interrupted', 'interrupted'];
    if (this.name === 'mic' && this.track?.muted) return ['interrupted', 'interrupted'];
    if (this.engineState === 'suspended') return ['suspended', 'suspended'];
    const { socket } = this;
    // The person's part goes on; whether another session follows is for others to decide.
    if (socket?.problem === 'session-ended') return ['reconnecting', socket.problem];
    if (socket?.status === 'stopped') return ['lost', socket.problem];
    if (socket?.isMending) return ['reconnecting', socket.problem ?? 'unreachable'];
    return [this.state.muted ? 'muted' : 'live', socket?.problem ?? this.deviceProblem];
  }
}

function statusOf(problem: SourceProblem): 'lost' | 'denied' | 'unsupported' {
  if (problem === 'denied') return 'denied';
  return problem === 'no-capture' || problem === 'no-worklet' ? 'unsupported' : 'lost';
}

function letGo(stream: MediaStream): false {
  for (const track of stream.getTracks()) track.stop();
  return false;
}
