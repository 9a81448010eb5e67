/** What a source of audio is like, as the page shows it. */

/** Where audio comes from: `mic` is `speaker_a` ("me"), `tab` is `speaker_b` ("them"). */
export type SourceName = 'mic' | 'tab';

export type SourceStatus =
  | 'off'
  /** The browser is asking the person. */
  | 'asking'
  | 'live'
  /** Live, and sends silence. */
  | 'muted'
  /** The audio engine waits for a click (autoplay rules). */
  | 'suspended'
  /** Something else took the audio engine: a phone call, another app. */
  | 'interrupted'
  /** The device was unplugged, or the other side stopped sharing. */
  | 'lost'
  /** The person, the browser or the system said no. */
  | 'denied'
  /** This browser cannot do it, or no such device exists. */
  | 'unsupported'
  /** Capturing goes on; the connection to the server does not. */
  | 'reconnecting';

/** Why a source is not simply live: a key into the catalogue of texts. */
export type SourceProblem =
  /** Permission refused or dismissed. */
  | 'denied'
  /** Permission was there and was taken away. */
  | 'revoked'
  | 'no-device'
  /** Another program holds the device. */
  | 'device-busy'
  /** The device went away while it was in use. */
  | 'device-lost'
  /** Sharing was stopped from the browser's own bar. */
  | 'share-ended'
  /** Something was shared, without sound. */
  | 'no-audio-shared'
  /** No getUserMedia here (an old browser, or a page that is not secure). */
  | 'no-capture'
  /** No getDisplayMedia here (phones). */
  | 'no-display-capture'
  /** Neither AudioWorklet nor a way around it. */
  | 'no-worklet'
  | 'suspended'
  | 'interrupted'
  /** The server cannot be reached; it is tried again. */
  | 'unreachable'
  /** The session has ended on the server. */
  | 'session-ended'
  | 'session-unknown'
  | 'not-allowed'
  /** Another window feeds this source already. */
  | 'source-taken'
  /** The server takes no more for now: it gets audio faster than it can hear. */
  | 'overrun'
  | 'failed';

/** What the browser really applied of what was asked for; null where it does not say. */
export interface AppliedProcessing {
  echoCancellation: boolean | null;
  noiseSuppression: boolean | null;
  autoGainControl: boolean | null;
}

/** One source; reactive where a composable hands it out. */
export interface SourceState {
  status: SourceStatus;
  /** Loudness for a meter, 0..1, linear in decibels from -60 to 0. */
  level: number;
  applied: AppliedProcessing | null;
  /** The device's own rate, before resampling. */
  sampleRateHz: number | null;
  /** The device's own name. */
  deviceLabel: string | null;
  deviceId: string | null;
  /** Audio the server has acknowledged. */
  sentS: number;
  /** Audio that waits to be sent. */
  waitingS: number;
  /** Audio given up: unsent for too long, or refused. */
  droppedS: number;
  problem: SourceProblem | null;
  /** Muted by the person; kept through trouble. */
  muted: boolean;
}
