/** Where things are. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

export const ROOT = join(HERE, '../../../..');
export const DIST = join(ROOT, 'web/dist');
export const RECORDINGS = join(ROOT, 'tests/data');

/** The Python that the server runs with. */
export function python(): string {
  const path = join(process.env['LINNET_VENV'] || join(ROOT, '.venv'), 'bin/python');
  if (!existsSync(path)) throw new Error(`There is no Python at ${path}: ./manage.sh start makes it.`);
  return path;
}
