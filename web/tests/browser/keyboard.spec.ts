/** Everything by keyboard, with the focus where one would look for it. */
import type { Page } from '@playwright/test';

import { expect, test } from './support/fixtures';
import { en } from './support/linnet-page';

/** What has the focus, by its accessible name. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    if (element === null || element === document.body) return '';
    return element.getAttribute('aria-label') ?? element.innerText.trim();
  });
}

/** Tab until something of that name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await focused(page)).includes(name)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches "${name}"; it ended at "${await focused(page)}".`);
}

test('a whole session without a mouse', async ({ talking, linnet, page }) => {
  await linnet.prefer({ introduced: false, mic: false });
  await page.goto(talking.url);
  await expect(linnet.button(en.first.begin)).toBeVisible();
  await tabTo(page, en.first.begin);
  await page.keyboard.press('Enter');
  await expect(linnet.dialog).toBeHidden();

  await tabTo(page, en.compose.start);
  await page.keyboard.press('Enter');
  await expect(linnet.stopButton).toBeVisible();
  await linnet.untilTone();

  // Keys of one letter: pause and back, mark.
  await page.keyboard.press('p');
  await expect(page.getByTestId('paused')).toBeVisible();
  await page.keyboard.press('p');
  await expect(page.getByTestId('paused')).toBeHidden();
  await page.keyboard.press('k');
  await expect(linnet.button(en.place.unmark)).toBeVisible();

  // Along the strip with the arrows, one opened and closed again.
  const items = page.getByRole('listitem').getByRole('button');
  await expect.poll(() => items.count(), { timeout: 30_000 }).toBeGreaterThan(2);
  await items.last().focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expect(page.locator('[aria-expanded=true]:focus')).toHaveCount(1);
  await page.keyboard.press('Enter');

  // A dialog takes the focus, keeps it, and gives it back.
  await tabTo(page, en.app.settings);
  await page.keyboard.press('Enter');
  await expect(linnet.dialog).toBeVisible();
  for (let presses = 0; presses < 8; presses += 1) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('dialog') !== null || document.activeElement === document.body)).toBe(true);
  }
  await page.keyboard.press('Escape');
  await expect(linnet.dialog).toBeHidden();
  expect(await focused(page)).toContain(en.app.settings);

  await tabTo(page, en.compose.stop);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main').getByText(en.ended.heading)).toBeVisible();
});

test('a key reads the current tone', async ({ talking, linnet, page }) => {
  await linnet.prefer({ mic: false, announce: false });
  await page.goto(talking.url);
  await linnet.start();
  await linnet.untilTone();
  await page.keyboard.press('t');
  await expect(page.locator('[aria-live=polite]')).toContainText(/\S/);
});

test('letters typed into a field are letters', async ({ talking, linnet, page }) => {
  await linnet.prefer({ mic: false });
  await page.goto(talking.url);
  await page.getByRole('main').getByText(en.compose.more).click();
  await page.getByLabel(en.compose.licence).fill('');
  await page.getByLabel(en.compose.licence).pressSequentially('pkmt?');
  await expect(page.getByLabel(en.compose.licence)).toHaveValue('pkmt?');
  await expect(linnet.dialog).toHaveCount(0);
});

test('the focus can be seen wherever it is', async ({ talking, linnet, page }) => {
  await linnet.prefer({ mic: false });
  await page.goto(talking.url);
  await expect(linnet.startButton).toBeEnabled();
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press('Tab');
    const ring = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return 'none needed';
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return outlineStyle === 'none' ? '' : outlineWidth;
    });
    expect(ring).not.toBe('');
    expect(ring).not.toBe('0px');
  }
});
