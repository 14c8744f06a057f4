import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_ROOT } from './packed-package';

const run = promisify(execFile);

export type NodeRedVersion = '4.0' | '4.1' | '5.0';

/** CI puts one of them in place of the project's own (`npm install --no-save node-red@4.0`), and says which. */
const PUT_IN_PLACE = process.env.ONLY_NODE_RED as NodeRedVersion | undefined;

export const NODE_RED_VERSIONS: readonly NodeRedVersion[] = PUT_IN_PLACE ? [PUT_IN_PLACE] : ['4.1', '5.0'];

export interface NodeRedProgram {
  node: string;
  redJs: string;
}

const NODE_RED_5_FOLDER = path.join(PROJECT_ROOT, 'test/node-red-5');
const OLDEST_NODE_OF_NODE_RED_5 = [22, 9] as const;

let nodeRed5: Promise<NodeRedProgram> | undefined;

/** Where to find that Node-RED, and a Node.js it accepts; 5.0 is installed when it is first asked for. */
export function nodeRedProgram(version: NodeRedVersion): Promise<NodeRedProgram> {
  if (PUT_IN_PLACE || version !== '5.0') {
    return Promise.resolve({
      node: process.execPath,
      redJs: path.join(PROJECT_ROOT, 'node_modules/node-red/red.js'),
    });
  }
  nodeRed5 ??= installNodeRed5();
  return nodeRed5;
}

async function installNodeRed5(): Promise<NodeRedProgram> {
  const { ensureInstalled } = await import('../../scripts/ensure-installed.mjs');
  ensureInstalled(NODE_RED_5_FOLDER);
  const modules = path.join(NODE_RED_5_FOLDER, 'node_modules');
  return { node: await nodeForNodeRed5(modules), redJs: path.join(modules, 'node-red/red.js') };
}

async function nodeForNodeRed5(modules: string): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE_OF_NODE_RED_5;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return process.execPath;
  const nodePackage = path.join(modules, 'node');
  const node = path.join(nodePackage, 'bin/node');
  // npm 11 runs no install script that was not approved; this one only fetches the binary.
  if (!(await runs(node)))
    await run(process.execPath, ['installArchSpecificPackage.js'], { cwd: nodePackage });
  if (!(await runs(node)))
    throw new Error(`The Node.js in ${nodePackage} does not run; delete ${modules} and try again`);
  return node;
}

async function runs(node: string): Promise<boolean> {
  try {
    await run(node, ['--version']);
    return true;
  } catch {
    return false;
  }
}
