import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(__dirname, '../../..');

/** How many files of zod a fresh process has loaded after it loaded these files of `src/event`. */
function zodFilesAfterLoading(...names: string[]): number {
  const files = names.map((name) => path.join(root, 'src/event', name));
  const script = `
    for (const file of ${JSON.stringify(files)}) require(file);
    const zod = Object.keys(require.cache).filter((file) => /[\\\\/]node_modules[\\\\/]zod[\\\\/]/.test(file));
    console.log(zod.length);`;
  const output = execFileSync(process.execPath, ['--require', 'tsx/cjs', '--eval', script], {
    cwd: root,
    encoding: 'utf8',
  });
  return Number(output);
}

describe('event: start-up', () => {
  it('what the nodes load does not load zod (docs/decisions/validation-without-zod.md)', function () {
    this.timeout(60_000);
    assert.equal(zodFilesAfterLoading('types', 'validate', 'repair', 'compose', 'derive'), 0);
    assert.ok(zodFilesAfterLoading('model') > 0, 'the test would see zod');
  });
});
