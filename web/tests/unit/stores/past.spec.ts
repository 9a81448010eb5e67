import { beforeEach, describe, expect, it, vi } from 'vitest';

import { usePast } from '@/stores/past';
import { useSettings } from '@/stores/settings';

import { freshStore } from '../support/mounting';
import { FakeServer, json } from '../support/server';

const row = (id: string, started_at: number) => ({
  session_id: id, started_at, ended_at: started_at + 60, reason: 'client', elcor: false, event_count: 12, pinned: false, resumed_from: null,
});

let server: FakeServer;

beforeEach(() => {
  freshStore();
  server = new FakeServer(() => json({}));
  vi.stubGlobal('fetch', server.fetch);
});

describe('past sessions', () => {
  it('are an explanation, not an error, without a key', async () => {
    server.answer = () => json({ status: 402, title: 'A paid feature', detail: 'Needs a key.' }, 402);
    await usePast().load();
    expect(usePast().unpaid?.detail).toBe('Needs a key.');
    expect(usePast().problem).toBeNull();
    expect(usePast().list).toBeNull();
  });

  it('are asked for with the key of the settings', async () => {
    server.answer = () => json({ count: 1, sessions: [row('old', 100)] });
    const past = usePast();
    useSettings().settings.licenseKey = 'CFG-LNNT-1';
    await Promise.resolve();
    await past.load();
    expect(past.list).toHaveLength(1);
    expect(server.to('/sessions/history')[0]?.headers.get('X-CF-License-Key')).toBe('CFG-LNNT-1');
  });

  it('come by the page, the older ones below', async () => {
    const pageOf = (from: number) => Array.from({ length: 20 }, (_, at) => row(`s${from - at}`, from - at));
    server.answer = (path) => json({ count: 20, sessions: pageOf(path.includes('before') ? 180 : 200) });
    await usePast().load();
    expect(usePast().hasMore).toBe(true);
    await usePast().loadMore();
    expect(server.asked.at(-1)?.path).toContain('before=181');
    expect(usePast().list?.map((each) => each.started_at)).toEqual(Array.from({ length: 40 }, (_, at) => 200 - at));
  });

  it('leave the list once deleted, and stay when deleting failed', async () => {
    server.answer = (path) =>
      path.includes('history') ? json({ count: 2, sessions: [row('a', 2), row('b', 1)] }) : json({});
    await usePast().load();
    expect(await usePast().remove('a')).toBe(true);
    expect(usePast().list?.map((each) => each.session_id)).toEqual(['b']);
    server.answer = () => json({ title: 'No', detail: 'The log could not be reached.' }, 503);
    expect(await usePast().remove('b')).toBe(false);
    expect(usePast().list).toHaveLength(1);
    expect(usePast().problem?.detail).toBe('The log could not be reached.');
  });

  it('take what was known of their voices with them, and no other’s', async () => {
    const { settings } = useSettings();
    settings.voicesFrom = 'a';
    await usePast().remove('b');
    expect(settings.voicesFrom).toBe('a');
    await usePast().remove('a');
    expect(settings.voicesFrom).toBe('');
  });

  it('leave their voices known when deleting failed', async () => {
    useSettings().settings.voicesFrom = 'a';
    server.answer = () => json({ title: 'No', detail: 'The log could not be reached.' }, 503);
    await usePast().remove('a');
    expect(useSettings().settings.voicesFrom).toBe('a');
  });

  it('are kept when pinned', async () => {
    server.answer = (path) => (path.includes('history') ? json({ count: 1, sessions: [row('a', 2)] }) : json({}));
    await usePast().load();
    await usePast().setPinned('a', true);
    expect(usePast().list?.[0]?.pinned).toBe(true);
    expect(server.asked.at(-1)?.path).toBe('/session/a/pin');
  });

  it('become files by the name that the server gives', async () => {
    server.answer = () =>
      new Response('a,b', { headers: { 'Content-Disposition': 'attachment; filename="linnet-session-a.csv"' } });
    expect(await usePast().save('a', 'csv')).toBe(true);
    expect(usePast().saved).toBe('linnet-session-a.csv');
    expect(server.asked.at(-1)?.path).toBe('/session/a/export?format=csv');
  });
});
