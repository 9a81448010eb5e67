/** Choices of the reader: followed at once, and still there after a reload. */
import { de } from '../../src/i18n/de';
import { expect, test } from './support/fixtures';
import { TONE_WORDS, en } from './support/linnet-page';

test('choices survive a reload', async ({ talking, linnet, page }) => {
  await linnet.prefer({ mic: false });
  await page.goto(talking.url);
  const root = page.locator('html');
  const dialog = await linnet.open('settings');
  await dialog.getByLabel(en.settings.themeDark, { exact: true }).check();
  await dialog.getByLabel(en.settings.textLargest, { exact: true }).check();
  await dialog.getByLabel(en.settings.densityLabel, { exact: true }).check();
  await dialog.getByLabel(en.settings.trace, { exact: true }).check();
  await dialog.getByLabel(en.settings.labelName.replace('{word}', en.affect.tired)).fill('Worn out');
  await dialog.getByLabel('Deutsch').check();
  await expect(root).toHaveAttribute('lang', 'de');
  await expect(root).toHaveAttribute('data-theme', 'dark');

  await page.reload();
  await expect(root).toHaveAttribute('lang', 'de');
  await expect(root).toHaveAttribute('data-theme', 'dark');
  await expect(root).toHaveAttribute('data-text', 'largest');
  await page.getByRole('button', { name: de.compose.start, exact: true }).click();
  await expect(page.getByRole('main').getByText(de.trace.heading)).toBeVisible();
  await page.getByRole('button', { name: de.app.settings, exact: true }).click();
  await expect(
    linnet.dialog.getByLabel(de.settings.labelName.replace('{word}', de.affect.tired)),
  ).toHaveValue('Worn out');
});

test('a hidden label is not shown, and that something was heard is', async ({ talking, linnet, page }) => {
  const labels = Object.fromEntries(
    Object.keys(en.affect).map((affect) => [affect, { name: '', hidden: true }]),
  );
  await linnet.prefer({ mic: false, labels });
  await page.goto(talking.url);
  await linnet.start();
  await expect(linnet.word).toHaveText(en.now.hidden);
  for (const word of TONE_WORDS) {
    await expect(page.getByTestId('tone-word').getByText(word, { exact: true })).toHaveCount(0);
  }
});

test('what the system asks for is followed', async ({ talking, linnet, page }) => {
  await linnet.prefer();
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(talking.url);
  const root = page.locator('html');
  await expect(root).toHaveAttribute('data-theme', 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(root).toHaveAttribute('data-theme', 'dark');
  await page.emulateMedia({ colorScheme: 'dark', contrast: 'more' });
  await expect(root).toHaveAttribute('data-theme', 'contrast');
});

test('damaged choices are as good as none', async ({ talking, linnet, page }) => {
  await page.addInitScript(() => localStorage.setItem('linnet.settings', '{"theme":7,"labels":[],"text'));
  await page.goto(talking.url);
  await expect(linnet.button(en.first.begin)).toBeVisible();
});
