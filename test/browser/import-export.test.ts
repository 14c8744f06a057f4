import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { visionEventDefaults, workspaceDefaults } from '../../nodes/properties';
import { launchBrowser } from '../support/browser';
import { EditorPage } from '../support/editor-page';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { assertNoSecret } from '../support/secrets';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;

describe('a flow that is exported and imported elsewhere', function () {
  this.timeout(SLOW_MS);

  const apiKey = `key-${Math.random().toString(36).slice(2)}`;
  let browser: Browser;
  let here: RealNodeRed;
  let elsewhere: RealNodeRed;

  before(async function () {
    browser = await launchBrowser(this);
    here = await RealNodeRed.start('4.1');
    elsewhere = await RealNodeRed.start('4.1');
  });
  after(async () => {
    await browser?.close();
    await here?.stop();
    await elsewhere?.stop();
  });

  it('keeps every property but the key, and says after the deploy that the key is missing', async () => {
    await here.deploy(flowWithEverythingSet(apiKey));
    const source = await EditorPage.open(browser, here.url);
    const exported = await source.exportFlow();
    assertNoSecret(apiKey, exported, 'the exported flow');
    const before = withoutPlace(await here.get<FlowNode[]>('flows'));
    assert.equal(before.length, 3);
    assert.deepEqual(withoutPlace(JSON.parse(exported) as FlowNode[]), before);
    await source.close();

    const target = await EditorPage.open(browser, elsewhere.url);
    await target.importAsNewFlow(exported);
    await target.deploy();
    assert.deepEqual(withoutPlace(await elsewhere.get<FlowNode[]>('flows')), before);

    const [event] = (await target.nodes()).filter(({ type }) => type === 'vision-event');
    assert.ok(event);
    await target.page.locator('#red-ui-workspace-tabs').getByText('Test', { exact: true }).click();
    await target.canvasNode('inject').locator('.red-ui-flow-node-button-button').click();
    const status = target.canvasNode(event.id).locator('.red-ui-flow-node-status-group');
    await status.getByText('no API key').waitFor();
    assert.ok((await status.locator('.red-ui-flow-node-status-ring-red').count()) > 0);
    assert.deepEqual(target.pageErrors, []);
  });
});

/** The nodes of this package and what triggers them, in an order of their own; an import may put them into another tab. */
function withoutPlace(flow: FlowNode[]): FlowNode[] {
  return flow
    .filter(({ type }) => type !== 'tab' && type !== 'global-config')
    .map(({ z: _tab, ...node }) => node)
    .sort((one, other) => one.id.localeCompare(other.id));
}

/** Nothing at its default that could differ: what an import loses shows. */
function flowWithEverythingSet(apiKey: string): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'vision-event-workspace',
      name: 'Plant A',
      baseUrl: 'http://127.0.0.1:9',
      deviceId: 'press 4',
      timeout: 5000,
      outboxMaxEvents: 500,
      outboxWhenFull: 'shed-images',
      batchSize: 20,
      credentials: { apiKey },
    },
    {
      id: 'inject',
      type: 'inject',
      z: 'tab',
      x: 140,
      y: 100,
      repeat: '',
      once: false,
      props: [{ p: 'payload' }],
      payload: '',
      payloadType: 'str',
      wires: [['event']],
    },
    {
      ...visionEventDefaults,
      id: 'event',
      type: 'vision-event',
      z: 'tab',
      x: 400,
      y: 100,
      name: 'Scratches ü <b> "quoted"',
      workspace: 'workspace',
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
      wires: [[]],
    },
  ];
}
