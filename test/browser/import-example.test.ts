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
    await editor.importAsNewFlow(readFileSync(path.join(folder, first), 'utf8'));
    await editor.deploy();

    const shown = await until(
      async () => {
        const answer = await (await fetch(`${nodeRed.url}/vision-events-stand-in?events`)).text();
        return /"count":[1-9]/.test(answer) ? answer : undefined;
      },
      'the stand-in shows no event',
      ARRIVAL_MS,
    );
    assert.match(shown, /quality_check/);
    assert.deepEqual(editor.pageErrors, []);
  });
});
