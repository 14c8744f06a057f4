import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { WorkspaceProperties } from '../../nodes/shared/properties';
import { LOAD_NODES, nodeFiles } from '../support/load-nodes';

/** Each of them would cost more than all our own files together. */
const HEAVY = ['axios', 'zod', 'tar', 'hpagent', 'prom-client'];

/** Nothing but numbers, with which a dialog begins. */
const DEFAULTS = '/src/delivery/defaults.ts';

/** Which heavy packages a process holds after `program`. */
const heavyAfter = (program: string, files: string[]) =>
  loadedBy(
    program,
    files,
    HEAVY.map((name) => `node_modules/${name}`),
  ).map((folder) => folder.slice('node_modules/'.length));

/** In which of some folders a process has loaded something after `program`. */
function loadedBy(program: string, files: string[], folders: string[]): string[] {
  const script = `${program}; console.log(JSON.stringify(Object.keys(require.cache)))`;
  const output = execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', script, ...files], {
    cwd: __dirname,
    encoding: 'utf8',
  });
  const loaded = (JSON.parse(output) as string[]).map((file) => file.replaceAll('\\', '/'));
  assert.ok(
    files.every((file) => loaded.includes(file.replaceAll('\\', '/'))),
    'not all node files were loaded',
  );
  const counted = loaded.filter((file) => !file.endsWith(DEFAULTS));
  return folders.filter((folder) => counted.some((file) => file.includes(`/${folder}/`)));
}

describe('start-up cost', () => {
  it('loads nothing heavy with the node files: Node-RED loads them at every start, used or not', () => {
    assert.deepEqual(heavyAfter(LOAD_NODES, nodeFiles('source')), []);
  });

  it('loads with them nothing that a node needs before it is built', () => {
    assert.deepEqual(
      loadedBy(LOAD_NODES, nodeFiles('source'), ['src/delivery', 'src/detections', 'src/scene']),
      [],
    );
  });

  /**
   * Builds a workspace; `use` is what a node does with it when it is built. @returns what is loaded right then and soon
   * after
   */
  function loadedByWorkspace(use: string, settings: Partial<WorkspaceProperties> = {}): [string[], string[]] {
    const script = `
      const { Workspace } = require('../../nodes/workspace/workspace');
      const { workspaceDefaults } = require('../../nodes/shared/properties');
      const loaded = () => ${JSON.stringify(HEAVY)}.filter((name) => Object.keys(require.cache).some(
        (file) => file.replaceAll('\\\\', '/').includes('/node_modules/' + name + '/')));
      const node = { id: 'w', credentials: { apiKey: 'key' } };
      const workspace = new Workspace({ settings: {}, _: (key) => key }, node, { ...workspaceDefaults, ...${JSON.stringify(settings)} });
      ${use}
      const atOnce = loaded();
      setImmediate(() => console.log(JSON.stringify([atOnce, loaded()])));`;
    const output = execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], {
      cwd: __dirname,
      encoding: 'utf8',
    });
    return JSON.parse(output) as [string[], string[]];
  }

  it('loads what a node will send with soon after it is built, off the way of its first message', function () {
    this.timeout(30_000);
    assert.deepEqual(loadedByWorkspace('workspace.client();'), [[], ['axios', 'zod']]);
    assert.deepEqual(loadedByWorkspace('workspace.client();', { transport: 'bundle' }), [
      [],
      ['axios', 'zod', 'tar'],
    ]);
    const store = { target: 'event-store', baseUrl: 'http://localhost:8001' } as const;
    assert.deepEqual(loadedByWorkspace('workspace.configurationError();', store), [[], ['axios', 'zod']]);
  });

  it('loads nothing for a workspace that no node sends with', () => {
    assert.deepEqual(loadedByWorkspace(''), [[], []]);
  });

  it('loads the library for metrics with the first workspace whose metrics are on', () => {
    assert.deepEqual(loadedByWorkspace('', { metrics: true }), [['prom-client'], ['prom-client']]);
  });

  it('would see it', () => {
    assert.deepEqual(heavyAfter(`${LOAD_NODES}; require('tar'); require('axios')`, nodeFiles('source')), [
      'axios',
      'tar',
    ]);
  });
});
