// Compiles the simulator into dist and lays its page beside the compiled files. The licence is the project's own file:
// npm packs only what lies in the package's folder, so a copy is made that git does not keep.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const folder = import.meta.dirname;
const dist = path.join(folder, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(dist, { recursive: true, force: true });
const compiled = spawnSync(process.execPath, [tsc, '-p', path.join(folder, 'tsconfig.json')], {
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
cpSync(path.join(folder, 'page'), path.join(dist, 'page'), { recursive: true });
cpSync(path.join(folder, '..', 'LICENSE'), path.join(folder, 'LICENSE'));
