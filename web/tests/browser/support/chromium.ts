/** The browser of the system, and how it is told to hear a recording. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const CHROMIUM = process.env['LINNET_CHROMIUM'] || '/usr/bin/chromium';

/** What the microphone and a shared tab hear, again and again. Made by `prepare.ts`. */
export const SPEECH = join(tmpdir(), `linnet-speech-${process.env['USER'] ?? 'all'}.wav`);

export const CHROMIUM_ARGS = [
  '--no-sandbox', // The tests run as root in containers, and open nothing but our own page.
  '--disable-gpu',
  '--disable-dev-shm-usage', // Containers have little of it.
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--use-file-for-fake-audio-capture=${SPEECH}`,
];
