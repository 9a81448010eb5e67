/** Connections that break and servers that die: nothing is missing and nothing comes twice. */
import { BufferingProxy } from './support/buffering-proxy';
import { expect, test } from './support/fixtures';
import { en, numbersOf, upTo, watchEvents } from './support/linnet-page';

interface Exported {
  events: { seq: number }[];
}

test('killed and started again, the server has lost nothing, and the page goes on', async ({ serve, linnet, page }) => {
  const server = await serve();
  await linnet.prefer({ details: true });
  const events = await watchEvents(page);
  await page.goto(server.url);
  await linnet.start();
  const first = await linnet.sessionId();
  await linnet.untilTone();

  await server.kill();
  await expect(linnet.status).toContainText('Connection lost');
  await server.startAgain();

  // The session of before is read to its last event; a new one goes on from there.
  await expect.poll(() => linnet.sessionId().catch(() => first), { timeout: 40_000 }).not.toBe(first);
  await expect(page.getByTestId('source-status').first()).toHaveText(en.source.live);
  const second = await linnet.sessionId();
  await linnet.untilTone();
  await linnet.stopButton.click();
  await expect(page.getByRole('main').getByText(en.ended.client)).toBeVisible();

  for (const session of [first, second]) {
    const { events: tones } = await server.json<Exported>(`/session/${session}/export`);
    const got = numbersOf(events, session);
    expect(got, 'each once, in order, none missing').toEqual(upTo(got.length));
    expect(tones.length).toBeGreaterThan(0);
    expect(got).toEqual(expect.arrayContaining(tones.map(({ seq }) => seq)));
  }
});

test('a connection that is cut again and again loses nothing', async ({ serve, linnet, page }) => {
  const server = await serve({ CF_VOICE_MOCK: '1', CF_VOICE_RATE_HZ: '20' });
  const proxy = await BufferingProxy.start(server.webPort);
  proxy.buffers = false;
  try {
    await linnet.prefer({ details: true, mic: false });
    const events = await watchEvents(page);
    await page.goto(proxy.url);
    await linnet.start();
    const session = await linnet.sessionId();
    for (let cuts = 0; cuts < 3; cuts += 1) {
      const before = events.length;
      await expect.poll(() => events.length).toBeGreaterThan(before + 20);
      proxy.cut();
    }
    const before = events.length;
    await expect.poll(() => events.length).toBeGreaterThan(before + 20);
    expect(await linnet.sessionId(), 'the same session all the while').toBe(session);
    await linnet.stopButton.click();
    await expect(page.getByRole('main').getByText(en.ended.client)).toBeVisible();

    const { events: tones } = await server.json<Exported>(`/session/${session}/export`);
    const got = numbersOf(events, session);
    expect(got).toEqual(upTo(got.length));
    expect(got).toEqual(expect.arrayContaining(tones.map(({ seq }) => seq)));
    await expect(linnet.detail(en.details.events)).toHaveText(String(got.length));
    await expect(linnet.detail(en.details.missed)).toHaveText('0');
  } finally {
    await proxy.stop();
  }
});
