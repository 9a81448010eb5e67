/** What every test starts from. */
import { test as base } from '@playwright/test';

import { LinnetPage } from './linnet-page';
import { LinnetServer, type Settings } from './server';

export { expect } from '@playwright/test';

interface ServerFixtures {
  /** A server of the test's own, with settings of its choice; gone afterwards. */
  serve: (settings?: Settings) => Promise<LinnetServer>;
}

interface PageFixtures {
  linnet: LinnetPage;
  /** What the browser complained of; a test that expects complaints empties it. */
  complaints: string[];
}

interface WorkerFixtures {
  /** Shared by tests that leave it as it was: it plays a synthetic conversation, quickly. */
  talking: LinnetServer;
}

/** For tests that bring a browser of their own. */
export const serverTest = base.extend<ServerFixtures>({
   
  serve: async ({}, use) => {
    const servers: LinnetServer[] = [];
    await use(async (settings = {}) => {
      const server = await LinnetServer.start(settings);
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.discard()));
  },
});

export const test = serverTest.extend<PageFixtures, WorkerFixtures>({
  talking: [
     
    async ({}, use) => {
      const server = await LinnetServer.start({ CF_VOICE_MOCK: '1', CF_VOICE_RATE_HZ: '4', CF_VOICE_SEED: '7' });
      await use(server);
      await server.discard();
    },
    { scope: 'worker', timeout: 90_000 },
  ],
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        // What could not be fetched is listed, too; tests of lost servers expect that.
        const isOfNetwork = /^(Failed to load resource|WebSocket connection to )/.test(message.text());
        if (message.type() === 'error' && !isOfNetwork) complaints.push(message.text());
      });
      await use(complaints);
      if (complaints.length > 0) throw new Error(`The browser complained:\n${complaints.join('\n')}`);
    },
    { auto: true },
  ],
  linnet: async ({ page }, use) => {
    await use(new LinnetPage(page));
  },
});
