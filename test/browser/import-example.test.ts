import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { PROJECT_ROOT } from '../support/packed-package';
import { until } from '../support/until';

const ARRIVAL_MS = 20_000;

describe('the first example, imported in the editor', function () {
  this.timeout(EDITOR_DEADLINE_MS);
  const session = useEditor('4.1', () => []);

  it('delivers to its stand-in after import and deploy, without a word typed', async () => {
    const { editor, nodeRed } = session;
    const folder = path.join(PROJECT_ROOT, 'examples');
    const first = readdirSync(folder).sort()[0] ?? '';
    // Node-RED of this test runs on another port than a user's.
    const flow = readFileSync(path.join(folder, first), 'utf8').replaceAll(
      'http://127.0.0.1:1880',
      nodeRed.url,
    );
    await editor.importAsNewFlow(flow);
    await editor.deploy();

    const shown = await until(
      async () => {
        const page = await (await fetch(`${nodeRed.url}/vision-events-stand-in`)).text();
        return /[1-9]\d* events arrived/.test(page) ? page : undefined;
      },
      'the stand-in shows no event',
      ARRIVAL_MS,
    );
    assert.match(shown, /quality_check/);
    assert.deepEqual(editor.pageErrors, []);
  });
});
