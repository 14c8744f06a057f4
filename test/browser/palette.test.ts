import assert from 'node:assert/strict';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { NODE_FOLDERS } from '../support/dialogs';
import { until } from '../support/until';

const CONFIG_TYPE = 'roboflow-vision-event-workspace';
const NODE_TYPES = Object.keys(NODE_FOLDERS).filter((type) => type !== CONFIG_TYPE);

for (const version of NODE_RED_VERSIONS) {
  describe(`the palette of Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const session = useEditor(version, () => []);
    const filter = () => session.editor.page.locator('#red-ui-palette-search input');
    const shown = () =>
      session.editor.page
        .locator('.red-ui-palette-node:visible')
        .evaluateAll((nodes: HTMLElement[]) => nodes.map((node) => node.dataset['paletteType'] ?? ''));

    // The filter listens to keys.
    afterEach(async () => {
      await filter().press('Control+A');
      await filter().press('Delete');
    });

    it('finds all nodes of the package, and no others, by "roboflow"', async () => {
      const before = await shown();
      assert.ok(before.length > NODE_TYPES.length, before.join());
      await filter().pressSequentially('roboflow');
      const found = await until(async () => {
        const types = await shown();
        return types.length < before.length && types;
      }, 'the palette is not filtered');
      assert.deepEqual(found.sort(), NODE_TYPES.sort());
    });
  });
}
