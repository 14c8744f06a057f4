// Installs the dependencies when they are missing or older than the lock file, so that a fresh clone needs one command.
// The scripts use it for the project, the tests for the Node-RED 5.0 that they start.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * @param {string} folder a folder with package.json and package-lock.json
 * @throws Error when npm fails; npm itself has said why
 */
export function ensureInstalled(folder = root) {
  const modules = path.join(folder, 'node_modules');
  const lock = path.join(folder, 'package-lock.json');
  const installed = path.join(modules, '.package-lock.json');
  // A linked folder is shared with another checkout, and not ours to replace.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log(`Installing the dependencies of ${path.relative(root, folder) || 'the project'} (once) ...`);
  // A shell finds npm under Windows too, where it is a .cmd file.
  const npm = spawnSync('npm ci --prefer-offline --no-fund --no-audit', {
    cwd: folder,
    stdio: 'inherit',
    shell: true,
  });
  if (npm.status !== 0) throw new Error(`npm ci failed in ${folder}`);
}
