/** Where a proxy holds streams back, the page asks instead; and streams again when it may. */
import { BufferingProxy } from './support/buffering-proxy';
import { expect, test } from './support/fixtures';
import { en } from './support/linnet-page';

test('behind a proxy that never flushes, tones still come', async ({ serve, linnet, page }) => {
  test.setTimeout(90_000);
  const server = await serve({ CF_VOICE_MOCK: '1', CF_VOICE_RATE_HZ: '4' });
  const proxy = await BufferingProxy.start(server.webPort);
  try {
    await linnet.prefer({ details: true, mic: false });
    await page.goto(proxy.url);
    await linnet.start();
    await expect(linnet.status).toHaveText(en.status.polling, { timeout: 30_000 });
    await expect(page.getByRole('main').getByText(en.status.pollingHint)).toBeVisible();
    await linnet.untilTone();

    proxy.buffers = false;
    await expect(linnet.status).not.toHaveText(en.status.polling, { timeout: 60_000 });
    await expect(linnet.detail(en.details.connection)).toHaveText(en.details.connectionWord.open);
  } finally {
    await proxy.stop();
  }
});
