import { beforeEach, describe, expect, it } from 'vitest';

import type { SourceState } from '@/audio/types';
import SourceRow from '@/components/SourceRow.vue';

import { freshStore, mounted } from '../support/mounting';

const off: SourceState = {
  status: 'off', level: 0, applied: null, sampleRateHz: null, deviceLabel: null, deviceId: null,
  sentS: 0, waitingS: 0, droppedS: 0, problem: null, muted: false,
};

const show = (state: Partial<SourceState>) => mounted(SourceRow, { source: 'mic', state: { ...off, ...state } });
const buttons = (row: ReturnType<typeof show>) => row.findAll('button').map((button) => button.text());

beforeEach(() => freshStore());

describe('a source', () => {
  it('offers what can be done in each state', () => {
    expect(buttons(show({}))).toEqual(['Switch on: Microphone']);
    expect(buttons(show({ status: 'live' }))).toEqual(['Mute: Microphone', 'Switch off: Microphone']);
    expect(buttons(show({ status: 'muted', muted: true }))).toEqual(['Unmute: Microphone', 'Switch off: Microphone']);
    expect(buttons(show({ status: 'asking' }))).toEqual([]);
  });

  it('asks for the opposite of how it is muted', async () => {
    const row = show({ status: 'live' });
    await row.get('button').trigger('click');
    expect(row.emitted('mute')).toEqual([[true]]);
  });

  it('ends every trouble that a person can mend in a sentence and a button', async () => {
    const row = show({ status: 'denied', problem: 'revoked' });
    expect(row.text()).toContain('The permission to listen was taken back.');
    expect(buttons(row)).toEqual(['Try again: Microphone']);
    await row.get('button').trigger('click');
    expect(row.emitted('mend')).toHaveLength(1);
  });

  it('has room for another device where one would help, and only there', () => {
    const slots = { default: () => 'the other microphones' };
    const row = (state: Partial<SourceState>) =>
      mounted(SourceRow, { source: 'mic', state: { ...off, ...state } }, 'en', slots).text();
    expect(row({ status: 'lost', problem: 'device-lost' })).toContain('the other microphones');
    expect(row({ status: 'denied', problem: 'denied' })).not.toContain('the other microphones');
    expect(row({ status: 'live' })).not.toContain('the other microphones');
  });

  it('offers no button where none would help', () => {
    const row = show({ status: 'unsupported', problem: 'no-display-capture' });
    expect(row.text()).toContain('cannot share the sound of a tab');
    expect(buttons(row)).toEqual([]);
  });

  it('shows how loud it is to eyes and to tools, and silence while muted', () => {
    expect(show({ status: 'live', level: 0.5 }).get('[role=meter]').attributes('aria-valuenow')).toBe('50');
    expect(show({ status: 'muted', level: 0.5 }).get('[role=meter]').attributes('aria-valuenow')).toBe('0');
  });

  it('counts what was left out', () => {
    expect(show({ status: 'live', droppedS: 2.34 }).text()).toContain('2.3 s of sound could not be sent');
    expect(show({ status: 'live', droppedS: 0 }).text()).not.toContain('could not be sent');
  });
});
