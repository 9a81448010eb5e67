/** Browsers that Playwright cannot show as they are: a hidden Chromium, and the system's Firefox. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import puppeteer, { type Browser, type Page } from 'puppeteer-core';

import { CHROMIUM, CHROMIUM_ARGS } from './chromium';
import { en } from './linnet-page';

/** Playwright keeps every page visible; this Chromium lets it be hidden and frozen. */
export function launchChromium(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: CHROMIUM,
    args: CHROMIUM_ARGS,
    ignoreDefaultArgs: ['--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'],
  });
}

/** What is missing for the run in Firefox; empty when nothing is. */
export function missingForFirefox(): string[] {
  return ['firefox-esr', 'pulseaudio'].filter((name) => find(name) === null);
}

/** Debian's Firefox, with a synthetic microphone that it may use unasked, and a sink for its clock. */
export class FirefoxRun {
  private constructor(
    readonly browser: Browser,
    private readonly sound: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<FirefoxRun> {
    const folder = mkdtempSync(join(tmpdir(), 'linnet-firefox-'));
    const socket = join(folder, 'pulse.socket');
    const env = {
      ...process.env,
      HOME: folder,
      XDG_RUNTIME_DIR: folder,
      PULSE_RUNTIME_PATH: folder,
      PULSE_SERVER: `unix:${socket}`,
    };
    const sound = spawn(
      find('pulseaudio') as string,
      [
        '-n', // None of the system's own set-up.
        '--daemonize=no',
        '--exit-idle-time=-1',
        '--load=module-null-sink',
        `--load=module-native-protocol-unix socket=${socket} auth-anonymous=1`,
      ],
      { env, stdio: 'ignore' },
    );
    try {
      const deadline = Date.now() + 10_000;
      while (!existsSync(socket)) {
        if (Date.now() > deadline) throw new Error('PulseAudio does not start.');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const browser = await puppeteer.launch({
        browser: 'firefox',
        executablePath: find('firefox-esr') as string,
        env,
        extraPrefsFirefox: {
          'media.navigator.streams.fake': true,
          'media.navigator.permission.disabled': true,
          'intl.accept_languages': 'en-GB',
        },
      });
      return new FirefoxRun(browser, sound, folder);
    } catch (error) {
      sound.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.sound.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Presses the button of that name. */
export async function press(page: Page, name: string): Promise<void> {
  await page.locator(`::-p-aria(${name}[role="button"])`).click();
}

/** The value beside a label of the technical details. */
export async function detail(page: Page, label: string): Promise<string> {
  return page.evaluate((text) => {
    const terms = Array.from(document.querySelectorAll('dt'));
    const term = terms.find(({ textContent }) => textContent?.trim() === text);
    return term?.nextElementSibling?.textContent?.trim() ?? '';
  }, label);
}

/** Choices as of somebody who has been here before, for a page that is about to be opened. */
export async function prefer(page: Page, choices: Record<string, unknown>): Promise<void> {
  await page.evaluateOnNewDocument(
    (value) => {
      // The empty page before ours has no storage.
      if (location.protocol === 'http:') localStorage.setItem('linnet.settings', value);
    },
    JSON.stringify({ introduced: true, ...choices }),
  );
}

export { en };

function find(name: string): string | null {
  const places = (process.env['PATH'] ?? '').split(delimiter);
  return places.map((place) => join(place, name)).find((path) => existsSync(path)) ?? null;
}
