/**
 * Every event of a session's stream, as the server sends it.
 *
 * Owns the types and the one place that turns untrusted JSON into them. Names and fields of the
 * tone event are locked: they are the server's wire format. Knows nothing of transport or state.
 */

export const AFFECTS = [
  'neutral',
  'warm',
  'frustrated',
  'confused',
  'apologetic',
  'scripted',
  'genuine',
  'dismissive',
  'urgent',
  'tired',
] as const;

export type Affect = (typeof AFFECTS)[number];

export const SHIFT_DIRECTIONS = ['stable', 'escalating', 'de-escalating'] as const;

export type ShiftDirection = (typeof SHIFT_DIRECTIONS)[number];

export const PROSODY_FLAGS = [
  'raised_pitch',
  'lowered_pitch',
  'lively_pitch',
  'flat_pitch',
  'loud',
  'quiet',
  'fast',
  'slow',
  'tense',
  'breathy',
] as const;

export type ProsodyFlag = (typeof PROSODY_FLAGS)[number];

export const SERVICE_STATUSES = ['loading', 'ready', 'listening', 'warning', 'error'] as const;

export type ServiceStatus = (typeof SERVICE_STATUSES)[number];

export const END_REASONS = [
  'client',
  'idle',
  'shutdown',
  'interrupted',
  'error',
  'complete',
  'abandoned',
] as const;

export type EndReason = (typeof END_REASONS)[number];

export const ENVIRON_LABELS = ['quiet', 'noise', 'music'] as const;

export type EnvironLabel = (typeof ENVIRON_LABELS)[number];

export const QUEUE_LABELS = [
  'ringback',
  'busy',
  'dtmf_tone',
  'silence',
  'dead_air',
  'hold_music',
] as const;

export type QueueLabel = (typeof QUEUE_LABELS)[number];

/** The locked event. `confidence` and `shift_magnitude` lie in 0..1, `timestamp` is seconds of audio. */
export interface ToneEvent {
  event_type: 'tone';
  label: string;
  confidence: number;
  speaker_id: string;
  shift_magnitude: number;
  timestamp: number;
  session_id: string;
  subtext: string | null;
  affect: Affect;
  shift_direction: ShiftDirection;
  prosody_flags: string[];
}

/** A tone as history and export give it: with its number in the session. */
export interface LoggedTone extends ToneEvent {
  seq: number;
  correction?: Correction | null;
}

/** What a person says an event should have been, and when (seconds since 1970) they said so. */
export interface Correction {
  label?: string;
  affect?: Affect;
  note?: string;
  at: number;
}

/** The reading behind the labels: `speech` 0..1, the dimensions -1..1 or null where nobody speaks. */
export interface AffectEvent {
  event_type: 'affect';
  session_id: string;
  timestamp: number;
  speaker_id: string;
  speech: number;
  arousal: number | null;
  valence: number | null;
  dominance: number | null;
  distribution: Partial<Record<Affect, number>>;
  /** Seconds of this voice's speech heard so far. */
  heard_s: number;
}

export interface ServiceEvent {
  event_type: 'service';
  session_id: string;
  status: ServiceStatus;
  detail: string;
}

export interface EnvironEvent {
  event_type: 'environ';
  session_id: string;
  label: EnvironLabel;
  confidence: number;
  timestamp: number;
}

export interface QueueEvent {
  event_type: 'queue';
  session_id: string;
  label: QueueLabel;
  confidence: number;
  timestamp: number;
}

export interface SpeakerEvent {
  event_type: 'speaker';
  session_id: string;
  label: string;
  confidence: number;
  timestamp: number;
}

export interface TranscriptEvent {
  event_type: 'transcript';
  session_id: string;
  text: string;
  speaker_id: string;
  confidence: number;
  timestamp: number;
}

/** The last thing a stream says. It has no number: it belongs to the stream, not to the log. */
export interface SessionEndEvent {
  event_type: 'session_end';
  session_id: string;
  reason: EndReason;
  last_seq: number;
}

export type WireEvent =
  | ToneEvent
  | AffectEvent
  | ServiceEvent
  | EnvironEvent
  | QueueEvent
  | SpeakerEvent
  | TranscriptEvent
  | SessionEndEvent;

/** Name on the stream (`event:`) to the `event_type` of its data. */
export const EVENT_NAMES = {
  'tone-event': 'tone',
  'affect-event': 'affect',
  'service-event': 'service',
  'environ-event': 'environ',
  'queue-event': 'queue',
  'speaker-event': 'speaker',
  'transcript-event': 'transcript',
  'session-end': 'session_end',
} as const satisfies Record<string, WireEvent['event_type']>;

export type EventName = keyof typeof EVENT_NAMES;

type Fields = Record<string, unknown>;

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);
const isWithin = (value: unknown, least: number, most: number): value is number =>
  isNumber(value) && value >= least && value <= most;
const isUnit = (value: unknown): value is number => isWithin(value, 0, 1);
const isSignedOrNull = (value: unknown): boolean => value === null || isWithin(value, -1, 1);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isSeconds = (value: unknown): boolean => isNumber(value) && value >= 0;
const isOneOf = (words: readonly string[], value: unknown): boolean =>
  isText(value) && words.includes(value);

const CHECKS: Record<WireEvent['event_type'], (data: Fields) => boolean> = {
  tone: (data) =>
    isText(data.label) &&
    isUnit(data.confidence) &&
    isText(data.speaker_id) &&
    isUnit(data.shift_magnitude) &&
    isSeconds(data.timestamp) &&
    (data.subtext === null || isText(data.subtext)) &&
    isOneOf(AFFECTS, data.affect) &&
    isOneOf(SHIFT_DIRECTIONS, data.shift_direction) &&
    Array.isArray(data.prosody_flags) &&
    data.prosody_flags.every(isText),
  affect: (data) =>
    isSeconds(data.timestamp) &&
    isText(data.speaker_id) &&
    isUnit(data.speech) &&
    isSignedOrNull(data.arousal) &&
    isSignedOrNull(data.valence) &&
    isSignedOrNull(data.dominance) &&
    typeof data.distribution === 'object' &&
    data.distribution !== null &&
    Object.values(data.distribution).every(isUnit) &&
    isSeconds(data.heard_s),
  service: (data) => isOneOf(SERVICE_STATUSES, data.status) && isText(data.detail),
  environ: (data) =>
    isOneOf(ENVIRON_LABELS, data.label) && isUnit(data.confidence) && isSeconds(data.timestamp),
  queue: (data) =>
    isOneOf(QUEUE_LABELS, data.label) && isUnit(data.confidence) && isSeconds(data.timestamp),
  speaker: (data) => isText(data.label) && isUnit(data.confidence) && isSeconds(data.timestamp),
  transcript: (data) =>
    isText(data.text) &&
    isText(data.speaker_id) &&
    isUnit(data.confidence) &&
    isSeconds(data.timestamp),
  session_end: (data) => isText(data.reason) && isCount(data.last_seq),
};

/**
 * The event in one block of a stream, or null when it is none that this page knows or trusts.
 *
 * @param name what stood after `event:`
 * @param data what stood after `data:`
 */
export function parseEvent(name: string, data: string): WireEvent | null {
  const type = Object.hasOwn(EVENT_NAMES, name) ? EVENT_NAMES[name as EventName] : undefined;
  if (type === undefined) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    return null;
  }
  return checkEvent(type, parsed);
}

/** `data` as the event of that type, or null when a field is missing, ill-typed or out of range. */
export function checkEvent<T extends WireEvent['event_type']>(
  type: T,
  data: unknown,
): Extract<WireEvent, { event_type: T }> | null {
  if (typeof data !== 'object' || data === null) return null;
  const fields = data as Fields;
  if (!isText(fields.session_id) || !CHECKS[type](fields)) return null;
  const event: Fields = { ...fields, event_type: type };
  // A reason of a later server is no reason to go on waiting for the end.
  if (type === 'session_end' && !isOneOf(END_REASONS, fields.reason)) event.reason = 'client';
  return event as unknown as Extract<WireEvent, { event_type: T }>;
}
