import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../simulator/server';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { firstEvent, ONE_SCRATCH } from '../support/quality-check';

for (const version of NODE_RED_VERSIONS) {
  describe(`the quality-check flow by mouse and keyboard, in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const apiKey = `key-${Math.random().toString(36).slice(2)}`;
    let simulator: Simulator;
    before(async () => {
      simulator = await startSimulator({ apiKey });
    });
    after(() => simulator?.close());
    const session = useEditor(version, () => []);

    it('is built in an empty tab, deployed, and the event arrives', async () => {
      const { editor, nodeRed } = session;
      await editor.act('add flow');
      assert.deepEqual(await editor.nodes(), []);
      const inject = await editor.dragFromPalette('inject', 120, 100);
      const event = await editor.quickAdd('vision event', 340, 100);
      await editor.wire(inject, event);

      await editor.openDialog(event);
      await editor.openWorkspace('add');
      await editor.page.locator('#node-config-input-name').fill('By hand');
      await editor.page.locator('#node-config-input-apiKey').fill(apiKey);
      await editor.page.locator('#node-config-input-baseUrl').fill(simulator.url);
      await editor.confirmDialog('node-config-dialog');
      await editor.chooseType('node-input-detections', 'json');
      await editor.typeInto('node-input-detections', ONE_SCRATCH);
      await editor.typeInto('node-input-useCase', 'quality-line-1');
      await editor.chooseType('node-input-result', 'detected');
      await editor.typeInto('node-input-result', 'scratch');
      await editor.confirmDialog('node-dialog');
      for (const node of await editor.nodes()) assert.deepEqual(node.validationErrors, [], node.type);

      await editor.deploy();
      await editor.canvasNode(inject).locator('.red-ui-flow-node-button-button').click();
      const arrived = await firstEvent(simulator);
      assert.deepEqual(arrived.event.eventData, { result: 'fail' });
      assert.equal(arrived.useCaseId, 'quality-line-1');
      assert.deepEqual(editor.pageErrors, []);
      assert.ok(!nodeRed.log().includes(apiKey), 'the key stands in the log');
    });
  });
}
