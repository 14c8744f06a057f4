import assert from 'node:assert/strict';
import type { NodeStatus } from 'node-red';
import { EVENT_NODE_ID, helper, TestFlow, WORKSPACE_ID } from '../support/node-red-helper';

const UNSET = 'A_VARIABLE_THAT_NOBODY_SETS';
/** The remedy comes first. */
const UNSET_IS_SAID = new RegExp(`^Set the environment variable ${UNSET} `);

describe('vision-event with settings missing', function () {
  before((done) => void helper.startServer(done));
  afterEach(() => helper.unload());
  after((done) => void helper.stopServer(done));

  const cases: [name: string, event: object, workspace: object | undefined, text: RegExp][] = [
    ['no workspace', {}, undefined, /workspace/],
    ['a workspace that was deleted', { workspace: 'gone' }, undefined, /workspace/],
    ['no API key', {}, {}, /API key/],
    ['a key of spaces', {}, { apiKey: '   ' }, /API key/],
    ['a key from a variable that is not set', {}, { apiKey: `\${${UNSET}}` }, UNSET_IS_SAID],
    ['no base URL', {}, { apiKey: 'k', baseUrl: '' }, /base URL/],
    [
      'a base URL from a variable that is not set',
      {},
      { apiKey: 'k', baseUrl: `\${${UNSET}}` },
      UNSET_IS_SAID,
    ],
    [
      'a header from a variable that is not set',
      {},
      { apiKey: 'k', headerNames: 'X-Line', headerValues: JSON.stringify({ 'X-Line': `\${${UNSET}}` }) },
      UNSET_IS_SAID,
    ],
    ['a base URL that is none', {}, { apiKey: 'k', baseUrl: 'roboflow' }, /URL/],
    ['a proxy node that was deleted', {}, { apiKey: 'k', proxy: 'gone' }, /proxy/],
    ['a TLS node that was deleted', {}, { apiKey: 'k', tls: 'gone' }, /TLS/],
    ['a field from a variable that is not set', { useCase: `\${${UNSET}}` }, { apiKey: 'k' }, UNSET_IS_SAID],
  ];
  for (const [name, event, workspace, text] of cases) {
    it(`${name}: each message fails with NOT_CONFIGURED, and the status says so`, async () => {
      const flow = await TestFlow.load(event, workspace);
      for (let i = 0; i < 2; i++) {
        const { out, caught } = await flow.send({ payload: [] });
        assert.equal(out, undefined);
        assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
        assert.match(caught!.error!.message, text);
      }
      await flow.until(() =>
        flow.statuses.some((status) => status.fill === 'red' && status.shape === 'ring'),
      );
    });
  }

  it('every node that stores shows at once that it has no workspace', async () => {
    const node = (type: string) => ({ id: type, type, z: 'tab', x: 100, y: 100, delivery: 'queue' });
    const others = [node('roboflow-vision-event-send'), node('roboflow-vision-event-outbox')];
    await TestFlow.load({ delivery: 'queue' }, undefined, others);
    for (const id of [EVENT_NODE_ID, ...others.map(({ id }) => id)]) {
      const { status } = helper.getNode(id) as unknown as { status: { args: [NodeStatus][] } };
      const [{ fill, shape, text }] = status.args.at(-1)!;
      assert.deepEqual([fill, shape, text?.replace(/^.*status\./, '')], ['red', 'ring', 'noWorkspace'], id);
    }
  });

  it('the variables are read when they are set', async () => {
    process.env['VISION_EVENTS_TEST_KEY'] = 'from-the-environment';
    process.env['VISION_EVENTS_TEST_URL'] = 'http://127.0.0.1:9';
    try {
      const flow = await TestFlow.load(
        {},
        { apiKey: '${VISION_EVENTS_TEST_KEY}', baseUrl: '${VISION_EVENTS_TEST_URL}' },
      );
      const { caught } = await flow.send({ payload: [] });
      assert.equal(caught!.error!.code, 'NETWORK');
    } finally {
      delete process.env['VISION_EVENTS_TEST_KEY'];
      delete process.env['VISION_EVENTS_TEST_URL'];
    }
  });

  it('the workspace node is not touched by a message that fails', async () => {
    const flow = await TestFlow.load({}, {});
    await flow.send({ payload: [] });
    assert.ok(helper.getNode(WORKSPACE_ID));
  });
});
