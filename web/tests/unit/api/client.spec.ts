import { afterEach, describe, expect, it, vi } from 'vitest';

import { audioAddress, streamAddress } from '@/api/address';
import { createClient, queryString } from '@/api/client';
import { ProblemError, lacksVoices } from '@/api/problem';
import type { Problem } from '@/model/problem';

import { tone } from '../support/events';
import { json } from '../support/server';

type Fetch = typeof globalThis.fetch;

function answering(answer: () => Response | Promise<Response>): ReturnType<typeof vi.fn<Fetch>> {
  const fetch = vi.fn<Fetch>(async () => answer());
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

async function problemOf(asked: Promise<unknown>): Promise<Problem> {
  const error = await asked.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProblemError);
  return (error as ProblemError).problem;
}

const headersOf = (fetch: ReturnType<typeof vi.fn<Fetch>>): Headers =>
  new Headers(fetch.mock.lastCall?.[1]?.headers);

afterEach(() => vi.unstubAllGlobals());

describe('a request', () => {
  it('says who asks, where that is known, anew each time', async () => {
    const fetch = answering(() => json({}));
    let token: string | null = null;
    const client = createClient({ token: () => token, licenseKey: () => ' CFG-LNNT-1 ' });
    await client.health();
    expect(headersOf(fetch).has('Authorization')).toBe(false);
    expect(headersOf(fetch).get('X-CF-License-Key')).toBe('CFG-LNNT-1');
    token = 'secret';
    await client.health();
    expect(headersOf(fetch).get('Authorization')).toBe('Bearer secret');
  });

  it('leaves out what no header can carry', async () => {
    const fetch = answering(() => json({}));
    await createClient({ token: () => 'a\nb', licenseKey: () => 'Schlüssel' }).health();
    expect([...headersOf(fetch).keys()].map((name) => name.toLowerCase())).toEqual(['accept']);
  });

  it('writes ids and filters so that they stay what they are', async () => {
    const fetch = answering(() => json({ session_id: 'a', count: 0, events: [] }));
    await createClient().history('a/../b?c', { after_seq: 7, limit: 5 });
    expect(fetch.mock.lastCall?.[0]).toBe('/session/a%2F..%2Fb%3Fc/history?after_seq=7&limit=5');
  });

  it('starts with what was chosen', async () => {
    const fetch = answering(() => json({ session_id: 'a' }));
    await createClient().start({ elcor: true, window_ms: 500 });
    expect(fetch.mock.lastCall?.[1]).toMatchObject({
      method: 'POST',
      body: '{"elcor":true,"window_ms":500}',
    });
    await createClient().start({ voices_from: 'old' });
    expect(fetch.mock.lastCall?.[1]?.body).toBe('{"voices_from":"old"}');
  });

  it('resumes by the name the server knows', async () => {
    const fetch = answering(() => json({}));
    await createClient().resume('old', { elcor: true });
    expect(fetch.mock.lastCall?.[0]).toBe('/session/resume');
    expect(fetch.mock.lastCall?.[1]?.body).toBe('{"elcor":true,"snapshot_id":"old"}');
  });
});

describe('an answer', () => {
  it('that refuses is a problem in the words of the server', async () => {
    const said = { type: '/docs#x', title: 'Paid', status: 402, detail: 'Pinning is paid.' };
    answering(() => json(said, 402));
    expect(await problemOf(createClient().pin('a'))).toEqual({
      status: 402,
      title: 'Paid',
      detail: 'Pinning is paid.',
    });
  });

  it('that refuses without words is a problem all the same', async () => {
    answering(() => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
    expect(await problemOf(createClient().health())).toEqual({
      status: 502,
      title: 'Bad Gateway',
      detail: 'The server answered 502 Bad Gateway.',
    });
  });

  it('that the voices of a session are gone is told from other refusals', async () => {
    const refusal = async (detail: string, status: number): Promise<Problem> => {
      answering(() => json({ title: 'Not understood', detail }, status));
      return problemOf(createClient().start({ voices_from: 'old' }));
    };
    expect(lacksVoices(await refusal('voices_from: there is no session with this id.', 422))).toBe(true);
    expect(lacksVoices(await refusal('window_ms: too long, unlike voices_from:', 422))).toBe(false);
    expect(lacksVoices(await refusal('voices_from: broken.', 500))).toBe(false);
  });

  it('that never comes has status 0', async () => {
    answering(() => Promise.reject(new TypeError('Failed to fetch')));
    expect((await problemOf(createClient().health())).status).toBe(0);
  });

  it('that is not the server is told apart', async () => {
    answering(() => new Response('<html>Sign in to the hotel'));
    expect((await problemOf(createClient().health())).title).toBe('No sense in the answer');
  });

  it('of history holds tones and nothing else', async () => {
    const events = [{ ...tone(), seq: 1 }, tone(), { seq: 2 }, null, { ...tone(), seq: 1.5 }];
    answering(() => json({ session_id: 'a', count: 5, events }));
    expect((await createClient().history('a')).events).toEqual([events[0]]);
  });

  it('of an export is a file with the name it was given', async () => {
    const disposition = 'attachment; filename="linnet-session-a.csv"';
    answering(() => new Response('x', { headers: { 'Content-Disposition': disposition } }));
    const file = await createClient().exportFile('a', 'csv');
    expect(file.name).toBe('linnet-session-a.csv');
    expect(await file.blob.text()).toBe('x');
    answering(() => new Response('x', { headers: { 'Content-Disposition': 'filename="../a"' } }));
    expect((await createClient().exportFile('a')).name).toBe('linnet-session-a.json');
  });
});

describe('addresses', () => {
  it('of sockets follow those of the page, with a ticket where a token is in use', async () => {
    const fetch = answering(() => json({ ticket: 't&1', expires_in_s: 30 }));
    const client = createClient(undefined, 'https://linnet.example');
    expect(await audioAddress(client, 'a', 'tab', false)).toBe(
      'wss://linnet.example/session/a/audio?source=tab',
    );
    expect(fetch).not.toHaveBeenCalled();
    expect(await audioAddress(client, 'a', 'mic', true)).toBe(
      'wss://linnet.example/session/a/audio?source=mic&ticket=t%261',
    );
  });

  it('of streams say where to go on', () => {
    expect(streamAddress(createClient(), 'a', 17)).toBe('/session/a/stream?last_event_id=17');
  });

  it('leave out what is not given', () => {
    expect(queryString({ a: undefined })).toBe('');
    expect(queryString({ a: 0, b: undefined, c: 'x y' })).toBe('?a=0&c=x+y');
  });
});
