/** A session after its end: deleted only after a question that says what goes. */
import { expect, test } from './support/fixtures';
import { en } from './support/linnet-page';

test('deleting asks first, says what goes, and then it is gone', async ({ talking, linnet, page }) => {
  await linnet.prefer({ mic: false });
  await page.goto(talking.url);
  await linnet.start();
  await linnet.untilTone();
  const session = await linnet.sessionId();
  await linnet.stopButton.click();
  await expect(page.getByRole('main').getByText(en.ended.heading)).toBeVisible();

  const dialog = await linnet.open('sessions');
  const remove = dialog.getByRole('button', { name: en.sessions.remove, exact: true }).first();
  await remove.click();
  await expect(dialog.getByText(en.sessions.removeTitle)).toBeVisible();
  await dialog.getByRole('button', { name: en.sessions.removeNo }).click();
  expect((await fetch(`${talking.url}/session/${session}`)).status).toBe(200);
  await remove.click();
  await dialog.getByRole('button', { name: en.sessions.removeYes }).click();
  await expect(dialog.getByText(en.sessions.removed)).toBeVisible();
  expect((await fetch(`${talking.url}/session/${session}`)).status).toBe(404);
});

test('after a reload a running session is still there', async ({ talking, linnet, page }) => {
  await linnet.prefer({ mic: false });
  await page.goto(talking.url);
  await linnet.start();
  await linnet.untilTone();
  const session = await linnet.sessionId();
  await page.reload();
  await linnet.untilTone();
  expect(await linnet.sessionId()).toBe(session);
  await linnet.stopButton.click();
  await expect(page.getByRole('main').getByText(en.ended.client)).toBeVisible();
});
