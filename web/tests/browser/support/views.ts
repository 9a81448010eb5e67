/** Every view of the page, and how one gets there. */
import { expect } from '@playwright/test';

import { type LinnetPage, en } from './linnet-page';
import type { LinnetServer } from './server';

export interface View {
  name: string;
  /** Choices that belong to it. */
  choices?: Record<string, unknown>;
  reach: (linnet: LinnetPage, server: LinnetServer) => Promise<void>;
}

/** Without sound, so that a shared server plays its conversation and nothing else. */
const SILENT = { mic: false };

async function running(linnet: LinnetPage, server: LinnetServer): Promise<void> {
  await linnet.page.goto(server.url);
  await linnet.start();
  await linnet.untilTone();
}

export const VIEWS: readonly View[] = [
  {
    name: 'first start',
    choices: { introduced: false },
    reach: async (linnet, server) => {
      await linnet.page.goto(server.url);
      await expect(linnet.button(en.first.begin)).toBeVisible();
    },
  },
  {
    name: 'before a session',
    reach: async (linnet, server) => {
      await linnet.page.goto(server.url);
      await expect(linnet.startButton).toBeEnabled();
      await linnet.page.getByRole('main').getByText(en.compose.more).click();
    },
  },
  {
    name: 'a session with everything shown',
    choices: { ...SILENT, density: 'all', trace: true, details: true },
    reach: async (linnet, server) => {
      await running(linnet, server);
      await linnet.page.getByRole('list').getByRole('button', { expanded: false }).first().click();
    },
  },
  {
    name: 'a tone being corrected',
    choices: SILENT,
    reach: async (linnet, server) => {
      await running(linnet, server);
      await linnet.page.getByRole('list').getByRole('button', { expanded: false }).first().click();
      await linnet.button(en.correction.open).click();
      await expect(linnet.page.getByLabel(en.correction.word)).toBeFocused();
    },
  },
  { name: 'a session with the word alone', choices: { ...SILENT, density: 'label' }, reach: running },
  {
    name: 'a paused view',
    choices: SILENT,
    reach: async (linnet, server) => {
      await running(linnet, server);
      await linnet.button(en.place.pause).click();
      await expect(linnet.button(en.place.resume)).toBeVisible();
    },
  },
  {
    name: 'an ended session',
    choices: SILENT,
    reach: async (linnet, server) => {
      await running(linnet, server);
      await linnet.stopButton.click();
      await expect(linnet.page.getByRole('main').getByText(en.ended.heading)).toBeVisible();
    },
  },
  {
    name: 'settings',
    choices: SILENT,
    reach: async (linnet, server) => {
      await linnet.page.goto(server.url);
      await linnet.open('settings');
    },
  },
  {
    name: 'sessions',
    choices: SILENT,
    reach: async (linnet, server) => {
      await running(linnet, server);
      const dialog = await linnet.open('sessions');
      await dialog.getByRole('button', { name: en.sessions.load }).click();
      await expect(dialog.getByText(en.paid.heading).first()).toBeVisible();
    },
  },
  {
    name: 'help',
    choices: SILENT,
    reach: async (linnet, server) => {
      await linnet.page.goto(server.url);
      await linnet.open('help');
    },
  },
];
