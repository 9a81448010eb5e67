import { mount } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextTick, ref, shallowRef } from 'vue';

import { useAnnouncer } from '@/composables/useAnnouncer';
import { createTexts } from '@/i18n';
import type { ToneEvent } from '@/model/events';
import { emptyView, reduce, type SessionView } from '@/model/reducer';
import type { StatusSaid } from '@/words/status';

import { reading, SESSION, tone } from '../support/events';
import { freshStore } from '../support/mounting';

const view = shallowRef<SessionView>(emptyView(SESSION));
const silent = shallowRef<ReadonlySet<string>>(new Set());
const status = ref<StatusSaid>({ key: 'status.listening', mark: 'on' });
const trouble = ref('');
const enabled = ref(true);
let announcer: ReturnType<typeof useAnnouncer>;

async function say(fields: Partial<ToneEvent>): Promise<string> {
  const timestamp = view.value.lastSeq;
  for (const event of [reading({ timestamp, ...pick(fields) }), tone({ timestamp, ...fields })]) {
    view.value = reduce(view.value, { seq: view.value.lastSeq + 1, event });
  }
  await nextTick();
  return announcer.said.value;
}
const pick = ({ speaker_id }: Partial<ToneEvent>): object => (speaker_id === undefined ? {} : { speaker_id });

beforeEach(() => {
  vi.useFakeTimers();
  freshStore();
  view.value = emptyView(SESSION);
  status.value = { key: 'status.listening', mark: 'on' };
  trouble.value = '';
  enabled.value = true;
  silent.value = new Set();
  mount(
    { setup: () => ((announcer = useAnnouncer({ view, silent, status, trouble, enabled })), () => null) },
    { global: { plugins: [createTexts('en')] } },
  );
});
afterEach(() => vi.useRealTimers());

describe('what a screen reader is told', () => {
  it('is a change of the tone, not a tone said again, however sure', async () => {
    expect(await say({ affect: 'warm', confidence: 0.9 })).toBe('Me: Warm, very sure.');
    vi.advanceTimersByTime(20_000);
    expect(await say({ affect: 'warm', confidence: 0.5 })).toBe('Me: Warm, very sure.');
    expect(await say({ affect: 'tired', shift_direction: 'de-escalating', shift_magnitude: 0.4 })).toBe(
      'Me: Tired, fairly sure, more at ease than before.',
    );
  });

  it('comes at most every five seconds, and then the newest', async () => {
    await say({ affect: 'warm' });
    await say({ affect: 'urgent' });
    expect(await say({ affect: 'tired' })).toContain('Warm');
    vi.advanceTimersByTime(5000);
    expect(announcer.said.value).toContain('Tired');
  });

  it('is nothing unasked where the reader wants none, and the current tone when asked', async () => {
    enabled.value = false;
    expect(await say({ affect: 'warm' })).toBe('');
    await say({ affect: 'urgent', speaker_id: 'speaker_b' });
    announcer.readCurrent();
    expect(announcer.said.value).toContain('Them: Urgent');
  });

  it('does not call a tone current of a voice that is no longer heard', async () => {
    await say({ affect: 'warm', timestamp: 62 });
    silent.value = new Set(['speaker_a']);
    announcer.readCurrent();
    expect(announcer.said.value).toBe('Me: last heard Warm, at 1:02.');
  });

  it('is heard again when asked again', async () => {
    await say({ affect: 'warm' });
    announcer.readCurrent();
    const once = announcer.said.value;
    announcer.readCurrent();
    expect(announcer.said.value).not.toBe(once);
    expect(announcer.said.value.trim()).toBe(once.trim());
  });

  it('is trouble, and its end', async () => {
    status.value = { key: 'status.retrying', mark: 'trouble' };
    await nextTick();
    expect(announcer.said.value).toBe('Connection lost, trying again.');
    vi.advanceTimersByTime(6000);
    status.value = { key: 'status.listening', mark: 'on' };
    await nextTick();
    expect(announcer.said.value).toBe('Listening.');
    vi.advanceTimersByTime(6000);
    trouble.value = 'No microphone was found.';
    await nextTick();
    expect(announcer.said.value).toBe('No microphone was found.');
  });

  it('says that there is nothing, when asked before the first tone', () => {
    announcer.readCurrent();
    expect(announcer.said.value).toBe('No tone yet.');
  });
});
