/** From a microphone to a tone on the screen, through everything that lies between. */
import { expect, test } from './support/fixtures';
import { TONE_WORDS, en } from './support/linnet-page';

interface Exported {
  events: { speaker_id: string; affect: string; timestamp: number }[];
}

test('what is said into the microphone becomes a tone on the screen', async ({ serve, linnet, page }) => {
  const server = await serve();
  await linnet.prefer({ details: true, density: 'all' });
  await page.goto(server.url);
  await linnet.start();
  await expect(page.getByTestId('source-status').first()).toHaveText(en.source.live);
  await linnet.untilTone();

  // Asked off, and what the browser did of it is read back.
  for (const label of [en.details.echoCancellation, en.details.noiseSuppression, en.details.autoGainControl]) {
    await expect(linnet.detail(label)).toHaveText(en.details.off);
  }
  await expect(linnet.detail(en.details.latency)).not.toHaveText(en.details.notYet);
  const session = await linnet.sessionId();
  await linnet.stopButton.click();
  await expect(page.getByRole('main').getByText(en.ended.client)).toBeVisible();
  await expect(page.getByRole('main').getByText(en.source.live)).toHaveCount(0);

  const { events } = await server.json<Exported>(`/session/${session}/export`);
  expect(events.length).toBeGreaterThan(0);
  for (const event of events) {
    expect(event.speaker_id).toBe('speaker_a');
    expect(TONE_WORDS.map((word) => word.toLowerCase())).toContain(event.affect);
  }
});

test('muted, the clock goes on and nothing is heard', async ({ serve, linnet, page }) => {
  const server = await serve();
  await linnet.prefer({ details: true });
  await page.goto(server.url);
  await linnet.start();
  await page.getByRole('button', { name: en.compose.mute }).click();
  await expect(page.getByTestId('source-status').first()).toHaveText(en.source.muted);
  const sentS = async (): Promise<number> =>
    Number.parseFloat((await linnet.detail(en.details.sent).innerText()).replace(/[^\d.]/g, ''));
  const before = await sentS();
  await expect.poll(sentS).toBeGreaterThan(before);
});

test('another microphone is chosen in the middle, and the session goes on', async ({ serve, linnet, page }) => {
  const server = await serve();
  const asked: string[] = [];
  await page.exposeFunction('testAsked', (id: string) => asked.push(id));
  await page.addInitScript(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const told = window as unknown as { testAsked: (id: string) => void };
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      told.testAsked(stream.getAudioTracks()[0]?.getSettings().deviceId ?? '');
      return stream;
    };
  });
  await linnet.prefer();
  await page.goto(server.url);
  await linnet.start();
  const session = await linnet.sessionId();
  await linnet.untilTone();
  await page.getByRole('main').getByText(en.compose.more).click();
  const choice = page.getByRole('combobox', { name: en.compose.device, exact: true });
  const other = await choice.locator('option').last().getAttribute('value');
  await choice.selectOption(other);
  await expect.poll(() => asked).toEqual([expect.anything(), other]);
  await expect(page.getByTestId('source-status').first()).toHaveText(en.source.live);
  expect(await linnet.sessionId()).toBe(session);
});

test('a refused microphone is a plain sentence, and the same button mends it', async ({ serve, linnet, page }) => {
  const server = await serve();
  await linnet.prefer();
  // As a browser answers whose user said no.
  await page.addInitScript(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    let refusals = 1;
    navigator.mediaDevices.getUserMedia = (wanted) =>
      refusals-- > 0 ? Promise.reject(new DOMException('no', 'NotAllowedError')) : ask(wanted);
  });
  await page.goto(server.url);
  await linnet.startButton.click();
  await expect(page.getByRole('main').getByText(en.capture.denied)).toBeVisible();
  await linnet.start();
  await expect(page.getByTestId('source-status').first()).toHaveText(en.source.live);
});

test('both sides of a call, each with a lane of its own', async ({ serve, linnet, page }) => {
  const server = await serve();
  // The shared tab's track, to end it as the browser does when somebody presses "Stop sharing".
  await page.addInitScript(() => {
    const ask = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getDisplayMedia = async (wanted) => {
      const stream = await ask(wanted);
      addEventListener('test:stop-sharing', () => {
        for (const track of stream.getTracks()) {
          track.stop();
          track.dispatchEvent(new Event('ended'));
        }
      });
      return stream;
    };
  });
  await linnet.prefer({ tab: true });
  await page.goto(server.url);
  await linnet.start();
  await expect(page.locator('[data-source=tab]').getByTestId('source-status')).toHaveText(en.source.live);
  for (const lane of ['speaker_a', 'speaker_b']) {
    const word = page.locator(`[data-lane=${lane}]`).getByTestId('tone-word');
    await expect(word).toHaveText(new RegExp(`^(${TONE_WORDS.join('|')})$`), { timeout: 40_000 });
  }
  await expect(page.getByTestId('analysed')).toContainText(en.source.mic);
  await expect(page.getByTestId('analysed')).toContainText(en.source.tab);

  // Sharing ends: said in a sentence, with a button, while one's own voice goes on.
  await page.evaluate(() => dispatchEvent(new Event('test:stop-sharing')));
  const tab = page.locator('[data-source=tab]');
  await expect(tab.getByText(en.capture['share-ended'])).toBeVisible();
  await expect(tab.getByRole('button', { name: en.source.mend })).toBeVisible();
  await expect(page.locator('[data-source=mic]').getByTestId('source-status')).toHaveText(en.source.live);

  const { events } = await server.json<Exported>(`/session/${await linnet.sessionId()}/export`);
  expect(new Set(events.map(({ speaker_id }) => speaker_id))).toEqual(new Set(['speaker_a', 'speaker_b']));
});
