/** A server that asks for a token: the page asks for it once, and never lets it into an address. */
import { expect, test } from './support/fixtures';
import { en } from './support/linnet-page';

const TOKEN = 'correct-horse-battery-staple';

test('with the token everything works, and it is in no address', async ({ serve, linnet, page }) => {
  const server = await serve({ LINNET_API_TOKEN: TOKEN });
  await linnet.prefer();
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  page.on('websocket', (socket) => addresses.push(socket.url()));
  await page.goto(server.url);

  await linnet.startButton.click();
  await expect(page.getByRole('heading', { name: en.token.heading })).toBeVisible();
  const field = page.getByLabel(en.token.field, { exact: true });
  await field.fill('not-the-token-of-this-server');
  await linnet.button(en.token.use).click();
  await expect(page.getByRole('main').getByText(en.token.wrong)).toBeVisible();
  await field.fill(TOKEN);
  await linnet.button(en.token.use).click();
  await expect(page.getByRole('heading', { name: en.token.heading })).toBeHidden();
  await expect(linnet.stopButton).toBeVisible();
  await linnet.untilTone();
  expect(addresses.some((address) => address.includes('/audio?') && address.includes('ticket='))).toBe(true);
  expect(addresses.filter((address) => address.includes(TOKEN))).toEqual([]);
  expect(server.log).not.toContain(TOKEN);
  expect(server.log).not.toContain('ticket=');

  // The browser has a pass of its own by now, which no script can read.
  expect(await page.evaluate(() => document.cookie)).toBe('');
  await linnet.stopButton.click();
  await expect(page.getByRole('main').getByText(en.ended.heading)).toBeVisible();
  await page.reload();
  await linnet.start();
  await linnet.untilTone();
  await expect(page.getByRole('heading', { name: en.token.heading })).toHaveCount(0);
});

test('a server without a token is never asked about one', async ({ talking, linnet, page }) => {
  await linnet.prefer({ mic: false });
  await page.goto(talking.url);
  await expect(linnet.startButton).toBeEnabled();
  await expect(page.getByRole('heading', { name: en.token.heading })).toHaveCount(0);
});
