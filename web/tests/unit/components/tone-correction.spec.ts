import { flushPromises } from '@vue/test-utils';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import ToneCorrection from '@/components/ToneCorrection.vue';
import { toneSpans, type ToneSpan } from '@/model/spans';
import { useSessionStore } from '@/stores/session';
import { useSettings } from '@/stores/settings';

import { SESSION, tone } from '../support/events';
import { freshStore, mounted } from '../support/mounting';
import { FakeEventSource, FakeServer, json } from '../support/server';

const before = { ...tone({ timestamp: 1 }), seq: 3 };
const surest = { ...tone({ timestamp: 2, confidence: 0.9 }), seq: 5 };
const [span] = toneSpans([before, surest]) as [ToneSpan];

/** What the server keeps beside event 5. */
let kept: object | null = null;
let server: FakeServer;

function answer(path: string): Response {
  if (path.includes('/history')) {
    const events = [before, kept === null ? surest : { ...surest, correction: kept }];
    return json({ session_id: SESSION, count: 2, events });
  }
  if (path.includes('/correction')) {
    const asked = server.asked.at(-1);
    kept = asked?.method === 'PUT' ? { ...(JSON.parse(asked.body) as object), at: 1 } : null;
    return json({ session_id: SESSION, seq: 5, correction: kept });
  }
  return json({ session_id: SESSION, state: 'stopped', elcor: false, tier: 'free' });
}

async function show() {
  await useSessionStore().attach(SESSION);
  const part = mounted(ToneCorrection, { span });
  await flushPromises();
  return part;
}
type Part = Awaited<ReturnType<typeof show>>;

async function press(part: Part, name: string): Promise<void> {
  await part.findAll('button').find((button) => button.text() === name)?.trigger('click');
  await flushPromises();
}

beforeEach(() => {
  kept = null;
  freshStore();
  document.body.innerHTML = '';
  server = new FakeServer(answer);
  vi.stubGlobal('fetch', server.fetch);
  vi.stubGlobal('EventSource', FakeEventSource);
});

describe('the correction of a tone', () => {
  it('takes another word and a note, for the surest event of the stretch', async () => {
    const part = await show();
    await press(part, 'Correct this');
    expect(document.activeElement).toBe(part.get('select').element);
    expect(part.findAll('option').map((option) => option.text())).not.toContain('Frustrated');
    await part.get('select').setValue('tired');
    await part.get('input').setValue('  end of a long day ');
    await part.get('form').trigger('submit');
    await flushPromises();
    const sent = server.to('/correction')[0];
    expect(sent?.path).toBe(`/session/${SESSION}/events/5/correction`);
    expect(JSON.parse(sent?.body ?? '')).toEqual({ affect: 'tired', note: 'end of a long day' });
    expect(part.text()).toContain('You corrected this: Tired');
    expect(part.text()).toContain('end of a long day');
    expect(document.activeElement?.textContent).toContain('You corrected this');
  });

  it('sends no note where none was written', async () => {
    const part = await show();
    await press(part, 'Correct this');
    await part.get('select').setValue('warm');
    await part.get('form').trigger('submit');
    await flushPromises();
    expect(JSON.parse(server.to('/correction')[0]?.body ?? '')).toEqual({ affect: 'warm' });
  });

  it('from before a reload is shown again, in the reader’s own word, and can be taken back', async () => {
    kept = { affect: 'tired', at: 1 };
    useSettings().settings.labels = { tired: { name: 'Worn out', hidden: false } };
    const part = await show();
    expect(part.text()).toContain('You corrected this: Worn out');
    await press(part, 'Undo');
    expect(server.to('/correction')[0]?.method).toBe('DELETE');
    expect(part.text()).toBe('Correct this');
    expect(document.activeElement?.textContent).toBe('Correct this');
  });

  it('that is changed stays with its event when the stretch has got a surer one', async () => {
    kept = { affect: 'tired', note: 'slow', at: 1 };
    const part = await show();
    const surer = { ...tone({ timestamp: 3, confidence: 0.95 }), seq: 9 };
    await part.setProps({ span: toneSpans([before, surest, surer])[0] });
    await press(part, 'Change');
    expect(part.get('select').element.value).toBe('tired');
    expect(part.get('input').element.value).toBe('slow');
    await part.get('form').trigger('submit');
    await flushPromises();
    expect(server.to('/correction')[0]?.path).toContain('/events/5/');
  });

  it('that could not be kept says so and stays as it was written', async () => {
    const part = await show();
    await press(part, 'Correct this');
    await part.get('select').setValue('warm');
    server.answer = () => json({ status: 503, title: 'Full', detail: 'The disk is full.' }, 503);
    await part.get('form').trigger('submit');
    await flushPromises();
    expect(part.text()).toContain('The disk is full.');
    expect(part.get('select').element.value).toBe('warm');
  });

  it('is left by Escape with nothing sent', async () => {
    const part = await show();
    await press(part, 'Correct this');
    await part.get('select').trigger('keydown', { key: 'Escape' });
    await flushPromises();
    expect(part.find('form').exists()).toBe(false);
    expect(server.to('/correction')).toHaveLength(0);
    expect(document.activeElement?.textContent).toBe('Correct this');
  });
});
