/**
 * From a MediaStream to chunks: one audio engine for the page, one worklet node per source.
 *
 * Owns the AudioContext. It runs at the rate the device has: asking for 16 kHz makes some browsers
 * throw, so resampling is the worklet's.
 */

import { CaptureError } from './media';
import { type ChunkMessage, PROCESSOR, type StopMessage } from './messages';

import workletUrl from './audio-processor.worklet.ts?worker&url';

/** `interrupted` is newer than the type library. */
export type EngineState = AudioContextState | 'interrupted';

export interface Tap {
  /** Give out what is left, and let go of the device. */
  close(): void;
}

export interface TapHandlers {
  onChunk: (message: ChunkMessage) => void;
}

/** How long starting or resuming may take before it counts as waiting for the person. */
const RESUME_DEADLINE_MS = 1_500;

export class AudioEngine {
  private context: AudioContext | null = null;
  private loading: Promise<void> | null = null;

  /** @param onState told of every change of state, with the state */
  constructor(private readonly onState: (state: EngineState) => void) {}

  get state(): EngineState {
    return this.context === null ? 'closed' : this.context.state;
  }

  get rateHz(): number | null {
    return this.context?.sampleRate ?? null;
  }

  /**
   * Make the engine. To be called before anything is awaited in the handler of a click: only then
   * may it run at once.
   */
  prepare(): void {
    if (this.context !== null && this.context.state !== 'closed') return;
    const context = new AudioContext({ latencyHint: 'balanced' });
    this.context = context;
    context.onstatechange = () => {
      if (this.context === context) this.onState(context.state);
    };
    this.loading = context.audioWorklet.addModule(workletUrl);
    this.loading.catch(() => undefined); // Reported by the one who waits for it.
  }

  /** Let it run; false when it still does not (it waits for a click, or was taken away). */
  async resume(): Promise<boolean> {
    const { context } = this;
    if (context === null || context.state === 'closed') return false;
    if (context.state !== 'running') {
      // The promise of a context that may not run stays open for ever.
      await Promise.race([context.resume().catch(() => undefined), delay(RESUME_DEADLINE_MS)]);
    }
    return (context.state as EngineState) === 'running';
  }

  /**
   * Take chunks from a stream.
   *
   * @throws CaptureError
   */
  async tap(stream: MediaStream, handlers: TapHandlers): Promise<Tap> {
    const { context, loading } = this;
    if (context === null || loading === null) throw new CaptureError('failed');
    try {
      await loading;
    } catch {
      throw new CaptureError('no-worklet');
    }
    const source = context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(context, PROCESSOR, {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      outputChannelCount: [1],
    });
    node.port.onmessage = ({ data }: MessageEvent<ChunkMessage>) => handlers.onChunk(data);
    source.connect(node);
    // Silent, yet connected: some engines only run what leads to the speakers.
    node.connect(context.destination);
    return {
      close: () => {
        const stop: StopMessage = { type: 'stop' };
        node.port.postMessage(stop);
        source.disconnect();
        node.disconnect();
        for (const track of stream.getTracks()) track.stop();
      },
    };
  }

  /** Let go of the engine; {@link prepare} makes a new one. */
  close(): void {
    const { context } = this;
    this.context = null;
    this.loading = null;
    if (context !== null && context.state !== 'closed') void context.close().catch(() => undefined);
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
