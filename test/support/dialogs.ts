import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildDialog, type Dialog } from '../../scripts/build-dialogs';
import { PROJECT_ROOT } from './packed-package';

/** A file below `nodes/`. */
export const readNodesFile = (file: string): string =>
  readFileSync(path.join(PROJECT_ROOT, 'nodes', file), 'utf8');

const manifest = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};

/** The folder below `nodes/` of every node type, as package.json names it. */
export const NODE_FOLDERS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(manifest['node-red'].nodes).map(([type, file]) => [type, path.basename(path.dirname(file))]),
);

/** The html of every node type as the build makes it, from the sources. */
export async function buildDialogs(): Promise<Record<string, Dialog>> {
  const types = Object.entries(NODE_FOLDERS);
  return Object.fromEntries(
    await Promise.all(types.map(async ([type, folder]) => [type, await buildDialog(folder)] as const)),
  );
}
