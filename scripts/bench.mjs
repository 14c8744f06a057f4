// `npm run bench` runs every benchmark, `npm run bench -- send` only those whose name begins so.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';

ensureInstalled();
const asked = process.argv.slice(2);
const files = readdirSync(path.join(root, 'bench'))
  .filter((name) => name.endsWith('.bench.ts'))
  .filter((name) => asked.length === 0 || asked.some((prefix) => name.startsWith(prefix)));
let failed = 0;
for (const file of files) {
  console.log(`\n── ${file}\n`);
  const args = ['--expose-gc', '--require', 'tsx/cjs', path.join('bench', file)];
  if (spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0) failed++;
}
process.exit(failed > 0 ? 1 : 0);
