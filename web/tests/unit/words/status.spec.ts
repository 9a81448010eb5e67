import { describe, expect, it } from 'vitest';

import { statusSaid, type StatusKnown } from '@/words/status';

const well: StatusKnown = {
  phase: 'running',
  server: true,
  connection: 'open',
  retryInS: null,
  stage: 'listening',
  trouble: null,
  synthetic: false,
  learning: false,
  muted: false,
  deaf: false,
  paused: false,
};

const said = (fields: Partial<StatusKnown>): string => statusSaid({ ...well, ...fields }).key;

describe('statusSaid', () => {
  it('tells the stages of a session in order', () => {
    expect(said({ phase: 'idle', server: null })).toBe('status.checking');
    expect(said({ phase: 'idle', server: false })).toBe('status.down');
    expect(said({ phase: 'idle' })).toBe('status.idle');
    expect(said({ phase: 'starting' })).toBe('status.starting');
    expect(said({ connection: 'connecting', stage: null })).toBe('status.connecting');
    expect(said({ stage: 'loading' })).toBe('status.loading');
    expect(said({ stage: 'ready' })).toBe('status.ready');
    expect(said({ learning: true })).toBe('status.learning');
    expect(said({})).toBe('status.listening');
    expect(said({ phase: 'ending' })).toBe('status.ending');
    expect(said({ phase: 'continuing' })).toBe('status.continuing');
    expect(said({ phase: 'ended' })).toBe('status.ended');
    expect(said({ connection: 'ended' })).toBe('status.ended');
  });

  it('says a lost connection before anything that is only thought to be well', () => {
    expect(statusSaid({ ...well, connection: 'retrying', retryInS: 3.2, paused: true })).toEqual({
      key: 'status.retryingIn',
      values: { seconds: 4 },
      mark: 'trouble',
    });
    expect(said({ connection: 'retrying', retryInS: 0.2 })).toBe('status.retrying');
    expect(said({ connection: 'refused', trouble: 'warning' })).toBe('status.refused');
  });

  it('says trouble, and a paused view before a warning', () => {
    expect(said({ trouble: 'error', paused: true })).toBe('status.error');
    expect(said({ trouble: 'warning', paused: true })).toBe('status.paused');
    expect(said({ trouble: 'warning' })).toBe('status.warning');
    expect(said({ connection: 'polling' })).toBe('status.polling');
  });

  it('never calls a synthetic conversation listening', () => {
    expect(said({ synthetic: true })).toBe('status.synthetic');
  });

  it('never says listening where nothing can be heard, and connection troubles before that', () => {
    expect(said({ deaf: true })).toBe('status.noSource');
    expect(said({ deaf: true, stage: 'ready' })).toBe('status.noSource');
    expect(said({ deaf: true, connection: 'retrying' })).toBe('status.retrying');
    expect(said({ deaf: true, synthetic: true })).toBe('status.synthetic');
  });

  it('says muted when no source is heard', () => {
    expect(statusSaid({ ...well, muted: true })).toEqual({ key: 'status.muted', mark: 'paused' });
  });
});
