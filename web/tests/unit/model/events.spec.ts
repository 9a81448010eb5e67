import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AFFECTS, EVENT_NAMES, type EventName, parseEvent } from '@/model/events';

import { SESSION, reading, service, tone } from '../support/events';

const sound = { session_id: SESSION, confidence: 0.5, timestamp: 2 };
const GOOD: Record<EventName, object> = {
  'tone-event': tone({ prosody_flags: ['loud'], subtext: 'Speech is loud.' }),
  'affect-event': reading(),
  'service-event': service(),
  'environ-event': { event_type: 'environ', label: 'music', ...sound },
  'queue-event': { event_type: 'queue', label: 'busy', ...sound },
  'speaker-event': { event_type: 'speaker', label: 'speaker_a', ...sound },
  'transcript-event': { event_type: 'transcript', text: 'Hi.', speaker_id: 'speaker_a', ...sound },
  'session-end': { event_type: 'session_end', session_id: SESSION, reason: 'idle', last_seq: 3 },
};
const NAMES = Object.keys(EVENT_NAMES) as EventName[];

describe.each(NAMES)('%s', (name) => {
  it('is read as it was sent', () => {
    expect(parseEvent(name, JSON.stringify(GOOD[name]))).toEqual(GOOD[name]);
  });

  it('is not taken with a field missing or of another type', () => {
    for (const field of Object.keys(GOOD[name]).filter((key) => key !== 'event_type')) {
      const without = Object.fromEntries(Object.entries(GOOD[name]).filter(([key]) => key !== field));
      expect(parseEvent(name, JSON.stringify(without)), `without ${field}`).toBeNull();
      const wrong = JSON.stringify({ ...GOOD[name], [field]: [true] });
      expect(parseEvent(name, wrong), `${field} of another type`).toBeNull();
    }
  });

  it('may have fields that this page does not know', () => {
    const more = JSON.stringify({ ...GOOD[name], later: { a: 1 } });
    expect(parseEvent(name, more)).toMatchObject(GOOD[name]);
  });
});

it.each([
  ['tone-event', tone({ confidence: 1.01 })],
  ['tone-event', tone({ timestamp: -1 })],
  ['tone-event', tone({ affect: 'furious' as never })],
  ['tone-event', tone({ shift_direction: 'up' as never })],
  ['tone-event', tone({ prosody_flags: [1 as never] })],
  ['affect-event', reading({ arousal: -1.5 })],
  ['affect-event', reading({ distribution: { warm: 2 } })],
  ['service-event', service({ status: 'fine' as never })],
] as const)('%s out of its bounds is not taken', (name, event) => {
  expect(parseEvent(name, JSON.stringify(event))).toBeNull();
});

it('ends also for a reason that it does not know', () => {
  const end = { ...GOOD['session-end'], reason: 'eclipse' };
  expect(parseEvent('session-end', JSON.stringify(end))).toMatchObject({ reason: 'client' });
});

it('knows the ten affects of the wire', () => {
  for (const affect of AFFECTS) {
    expect(parseEvent('tone-event', JSON.stringify(tone({ affect })))).not.toBeNull();
  }
});

it('takes whatever it is sent without failing', () => {
  const names = fc.oneof(fc.constantFrom(...NAMES), fc.string(), fc.constantFrom('__proto__', 'toString'));
  fc.assert(
    fc.property(names, fc.oneof(fc.json(), fc.string()), (name, data) => {
      const event = parseEvent(name, data);
      expect(event === null || NAMES.includes(name as EventName)).toBe(true);
    }),
  );
});
