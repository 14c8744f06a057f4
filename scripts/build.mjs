// Compiles src and nodes into dist and lays dialog, locales and icon of each node beside its compiled program, where
// Node-RED looks for them (it follows no other path).
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, 'dist');
const { resolve } = createRequire(import.meta.url);
const tsc = resolve('typescript/bin/tsc');
const tsx = resolve('tsx/cli');

rmSync(dist, { recursive: true, force: true });
// First of all, for the table is compiled too.
run(tsx, 'scripts/derive-rules.ts');
run(tsc, '-p', 'tsconfig.json');
run(tsx, 'scripts/build-dialogs.ts');

stampBuildTime(path.join(dist, 'src/built-at.js'));

const nodes = path.join(root, 'nodes');
leaveOutTypes(path.join(dist, 'nodes'));
for (const { name: folder } of readdirSync(nodes, { withFileTypes: true })) {
  const dialog = path.join(nodes, folder, 'dialog.ts');
  if (!existsSync(dialog)) continue;
  const built = path.join(dist, 'nodes', folder);
  cpSync(path.join(nodes, folder, 'locales'), path.join(built, 'locales'), { recursive: true });
  const icon = iconOf(readFileSync(dialog, 'utf8'));
  cpSync(path.join(root, 'icons', icon), path.join(built, 'icons', icon));
}

/** Runs a program of Node.js in the project, and ends the build when it fails. */
function run(...program) {
  const { status } = spawnSync(process.execPath, program, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** The icon that a dialog's script names. */
function iconOf(script) {
  const [, icon] = /\bicon: '([^']+\.svg)'/.exec(script) ?? [];
  if (!icon) throw new Error('A dialog names no icon.');
  return icon;
}

/** Types and maps are for programs that use the library: nobody imports a node, and Node-RED reads none of them. */
function leaveOutTypes(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = path.join(folder, name);
    if (/\.(d\.ts|map)$/.test(name)) rmSync(file);
    else if (name.endsWith('.js'))
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*\n?/m, ''));
  }
}

/** A clock before the build is plainly wrong. SOURCE_DATE_EPOCH (s) makes a build repeatable. */
function stampBuildTime(file) {
  const { SOURCE_DATE_EPOCH } = process.env;
  const builtAt = SOURCE_DATE_EPOCH === undefined ? Date.now() : Number(SOURCE_DATE_EPOCH) * 1000;
  const text = readFileSync(file, 'utf8');
  const stamped = text.replace(/Date\.UTC\(.*?\)/, String(builtAt));
  if (stamped === text || !Number.isSafeInteger(builtAt))
    throw new Error(`${file}: no place for the build time`);
  writeFileSync(file, stamped);
}
