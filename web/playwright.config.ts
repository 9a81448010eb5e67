import { defineConfig } from '@playwright/test';

import { CHROMIUM, CHROMIUM_ARGS } from './tests/browser/support/chromium';

/** The page in a real browser, against the real server. `npm run build` comes first. */
export default defineConfig({
  testDir: 'tests/browser',
  // `npm run pictures` makes those of the documentation instead.
  testMatch: process.env['LINNET_PICTURES'] ? 'pictures.ts' : '*.spec.ts',
  outputDir: 'test-results',
  globalSetup: './tests/browser/support/prepare.ts',
  // Each test has its own browser context, and where it changes a server, its own server.
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  // A busy machine may be slow; nothing here asserts how fast anything is.
  expect: { timeout: 15_000 },
  forbidOnly: true,
  reporter: [['list', { printSteps: false }]],
  use: {
    launchOptions: { executablePath: CHROMIUM, args: CHROMIUM_ARGS },
    locale: 'en-GB',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
});
