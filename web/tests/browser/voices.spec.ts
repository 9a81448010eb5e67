/** The same people speak again: the next session knows their voices, or learns them where they are gone. */
import type { Page } from '@playwright/test';

import { expect, test } from './support/fixtures';
import { en } from './support/linnet-page';

/** What is asked of every session that is started. */
function startsOf(page: Page): Record<string, unknown>[] {
  const asked: Record<string, unknown>[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/session/start')) asked.push(request.postDataJSON() as Record<string, unknown>);
  });
  return asked;
}

test('voices of the last session are known to the next, and their loss keeps nobody from starting', async ({ serve, linnet, page }) => {
  const server = await serve();
  await linnet.prefer();
  const asked = startsOf(page);
  await page.goto(server.url);
  const box = page.getByLabel(en.compose.sameVoices);
  await page.getByRole('main').getByText(en.compose.more).click();
  await expect(box).toHaveCount(0);
  await linnet.start();
  await expect(box).toBeVisible({ timeout: 40_000 });
  const first = await linnet.sessionId();
  await linnet.stopButton.click();
  await expect(box).toHaveAccessibleDescription(en.compose.sameVoicesHint);
  await box.check();

  await linnet.start();
  await linnet.untilTone();
  expect(asked[1]).toMatchObject({ voices_from: first });
  await expect(page.getByTestId('notice')).toHaveCount(0);
  const second = await linnet.sessionId();
  await expect.poll(() => page.evaluate(() => localStorage.getItem('linnet.settings'))).toContain(second);
  await linnet.stopButton.click();
  await expect(linnet.startButton).toBeEnabled();

  expect((await fetch(`${server.url}/session/${second}`, { method: 'DELETE' })).ok).toBe(true);
  await linnet.start();
  await linnet.untilTone();
  expect(asked).toHaveLength(4);
  expect(asked[2]).toMatchObject({ voices_from: second });
  expect(asked[3]).not.toHaveProperty('voices_from');
});

test('a conversation that goes on after the server went away is with the same people', async ({ serve, linnet, page }) => {
  const server = await serve();
  await linnet.prefer();
  const asked = startsOf(page);
  await page.goto(server.url);
  await page.getByRole('main').getByText(en.compose.more).click();
  await linnet.start();
  const first = await linnet.sessionId();
  await expect(page.getByLabel(en.compose.sameVoices)).toBeVisible({ timeout: 40_000 });

  await server.kill();
  await server.startAgain();
  await expect.poll(() => linnet.sessionId().catch(() => first), { timeout: 40_000 }).not.toBe(first);
  expect(asked[0]).not.toHaveProperty('voices_from');
  expect(asked.at(-1)).toMatchObject({ voices_from: first });
  await linnet.untilTone();
});
