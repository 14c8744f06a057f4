import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from './packed-package';

const NODES = path.join(PROJECT_ROOT, 'nodes');

/** A file below `nodes/`. */
export const readNodesFile = (file: string): string => readFileSync(path.join(NODES, file), 'utf8');

/** What an html file or a script is after its include lines were carried out, as the build does it. */
export function withIncludes(text: string): string {
  return text.replace(/^ *(?:\/\/|\/\*) @include (\S+).*$/gm, (_line, included: string) =>
    readNodesFile(included),
  );
}

const manifest = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};

/** The folder below `nodes/` of every node type, as package.json names it. */
export const NODE_FOLDERS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(manifest['node-red'].nodes).map(([type, file]) => [type, path.basename(path.dirname(file))]),
);

/** The folders below `nodes/` with a dialog. */
export const foldersWithDialog = (): string[] =>
  readdirSync(NODES).filter((folder) => readdirSync(path.join(NODES, folder)).includes('dialog.html'));
