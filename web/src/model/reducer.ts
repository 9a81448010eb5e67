/**
 * From events to what is on the page: one pure function.
 *
 * Repeated and late events cannot corrupt the state: each is known by its number. Knows nothing of
 * transport, clocks or the screen. State is never changed in place.
 */

import type {
  AffectEvent,
  EndReason,
  EnvironEvent,
  LoggedTone,
  QueueEvent,
  ServiceEvent,
  ServiceStatus,
  SpeakerEvent,
  ToneEvent,
  TranscriptEvent,
  WireEvent,
} from './events';
import { type Gap, mark } from './gaps';
import { EMPTY_TRACE, type Trace, addReading } from './trace';

/** Tones kept for the page; the whole session is in the export. */
export const TONES_MAX = 500;

/** Lines of transcript kept. */
export const TRANSCRIPTS_MAX = 100;

/** Lanes kept: more voices than this in one session are not told apart by anybody. */
export const LANES_MAX = 16;

/** From here on a window counts as speech (the gate's own middle). */
export const SPEECH_FLOOR = 0.5;

/**
 * Speech for so long without a tone named is "not sure". A tone that holds is said again every
 * second; twice that and a half allows for one that comes late.
 */
export const UNSURE_AFTER_S = 2.5;

/** Speech heard after which a voice is measured against its own habit (the shipped models'). */
export const BASELINE_S = 8;

/** One event with its number in the session; `session_end` has none. */
export interface SequencedEvent {
  seq: number | null;
  event: WireEvent;
  /** Read from history, which has tones only, instead of from a stream. */
  polled?: boolean;
}

/** How far the habit of a voice has been learnt. */
export interface Baseline {
  heardS: number;
  known: boolean;
  /** 0..1 */
  progress: number;
}

/** The latest reading of a voice. */
export interface Reading {
  seq: number;
  timeS: number;
  speech: number;
  arousal: number | null;
  valence: number | null;
  dominance: number | null;
  distribution: AffectEvent['distribution'];
}

/** What is known of one voice. */
export interface Lane {
  speakerId: string;
  /** The last tone named, whether or not it still holds. */
  tone: LoggedTone | null;
  /** The last tone that went up or down. */
  shift: LoggedTone | null;
  reading: Reading | null;
  /** Speech in the latest reading. */
  speaking: boolean;
  /** Where the present stretch of speech began, seconds of audio. */
  speakingSinceS: number | null;
  /** When speech was last heard, seconds of audio. */
  lastSpeechS: number | null;
  /** Somebody speaks, and no tone passes the floor. */
  unsure: boolean;
  baseline: Baseline;
}

export interface Numbered<T> {
  seq: number;
  event: T;
}

/** A session as far as it has been seen. */
export interface SessionView {
  sessionId: string;
  /** Highest number seen; 0 before the first. */
  lastSeq: number;
  /** Numbers not seen below it. */
  gaps: readonly Gap[];
  /** By speaker id, in order of appearance. */
  lanes: Readonly<Record<string, Lane>>;
  /** By number, the newest last; at most {@link TONES_MAX}. */
  tones: readonly LoggedTone[];
  /** All tones ever seen, also those no longer kept. */
  toneCount: number;
  /** By speaker id. */
  traces: Readonly<Record<string, Trace>>;
  /** The latest stage. */
  service: Numbered<ServiceEvent> | null;
  /** The latest stage where it is a warning or an error. */
  trouble: Numbered<ServiceEvent> | null;
  environ: Numbered<EnvironEvent> | null;
  /** What the line carries; null again once somebody speaks. */
  queue: Numbered<QueueEvent> | null;
  speaker: Numbered<SpeakerEvent> | null;
  transcripts: readonly Numbered<TranscriptEvent>[];
  ended: { reason: EndReason; lastSeq: number } | null;
}

/** A session of which nothing has been seen. */
export function emptyView(sessionId = ''): SessionView {
  return {
    sessionId,
    lastSeq: 0,
    gaps: [],
    lanes: {},
    tones: [],
    toneCount: 0,
    traces: {},
    service: null,
    trouble: null,
    environ: null,
    queue: null,
    speaker: null,
    transcripts: [],
    ended: null,
  };
}

/** `view` after one event; the same object when the event changes nothing. */
export function reduce(view: SessionView, sequenced: SequencedEvent): SessionView {
  const { event, seq } = sequenced;
  if (event.session_id !== view.sessionId) return view;
  if (event.event_type === 'session_end') return ended(view, event.reason, event.last_seq);
  if (seq === null || !Number.isSafeInteger(seq) || seq < 1) return view;
  const seen = mark(view, seq, sequenced.polled ?? false);
  if (seen === null) return view;
  return applied({ ...view, ...seen }, seq, event);
}

type LoggedEvent = Exclude<WireEvent, { event_type: 'session_end' }>;

function applied(view: SessionView, seq: number, event: LoggedEvent): SessionView {
  switch (event.event_type) {
    case 'tone':
      return withTone(view, seq, event);
    case 'affect':
      return withReading(view, seq, event);
    case 'service':
      return withService(view, { seq, event });
    case 'environ':
      return { ...view, environ: later(view.environ, { seq, event }) };
    case 'queue':
      return withQueue(view, { seq, event });
    case 'speaker':
      return { ...view, speaker: later(view.speaker, { seq, event }) };
    case 'transcript':
      return {
        ...view,
        transcripts: inserted(view.transcripts, { seq, event }, TRANSCRIPTS_MAX),
      };
  }
}

function withTone(view: SessionView, seq: number, event: ToneEvent): SessionView {
  const tone: LoggedTone = { ...event, seq };
  const next = {
    ...view,
    tones: inserted(view.tones, tone, TONES_MAX),
    toneCount: view.toneCount + 1,
    queue: view.queue !== null && view.queue.seq < seq ? null : view.queue,
  };
  return withLane(next, event.speaker_id, (lane) => ({
    ...lane,
    tone: later(lane.tone, tone),
    shift: event.shift_direction === 'stable' ? lane.shift : later(lane.shift, tone),
    // A late tone says nothing about now.
    unsure: seq > (lane.reading?.seq ?? 0) ? false : lane.unsure,
  }));
}

function withReading(view: SessionView, seq: number, event: AffectEvent): SessionView {
  const { speaker_id: speakerId, timestamp: timeS, arousal, valence } = event;
  let traces = view.traces;
  if (arousal !== null && valence !== null && (Object.hasOwn(traces, speakerId) || hasRoom(view, speakerId))) {
    const trace = Object.hasOwn(traces, speakerId) ? traces[speakerId] : undefined;
    traces = { ...traces, [speakerId]: addReading(trace ?? EMPTY_TRACE, timeS, arousal, valence) };
  }
  return withLane({ ...view, traces }, speakerId, (lane) => read(lane, seq, event));
}

function read(lane: Lane, seq: number, event: AffectEvent): Lane {
  const heardS = Math.max(lane.baseline.heardS, event.heard_s);
  const baseline = baselineOf(heardS, lane.baseline.known);
  if (seq < (lane.reading?.seq ?? 0)) return { ...lane, baseline };
  const timeS = event.timestamp;
  const speaking = event.speech >= SPEECH_FLOOR;
  const speakingSinceS = speaking ? (lane.speakingSinceS ?? timeS) : null;
  // A tone from before this stretch of speech does not speak for it.
  const namedS = Math.max(speakingSinceS ?? timeS, lane.tone?.timestamp ?? 0);
  return {
    ...lane,
    baseline,
    reading: {
      seq,
      timeS,
      speech: event.speech,
      arousal: event.arousal,
      valence: event.valence,
      dominance: event.dominance,
      distribution: event.distribution,
    },
    speaking,
    speakingSinceS,
    lastSpeechS: speaking ? timeS : lane.lastSpeechS,
    unsure: speaking && timeS - namedS >= UNSURE_AFTER_S,
  };
}

const TROUBLE: readonly ServiceStatus[] = ['warning', 'error'];

/** How a stage that belongs to one voice is worded by the server. */
const HABIT = /^(calibrating|listening): .*?\b(speaker_\w+)/;

function withService(view: SessionView, stage: Numbered<ServiceEvent>): SessionView {
  const habit = HABIT.exec(stage.event.detail);
  if (stage.event.status === 'listening' && habit !== null) {
    // Not a stage of the service but of one voice: its lane says it.
    const isKnown = habit[1] === 'listening';
    return withLane(view, habit[2] as string, (lane) => ({
      ...lane,
      baseline: baselineOf(lane.baseline.heardS, lane.baseline.known || isKnown),
    }));
  }
  const service = later(view.service, stage);
  return { ...view, service, trouble: TROUBLE.includes(service.event.status) ? service : null };
}

function withQueue(view: SessionView, heard: Numbered<QueueEvent>): SessionView {
  const spokenSeq = view.tones[view.tones.length - 1]?.seq ?? 0;
  return heard.seq < spokenSeq ? view : { ...view, queue: later(view.queue, heard) };
}

function ended(view: SessionView, reason: EndReason, lastSeq: number): SessionView {
  if (view.ended !== null) return view;
  const missing: Gap[] =
    lastSeq > view.lastSeq ? [{ from: view.lastSeq + 1, to: lastSeq, polled: false }] : [];
  return {
    ...view,
    ended: { reason, lastSeq },
    gaps: [...view.gaps, ...missing],
    lastSeq: Math.max(view.lastSeq, lastSeq),
    lanes: Object.fromEntries(
      Object.entries(view.lanes).map(([id, lane]) => [id, { ...lane, speaking: false, unsure: false }]),
    ),
  };
}

/** The session, once it has learnt how a voice usually sounds. */
export function acquaintedIn({ sessionId, lanes }: SessionView): string | null {
  return Object.values(lanes).some(({ baseline }) => baseline.known) ? sessionId : null;
}

function baselineOf(heardS: number, told: boolean): Baseline {
  const known = told || heardS >= BASELINE_S;
  return { heardS, known, progress: known ? 1 : heardS / BASELINE_S };
}

function withLane(view: SessionView, speakerId: string, change: (lane: Lane) => Lane): SessionView {
  const lane = Object.hasOwn(view.lanes, speakerId) ? view.lanes[speakerId] : undefined;
  if (lane === undefined && !hasRoom(view, speakerId)) return view;
  return { ...view, lanes: { ...view.lanes, [speakerId]: change(lane ?? emptyLane(speakerId)) } };
}

function hasRoom(view: SessionView, speakerId: string): boolean {
  return Object.hasOwn(view.lanes, speakerId) || Object.keys(view.lanes).length < LANES_MAX;
}

function emptyLane(speakerId: string): Lane {
  return {
    speakerId,
    tone: null,
    shift: null,
    reading: null,
    speaking: false,
    speakingSinceS: null,
    lastSpeechS: null,
    unsure: false,
    baseline: baselineOf(0, false),
  };
}

function later<T extends { seq: number }>(present: T | null, arrived: T): T {
  return present === null || arrived.seq > present.seq ? arrived : present;
}

/** `list`, which is in order of numbers, with `entry` in its place and only the newest `most` kept. */
function inserted<T extends { seq: number }>(list: readonly T[], entry: T, most: number): readonly T[] {
  let at = list.length;
  while (at > 0 && (list[at - 1] as T).seq > entry.seq) at -= 1; // Nearly always the end.
  if (at === 0 && list.length >= most) return list;
  const grown = [...list.slice(0, at), entry, ...list.slice(at)];
  return grown.length > most ? grown.slice(grown.length - most) : grown;
}
