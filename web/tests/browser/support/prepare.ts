/** Before all tests: the page is there, and so is what the microphone will hear. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { CHROMIUM, SPEECH } from './chromium';
import { DIST, RECORDINGS, ROOT, python } from './project';

/** An agitated voice, then a calm one, half a second apart. */
const JOIN = `
import sys
import numpy, soundfile
*parts, target = sys.argv[1:]
voices = [soundfile.read(part, dtype="int16") for part in parts]
rate_hz = voices[0][1]
pause = numpy.zeros(rate_hz // 2, numpy.int16)
soundfile.write(target, numpy.concatenate([x for voice, _ in voices for x in (voice, pause)]), rate_hz)
`;

export default function prepare(): void {
  if (!existsSync(join(DIST, 'index.html'))) {
    throw new Error('The page is not built: npm run build (or ./manage.sh test).');
  }
  if (!existsSync(CHROMIUM)) throw new Error(`There is no Chromium at ${CHROMIUM} (LINNET_CHROMIUM).`);
  const voices = ['agitated.flac', 'calm.flac'].map((name) => join(RECORDINGS, name));
  execFileSync(python(), ['-c', JOIN, ...voices, SPEECH], { cwd: ROOT });
}
