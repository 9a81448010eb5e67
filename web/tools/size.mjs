/** Weighs what a first visit loads: the compressed JavaScript that index.html names. */
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT_KB = 150;
const dist = new URL('../dist/', import.meta.url);
const html = readFileSync(new URL('index.html', dist), 'utf8');
const named = [...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, path]) => path);
const weigh = (path) => gzipSync(readFileSync(new URL(path, dist)), { level: 9 }).length / 1024;
const first = named.reduce((sum, path) => sum + weigh(path), 0);

for (const name of readdirSync(new URL('assets/', dist)).filter((file) => /\.(js|css)$/.test(file))) {
  process.stdout.write(`${weigh(`assets/${name}`).toFixed(1).padStart(7)} KB  ${name}\n`);
}
process.stdout.write(`${first.toFixed(1).padStart(7)} KB  of JavaScript at first, of ${LIMIT_KB}\n`);
process.exitCode = first < LIMIT_KB && named.length > 0 ? 0 : 1;
