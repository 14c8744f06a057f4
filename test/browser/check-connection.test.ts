import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../simulator/server';
import type { EditorPage } from '../support/editor-page';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf } from '../support/flow-of';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';

const DEAD_URL = 'http://127.0.0.1:9';

for (const version of NODE_RED_VERSIONS) {
  describe(`"Check connection" in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const apiKey = `key-${Math.random().toString(36).slice(2)}`;
    let simulator: Simulator;
    before(async () => {
      simulator = await startSimulator({ apiKey });
    });
    after(() => simulator?.close());
    const session = useEditor(version, () =>
      flowOf({ event: { type: 'vision-event' } }, { workspace: { baseUrl: simulator.url, apiKey } }),
    );
    afterEach(() => session.editor.cancelDialogs());

    it('tells a connection that works, a key that is refused, and a server that is not there', async () => {
      const { editor } = session;
      const field = (name: string) => editor.page.locator(`#node-config-input-${name}`);
      await editor.openDialog('event');
      await editor.openWorkspace();
      const good = await check(editor);
      assert.deepEqual(
        [good.state('host'), good.state('read'), good.state('write')],
        ['ok', 'ok', 'unknown'],
      );
      await editor.screenshot(`check good ${version}`);

      await field('apiKey').fill('another-wrong-key');
      const refused = await check(editor);
      assert.deepEqual([refused.state('api'), refused.state('read')], ['ok', 'failed']);
      assert.match(refused.text('read'), /cannot be proved without creating/);
      await editor.screenshot(`check key refused ${version}`);

      await field('baseUrl').fill(DEAD_URL);
      const dead = await check(editor);
      assert.deepEqual([dead.state('host'), dead.state('read')], ['failed', 'unknown']);
      await editor.screenshot(`check dead ${version}`);

      await field('baseUrl').fill(simulator.url);
      await field('apiKey').fill('');
      assert.equal((await check(editor)).state('settings'), 'failed');
      assert.equal(simulator.events().length, 0);
      assert.ok(!(await editor.page.content()).includes(apiKey), 'the key stands in the page');
      assert.deepEqual(editor.pageErrors, []);
    });
  });
}

/** The steps as they show after the button was pressed. */
interface Check {
  state(step: string): string | undefined;
  text(step: string): string;
}

async function check(editor: EditorPage): Promise<Check> {
  const button = editor.page.locator('.vision-event-check button');
  await button.click();
  await editor.page.locator('.vision-event-check button:enabled').waitFor();
  const steps = await editor.page
    .locator('.vision-event-steps > [data-step]')
    .evaluateAll((lines: HTMLElement[]) =>
      lines.map(({ dataset, innerText }) => ({ step: dataset.step, state: dataset.state, text: innerText })),
    );
  const found = (wanted: string) => steps.find(({ step }) => step === wanted);
  return {
    state: (step) => found(step)?.state,
    text: (step) => found(step)?.text ?? '',
  };
}
