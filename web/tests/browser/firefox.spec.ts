/** Capture and stream in Debian's Firefox, which does without an AudioContext at 16 kHz. */
import { expect, serverTest as test } from './support/fixtures';
import { FirefoxRun, detail, en, missingForFirefox, prefer, press } from './support/puppet';

test('Firefox hears, sends and is told', async ({ serve }) => {
  const missing = missingForFirefox();
  test.skip(missing.length > 0, `${missing.join(' and ')} not installed`);
  test.setTimeout(120_000);
  const server = await serve();
  const firefox = await FirefoxRun.start();
  try {
    const page = await firefox.browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await prefer(page, { details: true });
    await page.goto(server.url);
    await press(page, en.compose.start);
    await page.waitForSelector('[data-source=mic] [data-testid=source-status]');
    const status = () =>
      page.$eval('[data-source=mic] [data-testid=source-status]', (element) => element.textContent?.trim());
    await expect.poll(status).toBe(en.source.live);
    // Sound goes out, is taken, and the service says so on the stream.
    const sentS = async () => Number.parseFloat((await detail(page, en.details.sent)).replace(/[^\d.]/g, ''));
    await expect.poll(sentS, { timeout: 30_000 }).toBeGreaterThan(2);
    await expect.poll(async () => Number(await detail(page, en.details.events))).toBeGreaterThan(0);
    const rateHz = Number.parseInt(await detail(page, en.details.rate), 10);
    expect(rateHz, 'the device keeps its own rate').not.toBe(16_000);
    await press(page, en.compose.stop);
    await page.waitForSelector(`::-p-text(${en.ended.client})`);
    expect(complaints).toEqual([]);
  } finally {
    await firefox.stop();
  }
});
