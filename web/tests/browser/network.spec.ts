/** What the page asks for: little, and of nobody but its own server. */
import { expect, test } from './support/fixtures';
import { en } from './support/linnet-page';

/** Of compressed JavaScript, before anything was asked for by a person. */
const FIRST_LOAD_MAX_BYTES = 150 * 1024;

test('the first load is small', async ({ talking, linnet, page }) => {
  let bytes = 0;
  page.on('requestfinished', async (request) => {
    if (request.resourceType() === 'script') bytes += (await request.sizes()).responseBodySize;
  });
  await page.goto(talking.url);
  await expect(linnet.button(en.first.begin)).toBeVisible();
  await page.waitForLoadState('networkidle');
  expect(bytes).toBeGreaterThan(1_000);
  expect(bytes).toBeLessThan(FIRST_LOAD_MAX_BYTES);
  test.info().annotations.push({ type: 'first load', description: `${bytes} bytes of JavaScript` });
});

test('no other host is ever asked for anything', async ({ talking, linnet, page }) => {
  const hosts = new Set<string>();
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  page.on('websocket', (socket) => hosts.add(new URL(socket.url()).host));
  await linnet.prefer({ trace: true, details: true, density: 'all' });
  await page.goto(talking.url);
  await linnet.start();
  await linnet.untilTone();
  for (const name of ['settings', 'sessions', 'help'] as const) {
    const dialog = await linnet.open(name);
    await dialog.getByRole('button', { name: en.app.close }).first().click();
    await expect(dialog).toBeHidden();
  }
  await linnet.stopButton.click();
  await expect(page.getByRole('main').getByText(en.ended.heading)).toBeVisible();
  hosts.delete(''); // data: and blob: ask nobody
  expect([...hosts]).toEqual([new URL(talking.url).host]);
});

test('the page says nothing in the console of its own accord', async ({ talking, linnet, page }) => {
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  await linnet.prefer({ mic: false });
  await page.goto(talking.url);
  await linnet.start();
  await linnet.untilTone();
  expect(said).toEqual([]);
});
