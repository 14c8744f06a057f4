// Compiles src and nodes into dist and lays dialog, locales and icon of each node beside its compiled program,
// where Node-RED looks for them (it follows no other path).
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(dist, { recursive: true, force: true });
// First of all, for the table is compiled too.
const tsx = createRequire(import.meta.url).resolve('tsx/cli');
const derived = spawnSync(process.execPath, [tsx, path.join(root, 'scripts/derive-rules.ts')], {
  stdio: 'inherit',
});
if (derived.status !== 0) process.exit(derived.status ?? 1);

const compiled = spawnSync(process.execPath, [tsc, '-p', path.join(root, 'tsconfig.json')], {
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

stampBuildTime(path.join(dist, 'src/built-at.js'));

const nodes = path.join(root, 'nodes');
leaveOutTypes(path.join(dist, 'nodes'));
for (const { name: folder } of readdirSync(nodes, { withFileTypes: true })) {
  const dialog = path.join(nodes, folder, 'dialog.html');
  if (!existsSync(dialog)) continue;
  const built = path.join(dist, 'nodes', folder);
  writeFileSync(path.join(built, 'node.html'), withIncludes(dialog));
  cpSync(path.join(nodes, folder, 'locales'), path.join(built, 'locales'), { recursive: true });
  const icon = iconOf(readFileSync(dialog, 'utf8'));
  cpSync(path.join(root, 'icons', icon), path.join(built, 'icons', icon));
}

/** The icon that a dialog's script names. */
function iconOf(html) {
  const [, icon] = /\bicon: '([^']+)'/.exec(html) ?? [];
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

/**
 * An html file with the text of `nodes/editor` in place of its lines `// @include editor/…`:
 * Node-RED loads each node's html by itself, and scripts from elsewhere in no certain order.
 */
function withIncludes(file) {
  const text = readFileSync(file, 'utf8');
  return text.replace(/^ *(?:\/\/|\/\*) @include (\S+).*$/gm, (_line, included) =>
    readFileSync(path.join(nodes, included), 'utf8'),
  );
}
