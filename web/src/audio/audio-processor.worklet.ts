/**
 * The part of capture that runs on the audio thread: blocks of the engine in, chunks for the wire
 * out. One message and one allocation per 100 ms; none per sample.
 */

import { Chunker } from './chunker';
import { type ChunkMessage, PROCESSOR, type StopMessage } from './messages';

class AudioProcessor extends AudioWorkletProcessor {
  private stopped = false;

  private readonly chunker = new Chunker(sampleRate, (samples, level) => {
    const message: ChunkMessage = { samples, level };
    this.port.postMessage(message, [samples.buffer]);
  });

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<StopMessage>) => {
      if (data.type !== 'stop') return;
      this.stopped = true;
      this.chunker.flush();
    };
  }

  // The output stays silent: nobody is to hear themselves.
  process(inputs: Float32Array[][]): boolean {
    const channels = inputs[0];
    if (!this.stopped && channels !== undefined) this.chunker.push(channels);
    return !this.stopped;
  }
}

registerProcessor(PROCESSOR, AudioProcessor);
