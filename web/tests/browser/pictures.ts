/** Pictures of views for the documentation: `npm run pictures` writes docs/images/page-*.png. */
import { join } from 'node:path';

import { expect, test } from './support/fixtures';
import { type LinnetPage, en } from './support/linnet-page';
import { ROOT } from './support/project';
import type { LinnetServer } from './support/server';

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 320, height: 720 };

interface Picture {
  name: string;
  size: { width: number; height: number };
  choices: Record<string, unknown>;
  reach: (linnet: LinnetPage, server: LinnetServer) => Promise<void>;
}

/** Long enough that several tones stand in the strip. */
async function talk(linnet: LinnetPage, server: LinnetServer): Promise<void> {
  await linnet.page.goto(server.url);
  await linnet.start();
  const items = linnet.page.getByRole('listitem').getByRole('button');
  await expect.poll(() => items.count(), { timeout: 40_000 }).toBeGreaterThan(4);
  await linnet.page.evaluate(() => scrollTo(0, 0));
}

const PICTURES: readonly Picture[] = [
  { name: 'voices', size: WIDE, choices: { theme: 'light' }, reach: talk },
  { name: 'companion', size: NARROW, choices: { theme: 'dark' }, reach: talk },
  {
    name: 'paused',
    size: WIDE,
    choices: { theme: 'light', details: true },
    reach: async (linnet, server) => {
      await talk(linnet, server);
      await linnet.button(en.place.pause).click();
    },
  },
  {
    name: 'settings',
    size: WIDE,
    choices: { theme: 'dark' },
    reach: async (linnet, server) => {
      await linnet.page.goto(server.url);
      await linnet.open('settings');
    },
  },
];

for (const { name, size, choices, reach } of PICTURES) {
  test(`picture: ${name}`, async ({ talking, linnet, page }) => {
    test.setTimeout(120_000);
    await page.setViewportSize(size);
    await linnet.prefer({ mic: false, ...choices });
    await reach(linnet, talking);
    await page.screenshot({ path: join(ROOT, 'docs/images', `page-${name}.png`), animations: 'disabled' });
  });
}
