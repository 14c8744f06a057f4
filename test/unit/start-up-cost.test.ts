import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { LOAD_NODES, nodeFiles } from '../support/load-nodes';

/** Each of them would cost more than all our own files together. */
const HEAVY = ['axios', 'zod', 'tar', 'hpagent'];

/** Which heavy packages a process holds after `program`. */
function heavyAfter(program: string, files: string[]): string[] {
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
  return HEAVY.filter((name) => loaded.some((file) => file.includes(`/node_modules/${name}/`)));
}

describe('start-up cost', () => {
  it('loads nothing heavy with the node files: Node-RED loads them at every start, used or not', () => {
    assert.deepEqual(heavyAfter(LOAD_NODES, nodeFiles('source')), []);
  });

  it('would see it', () => {
    assert.deepEqual(heavyAfter(`${LOAD_NODES}; require('tar'); require('axios')`, nodeFiles('source')), [
      'axios',
      'tar',
    ]);
  });
});
