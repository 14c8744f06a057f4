import assert from 'node:assert/strict';
import { visionEventSceneDefaults } from '../../nodes/shared/properties';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';

const PASSWORD = 'only for tests';
const PASSWORD_HASH = '$2b$04$HqG1WoOgVW2bgrqvPMFyquTvFvz48MhfqNmxN/XGubsXR5i2Rr25m';
const USERS = [
  { username: 'viewer', permissions: 'read' },
  { username: 'editor', permissions: '*' },
];
const FLOW: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'a scene' },
  {
    id: 'scene',
    type: 'roboflow-vision-event-scene',
    z: 'tab',
    x: 100,
    y: 100,
    ...visionEventSceneDefaults,
    wires: [[]],
  },
];

describe('who may ask what of a scene', function () {
  this.timeout(180_000);

  for (const version of NODE_RED_VERSIONS) {
    describe(`in Node-RED ${version} with users`, () => {
      let nodeRed: RealNodeRed;
      before(async () => {
        const users = USERS.map((user) => ({ ...user, password: PASSWORD_HASH }));
        const settings = { adminAuth: { type: 'credentials', users } };
        nodeRed = await RealNodeRed.start(version, {}, { settings, flows: FLOW });
      });
      after(() => nodeRed?.stop());

      for (const [who, mayView, mayReplay] of [
        ['nobody', 401, 401],
        ['viewer', 200, 401],
        ['editor', 200, 200],
      ] as const) {
        it(`${who}: ${mayView} for the view, ${mayReplay} for a replay`, async () => {
          const headers: Record<string, string> =
            who === 'nobody' ? {} : { Authorization: `Bearer ${await tokenOf(nodeRed, who)}` };
          const view = await fetch(`${nodeRed.url}/vision-events/scenes/scene/view`, { headers });
          assert.equal(view.status, mayView);
          const replay = await fetch(`${nodeRed.url}/vision-events/scenes/replay`, {
            method: 'POST',
            headers: { ...headers, 'Content-Type': 'application/json' },
            body: JSON.stringify({ id: 'scene', properties: visionEventSceneDefaults }),
          });
          assert.equal(replay.status, mayReplay);
        });
      }
    });
  }

  it('nothing is kept for anybody where settings.js says so', async () => {
    const settings = { visionEvents: { keepLastMessages: false } };
    const nodeRed = await RealNodeRed.start('4.1', {}, { settings, flows: FLOW });
    try {
      const view = await fetch(`${nodeRed.url}/vision-events/scenes/scene/view`);
      assert.equal(view.status, 409);
      const { error } = (await view.json()) as { error: { code: string } };
      assert.equal(error.code, 'KEEPS_NOTHING');
    } finally {
      await nodeRed.stop();
    }
  });
});

async function tokenOf(nodeRed: RealNodeRed, username: string): Promise<string> {
  const answer = await fetch(`${nodeRed.url}/auth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      client_id: 'node-red-editor',
      grant_type: 'password',
      scope: '',
      username,
      password: PASSWORD,
    }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return ((await answer.json()) as { access_token: string }).access_token;
}
