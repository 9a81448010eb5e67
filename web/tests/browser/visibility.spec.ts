/** A tab that is hidden, even frozen, and comes back: nothing is missing. */
import type { Page } from 'puppeteer-core';

import { expect, serverTest as test } from './support/fixtures';
import { upTo } from './support/linnet-page';
import { detail, en, launchChromium, prefer, press } from './support/puppet';

interface Tones {
  events: { seq: number }[];
}

/** Numbers of the events that the browser takes from its EventSource, in the order they come. */
async function numbers(page: Page): Promise<number[]> {
  const got: number[] = [];
  const devtools = await page.createCDPSession();
  devtools.on('Network.eventSourceMessageReceived', ({ eventId, eventName }) => {
    if (eventName !== 'session-end') got.push(Number(eventId));
  });
  await devtools.send('Network.enable');
  return got;
}

test('hidden and frozen, then shown: what was missed is there', async ({ serve }) => {
  const server = await serve({ CF_VOICE_MOCK: '1', CF_VOICE_RATE_HZ: '10' });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const got = await numbers(page);
    await prefer(page, { mic: false, details: true });
    await page.goto(server.url);
    await press(page, en.compose.start);
    await page.waitForSelector('[data-testid=tone-word]');
    const session = await page.evaluate(() => sessionStorage.getItem('linnet.session'));
    const tones = async () =>
      (await server.json<Tones>(`/session/${session}/history?limit=500`)).events.length;

    const devtools = await page.createCDPSession();
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
    const before = await tones();
    await expect.poll(tones).toBeGreaterThan(before + 3);
    await devtools.send('Page.setWebLifecycleState', { state: 'active' });
    const other = await browser.newPage();
    await page.bringToFront();
    await other.close();
    expect(await page.evaluate(() => document.visibilityState)).toBe('visible');

    await press(page, en.compose.stop);
    await page.waitForSelector(`::-p-text(${en.ended.client})`);
    const { events } = await server.json<Tones>(`/session/${session}/export`);
    expect(got).toEqual(upTo(got.length));
    expect(got).toEqual(expect.arrayContaining(events.map(({ seq }) => seq)));
    expect(await detail(page, en.details.missed)).toBe('0');
  } finally {
    await browser.close();
  }
});
