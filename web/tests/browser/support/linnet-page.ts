/** The page as a person meets it: by roles and by the words of its own catalogue. */
import { type CDPSession, type Locator, type Page, expect } from '@playwright/test';

import { en } from '../../../src/i18n/en';

export { en };

const SETTINGS_KEY = 'linnet.settings';

/** Words that the page can show for a tone. */
export const TONE_WORDS: readonly string[] = Object.values(en.affect);

export interface WireEvent {
  session: string;
  name: string;
  /** Number in the session; null for what has none. */
  seq: number | null;
}

export class LinnetPage {
  constructor(readonly page: Page) {}

  /** Choices that are there from the first moment, as of somebody who has been here before. */
  async prefer(choices: Record<string, unknown> = {}): Promise<void> {
    await this.page.addInitScript(
      ([key, value]) => {
        if (localStorage.getItem(key) === null) localStorage.setItem(key, value);
      },
      [SETTINGS_KEY, JSON.stringify({ introduced: true, ...choices })] as const,
    );
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  get startButton(): Locator {
    return this.button(en.compose.start);
  }

  get stopButton(): Locator {
    return this.button(en.compose.stop);
  }

  get status(): Locator {
    return this.page.getByTestId('status');
  }

  get word(): Locator {
    return this.page.getByTestId('tone-word').first();
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  /** One line of the technical details. */
  detail(label: string): Locator {
    return this.page.locator('dt', { hasText: label }).locator('xpath=following-sibling::dd[1]');
  }

  async start(): Promise<void> {
    await this.startButton.click();
    await expect(this.stopButton).toBeVisible();
  }

  /** Until a tone stands on the page. */
  async untilTone(timeout = 40_000): Promise<void> {
    await expect(this.word).toHaveText(new RegExp(`^(${TONE_WORDS.join('|')})$`), { timeout });
  }

  async open(name: 'settings' | 'sessions' | 'help'): Promise<Locator> {
    await this.button(en.app[name]).click();
    await expect(this.dialog).toBeVisible();
    return this.dialog;
  }

  /** The session that the page is in. */
  async sessionId(): Promise<string> {
    const id = await this.page.evaluate(() => sessionStorage.getItem('linnet.session'));
    if (id === null) throw new Error('The page is in no session.');
    return id;
  }
}

/** Every event that the browser itself takes from an EventSource, seen from outside the page. */
export async function watchEvents(page: Page): Promise<WireEvent[]> {
  const events: WireEvent[] = [];
  const sessions = new Map<string, string>();
  const devtools: CDPSession = await page.context().newCDPSession(page);
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) => {
    const session = /\/session\/([^/]+)\/stream/.exec(request.url)?.[1];
    if (session !== undefined) sessions.set(requestId, session);
  });
  devtools.on('Network.eventSourceMessageReceived', ({ requestId, eventName, eventId }) => {
    const seq = /^\d+$/.test(eventId) && eventName !== 'session-end' ? Number(eventId) : null;
    events.push({ session: sessions.get(requestId) ?? '', name: eventName, seq });
  });
  await devtools.send('Network.enable');
  return events;
}

/** Numbers of a session's events in the order in which they came. */
export function numbersOf(events: readonly WireEvent[], session: string): number[] {
  return events.flatMap((event) => (event.session === session && event.seq !== null ? [event.seq] : []));
}

/** 1, 2, 3 ... `last`. */
export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, at) => at + 1);
}
