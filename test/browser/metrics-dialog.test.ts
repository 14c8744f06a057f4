import assert from 'node:assert/strict';
import { METRICS_PATH } from '../../nodes/workspace/metrics/route';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf } from '../support/flow-of';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { until } from '../support/until';

const TOKEN = 'metrics-secret-Ty6Hb2Ws';

for (const version of NODE_RED_VERSIONS) {
  describe(`metrics are switched on in the dialog of a workspace, in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const session = useEditor(version, () =>
      flowOf({ event: { type: 'roboflow-vision-event', useCase: 'quality-line-1' } }),
    );
    afterEach(() => session.editor.cancelDialogs());

    const read = (token: string) =>
      fetch(session.nodeRed.url + METRICS_PATH, { headers: { authorization: `Bearer ${token}` } });

    it('asks for a token, and keeps it', async () => {
      const { editor } = session;
      const { page } = editor;
      assert.equal((await read(TOKEN)).status, 404);
      await editor.openDialog('event');
      await editor.openWorkspace();
      const section = page.locator('.red-ui-tray [data-section="metrics"]');
      await section.locator('> summary').click();
      const doubt = section.getByText(/^Enter a token here or in another workspace/);
      assert.equal(await doubt.count(), 0);
      await page.locator('#node-config-input-metrics').check();
      await doubt.waitFor();
      await editor.screenshot('metrics asked for');
      await page.locator('#node-config-input-metricsToken').fill(TOKEN);
      await doubt.waitFor({ state: 'detached' });
      await editor.confirmDialog('node-config-dialog');
      await editor.confirmDialog('node-dialog');
      assert.equal((await editor.node('event')).valid, true);
      await editor.deploy();
      await until(async () => (await read(TOKEN)).status === 200, 'the metrics');
      assert.equal((await read('another')).status, 401);

      assert.doesNotMatch(await editor.exportFlow(), new RegExp(TOKEN));
      await editor.openDialog('event');
      await editor.openWorkspace();
      await section.locator('> summary').click();
      assert.equal(await page.locator('#node-config-input-metrics').isChecked(), true);
      assert.equal(await doubt.count(), 0, 'a saved token counts');
      await editor.screenshot('metrics saved');
      assert.deepEqual(editor.pageErrors, []);
    });
  });
}
