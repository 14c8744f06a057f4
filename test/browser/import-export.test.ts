import assert from 'node:assert/strict';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf } from '../support/flow-of';
import type { FlowNode } from '../support/real-node-red';
import { assertNoSecret } from '../support/secrets';

describe('a flow that is exported from Node-RED 4.1 and imported into 5.0', function () {
  this.timeout(EDITOR_DEADLINE_MS);
  const apiKey = `key-${Math.random().toString(36).slice(2)}`;
  const here = useEditor('4.1', () => flowWithEverythingSet(apiKey));
  const elsewhere = useEditor('5.0', () => []);

  it('keeps every property but the key, and says after the deploy that the key is missing', async () => {
    const exported = await here.editor.exportFlow();
    assertNoSecret(apiKey, exported, 'the exported flow');
    const before = withoutPlace(await here.nodeRed.get<FlowNode[]>('flows'));
    assert.equal(before.length, 3);
    assert.deepEqual(withoutPlace(JSON.parse(exported) as FlowNode[]), before);

    const target = elsewhere.editor;
    await target.importAsNewFlow(exported);
    await target.deploy();
    assert.deepEqual(withoutPlace(await elsewhere.nodeRed.get<FlowNode[]>('flows')), before);

    const [event] = (await target.nodes()).filter(({ type }) => type === 'roboflow-vision-event');
    assert.ok(event);
    await target.page.locator('#red-ui-workspace-tabs').getByText('Test', { exact: true }).click();
    const status = target.canvasNode(event.id).locator('.red-ui-flow-node-status-group');
    await status.getByText('no API key').waitFor();
    assert.ok((await status.locator('.red-ui-flow-node-status-ring-red').count()) > 0);
    assert.deepEqual(target.pageErrors, []);
  });
});

/**
 * The nodes of this package and what triggers them, in an order of their own; an import may put them into another tab.
 */
function withoutPlace(flow: FlowNode[]): FlowNode[] {
  return flow
    .filter(({ type }) => type !== 'tab' && type !== 'global-config')
    .map(({ z: _tab, ...node }) => node)
    .sort((one, other) => one.id.localeCompare(other.id));
}

/** Nothing at its default that could differ: what an import loses shows. */
function flowWithEverythingSet(apiKey: string): FlowNode[] {
  return flowOf(
    {
      inject: {
        type: 'inject',
        repeat: '',
        once: false,
        props: [{ p: 'payload' }],
        payload: '',
        payloadType: 'str',
        wires: [['event']],
      },
      event: {
        type: 'roboflow-vision-event',
        name: 'Scratches ü <b> "quoted"',
        format: 'custom',
        mapping:
          '{"list":"found","class":"label","box":{"convention":"corner","units":"pixel","fields":["x","y","w","h"]}}',
        detections: '{"found":[]}',
        detectionsType: 'json',
        minConfidence: '0.4',
        classes: 'scratch, dent',
        useCase: 'quality-line-1',
        result: 'scratch',
        resultType: 'detected',
        externalId: 'part',
        externalIdType: 'msg',
        outputImage: 'frame',
        outputImageType: 'msg',
        metadata: [
          { key: 'line', value: 'A1', valueType: 'str' },
          { key: 'shift', value: '3', valueType: 'num' },
        ],
        onWarnings: 'stop',
        cooldown: '2',
        cooldownBy: 'part',
        cooldownByType: 'msg',
      },
    },
    {
      workspace: {
        name: 'Plant A',
        baseUrl: 'http://127.0.0.1:9',
        deviceId: 'press 4',
        timeout: 5000,
        outboxMaxEvents: 500,
        outboxWhenFull: 'shed-images',
        batchSize: 20,
        apiKey,
      },
    },
  );
}
