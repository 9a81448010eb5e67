/** What costs is explained, and never a dead end. */
import { expect, test } from './support/fixtures';
import { en } from './support/linnet-page';

test('past sessions without a key are an explanation with a way on', async ({ talking, linnet, page }) => {
  await linnet.prefer({ mic: false });
  await page.goto(talking.url);
  await linnet.start();
  await linnet.untilTone();
  await linnet.stopButton.click();
  await expect(page.getByRole('main').getByText(en.ended.heading)).toBeVisible();
  const dialog = await linnet.open('sessions');
  const refused = page.waitForResponse((answer) => answer.status() === 402);
  await dialog.getByRole('button', { name: en.sessions.load }).click();
  await refused;
  await expect(dialog.getByText(en.paid.heading).first()).toBeVisible();
  await expect(dialog.getByText(en.paid.why)).toBeVisible();

  const field = dialog.getByLabel(en.compose.licence, { exact: true });
  await field.fill('CFG-LNNT-AAAA-BBBB-CCCC');
  await field.press('Enter');
  await expect(dialog.getByText(en.paid.heading)).toHaveCount(0);
  await expect(dialog.getByRole('list').getByRole('listitem').first()).toBeVisible();
});

test('a session is saved as JSON for nothing', async ({ talking, linnet, page }) => {
  await linnet.prefer({ mic: false });
  await page.goto(talking.url);
  await linnet.start();
  await linnet.untilTone();
  const session = await linnet.sessionId();
  await linnet.stopButton.click();
  const download = page.waitForEvent('download');
  await linnet.button(en.ended.export).click();
  expect((await download).suggestedFilename()).toBe(`linnet-session-${session}.json`);
});
