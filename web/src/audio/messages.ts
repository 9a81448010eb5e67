/** What the worklet and the page say to each other. */

/** Name under which the processor is registered. */
export const PROCESSOR = 'audio-processor';

/** Worklet to page: one chunk for the wire. Its buffer is transferred. */
export interface ChunkMessage {
  samples: Int16Array<ArrayBuffer>;
  /** 0..1, for a meter. */
  level: number;
}

/** Page to worklet: give out what is left and end. */
export interface StopMessage {
  type: 'stop';
}
