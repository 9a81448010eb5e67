/** Events as the server would send them, with what a test does not care about filled in. */

import type { AffectEvent, ServiceEvent, ToneEvent } from '@/model/events';

export const SESSION = 'session-1';

export function tone(fields: Partial<ToneEvent> = {}): ToneEvent {
  return {
    event_type: 'tone',
    label: 'Frustrated',
    confidence: 0.7,
    speaker_id: 'speaker_a',
    shift_magnitude: 0,
    timestamp: 1,
    session_id: SESSION,
    subtext: null,
    affect: 'frustrated',
    shift_direction: 'stable',
    prosody_flags: [],
    ...fields,
  };
}

export function reading(fields: Partial<AffectEvent> = {}): AffectEvent {
  return {
    event_type: 'affect',
    session_id: SESSION,
    timestamp: 1,
    speaker_id: 'speaker_a',
    speech: 1,
    arousal: 0.2,
    valence: -0.4,
    dominance: 0,
    distribution: { frustrated: 0.7, neutral: 0.3 },
    heard_s: 1,
    ...fields,
  };
}

export function service(fields: Partial<ServiceEvent> = {}): ServiceEvent {
  return {
    event_type: 'service',
    session_id: SESSION,
    status: 'ready',
    detail: 'Ready to listen.',
    ...fields,
  };
}
