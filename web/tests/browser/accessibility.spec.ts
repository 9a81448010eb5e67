/** Every view in every theme, as axe and as those see it who enlarge, calm or recolour a page. */
import { AxeBuilder } from '@axe-core/playwright';

import { expect, test } from './support/fixtures';
import { LinnetPage, en } from './support/linnet-page';
import { VIEWS } from './support/views';

const THEMES = ['light', 'dark', 'contrast'] as const;
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds, in a line each. */
async function findings({ page }: LinnetPage): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}\n${failureSummary}`),
  );
}

for (const view of VIEWS) {
  test(`axe finds nothing: ${view.name}`, async ({ talking, linnet, page }) => {
    await linnet.prefer(view.choices);
    await view.reach(linnet, talking);
    for (const theme of THEMES) {
      // As the setting does it: the attribute is all that themes hang on.
      await page.evaluate((name) => (document.documentElement.dataset['theme'] = name), theme);
      expect(await findings(linnet), `${view.name}, ${theme}`).toEqual([]);
    }
  });

  test(`320 px wide, nothing scrolls sideways: ${view.name}`, async ({ talking, linnet, page }) => {
    // The same as a window of 1280 px at 400 %.
    await page.setViewportSize({ width: 320, height: 640 });
    await linnet.prefer({ textSize: 'largest', ...view.choices });
    await view.reach(linnet, talking);
    const overflow = await page.evaluate(() => {
      const root = document.scrollingElement as Element;
      const dialog = document.querySelector('dialog[open]');
      return [root, ...(dialog === null ? [] : [dialog])].map(
        (element) => element.scrollWidth - element.clientWidth,
      );
    });
    expect(Math.max(...overflow)).toBeLessThanOrEqual(0);
  });
}

test('targets are large enough and the server being away is said', async ({ serve, linnet, page }) => {
  const server = await serve({ CF_VOICE_MOCK: '1', CF_VOICE_RATE_HZ: '4' });
  await linnet.prefer({ mic: false });
  await page.goto(server.url);
  await linnet.start();
  await linnet.untilTone();
  await server.kill();
  await expect(page.getByRole('main').getByText(en.status.lost)).toBeVisible();
  for (const theme of THEMES) {
    await page.evaluate((name) => (document.documentElement.dataset['theme'] = name), theme);
    expect(await findings(linnet), theme).toEqual([]);
  }
});

for (const scheme of ['light', 'dark'] as const) {
  test(`forced colours and less motion are followed: ${scheme}`, async ({ talking, linnet, page }) => {
    await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce', colorScheme: scheme });
    await linnet.prefer({ mic: false });
    await page.goto(talking.url);
    await linnet.start();
    await linnet.untilTone();
    const moving = await page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === 'running').length);
    expect(moving).toBe(0);
    const shape = page.getByRole('main').locator('svg').first();
    await expect(shape).toBeVisible();
    expect(await findings(linnet)).toEqual([]);
  });
}

test('one live region speaks changes of the tone and nothing else', async ({ talking, linnet, page }) => {
  await linnet.prefer({ mic: false });
  await page.goto(talking.url);
  await linnet.start();
  await linnet.untilTone();
  const regions = page.locator('[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]');
  await expect(regions).toHaveCount(1);
  await expect(regions).toHaveAttribute('aria-live', 'polite');
  await expect(regions).toContainText(/\S/);
  // What is said is said at most every five seconds, however fast tones come.
  const said = await page.evaluate(async () => {
    const region = document.querySelector('[aria-live=polite]') as Element;
    let changes = 0;
    const watcher = new MutationObserver(() => (changes += 1));
    watcher.observe(region, { childList: true, characterData: true, subtree: true });
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    watcher.disconnect();
    return changes;
  });
  expect(said).toBeLessThanOrEqual(2); // a sentence and, at most, its taking away
});
