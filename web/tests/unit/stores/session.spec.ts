import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Preferences } from '@/stores/preferences';
import { useSessionStore } from '@/stores/session';
import { useSettings } from '@/stores/settings';

import { reading } from '../support/events';
import { freshStore } from '../support/mounting';
import { FakeEventSource, FakeServer, json } from '../support/server';

let server: FakeServer;
let classifier: string;

const gone = () => json({ title: 'Not understood', detail: 'voices_from: there is no session with this id.' }, 422);

function answer(path: string): ReturnType<FakeServer['answer']> {
  if (path.includes('/stream')) return 'stream';
  if (path === '/health') return json({ status: 'ok', classifier });
  return json({ session_id: 'new', state: 'running', elcor: false, tier: 'free' });
}

/** A page on which nobody is listened to, with these choices. */
function page(choices: Partial<Preferences>) {
  freshStore({ mic: false, ...choices });
  return useSessionStore();
}

const bodies = () => server.to('/session/start').map(({ body }) => JSON.parse(body) as Record<string, unknown>);

async function hear(heardS: number): Promise<void> {
  FakeEventSource.last.send('affect-event', reading({ session_id: 'new', heard_s: heardS }), heardS);
  await flushPromises();
}

beforeEach(() => {
  vi.stubGlobal('EventSource', FakeEventSource);
  FakeEventSource.all = [];
  classifier = 'acoustic';
  server = new FakeServer(answer);
  vi.stubGlobal('fetch', server.fetch);
});

afterEach(() => vi.unstubAllGlobals());

describe('the voices of a session', () => {
  it('are remembered once it has learnt how one usually sounds', async () => {
    await page({ voicesFrom: 'old' }).start();
    await hear(2);
    expect(useSettings().settings.voicesFrom).toBe('old');
    await hear(9);
    expect(useSettings().settings.voicesFrom).toBe('new');
  });

  it('are known to the next one where that was chosen', async () => {
    await page({ voicesFrom: 'old', sameVoices: true }).start();
    expect(bodies()).toEqual([{ elcor: false, window_ms: 1000, voices_from: 'old' }]);
  });

  it.each<Partial<Preferences>>([{ voicesFrom: 'old' }, { sameVoices: true }])(
    'are not asked for with %o alone',
    async (choices) => {
      await page(choices).start();
      expect(bodies()).toEqual([{ elcor: false, window_ms: 1000 }]);
    },
  );

  it('are nobody’s in a synthetic conversation', async () => {
    classifier = 'mock';
    const session = page({ voicesFrom: 'old', sameVoices: true });
    expect(session.canKnowVoices).toBe(true);
    await session.lookForServer();
    expect(session.canKnowVoices).toBe(false);
    await session.start();
    expect(bodies()[0]).not.toHaveProperty('voices_from');
  });

  it('are not offered where the server keeps none', async () => {
    server.answer = (path) => (path === '/health' ? json({ status: 'ok', classifier, voices_kept: false }) : answer(path));
    const session = page({ voicesFrom: 'old', sameVoices: true });
    await session.lookForServer();
    expect(session.canKnowVoices).toBe(false);
    await session.start();
    expect(bodies()[0]).not.toHaveProperty('voices_from');
    await hear(9);
    expect(useSettings().settings.voicesFrom).toBe('old');
  });

  it('are forgotten when they are gone, and the session starts without them', async () => {
    server.answer = (path) => (server.asked.at(-1)?.body.includes('voices_from') ? gone() : answer(path));
    const session = page({ voicesFrom: 'old', sameVoices: true });
    expect(await session.start()).toBe(true);
    expect(bodies()).toHaveLength(2);
    expect(bodies()[1]).not.toHaveProperty('voices_from');
    expect(useSettings().settings.voicesFrom).toBe('');
    expect(session.canKnowVoices).toBe(false);
  });
});
