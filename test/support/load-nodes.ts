import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

/** Text for `node -e`: registers the node files of its arguments as Node-RED does at its start. */
export const LOAD_NODES = `
  const nothing = () => undefined;
  const RED = {
    nodes: { registerType: nothing, createNode: nothing },
    settings: {},
    auth: { needsPermission: () => nothing },
    httpAdmin: { get: nothing, post: nothing, put: nothing, delete: nothing },
  };
  for (const file of process.argv.slice(1)) require(file)(RED);
`;

/** The files of all nodes of the package: as built, or the sources they are built from. */
export function nodeFiles(kind: 'built' | 'source'): string[] {
  const { 'node-red': palette } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    'node-red': { nodes: Record<string, string> };
  };
  return Object.values(palette.nodes).map((file) =>
    path.join(ROOT, kind === 'built' ? file : file.replace(/^dist\/(.*)\.js$/, '$1.ts')),
  );
}
