import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Runs a file of tests as all tests are run, and answers what mocha said. */
function runMocha(text: string): { failed: boolean; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'harness-'));
  try {
    const file = join(folder, 'made.test.js');
    writeFileSync(file, text);
    const mocha = join(ROOT, 'node_modules/mocha/bin/mocha.js');
    const { status, stdout } = spawnSync(process.execPath, [mocha, file], { cwd: ROOT, encoding: 'utf8' });
    return { failed: status !== 0, output: stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('every test', function () {
  this.timeout(30_000);

  const leaving = (leftBehind: string) =>
    `it('leaves something behind', async () => { ${leftBehind}; await new Promise((go) => setTimeout(go, 50)); });`;

  it('fails when a promise rejects with nobody listening: Node-RED would end', () => {
    const { failed, output } = runMocha(leaving(`void Promise.reject(new Error('left behind'))`));
    assert.match(output, /1 failing/);
    assert.match(output, /left behind/);
    assert.ok(failed);
  });

  it('control: passes when somebody listens', () => {
    const { failed, output } = runMocha(leaving(`Promise.reject(new Error('heard')).catch(() => undefined)`));
    assert.match(output, /1 passing/);
    assert.ok(!failed);
  });
});
