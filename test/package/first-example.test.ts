import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { PROJECT_ROOT } from '../support/packed-package';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { arrivedAt } from '../support/stand-in';
import { until } from '../support/until';

const FOLDER = path.join(PROJECT_ROOT, 'examples');
const FIRST = readdirSync(FOLDER).sort()[0] ?? '';
const WORKSPACE = 'roboflow-vision-event-workspace';
const SLOW_MS = 180_000;
const ARRIVAL_MS = 60_000;

/** A plant's Node-RED: another port than the usual one, pages below a path, and functions that load nothing. */
const HARDENED = { httpNodeRoot: '/api', functionExternalModules: false };

for (const version of NODE_RED_VERSIONS) {
  describe(`the first example in a hardened Node-RED ${version}`, function () {
    this.timeout(SLOW_MS);
    const nodes = JSON.parse(readFileSync(path.join(FOLDER, FIRST), 'utf8')) as FlowNode[];
    const workspace = nodes.find(({ type }) => type === WORKSPACE);
    let nodeRed: RealNodeRed;
    let page: string;

    const arrives = () =>
      until(
        async () => (await arrivedAt(page)).count >= 2,
        () => nodeRed.log(),
        ARRIVAL_MS,
      );

    before(async () => {
      const proxy = { HTTP_PROXY: 'http://127.0.0.1:9' };
      nodeRed = await RealNodeRed.start(version, proxy, { settings: HARDENED });
      page = `${nodeRed.url}/api${String(workspace?.['baseUrl'])}`;
      await nodeRed.deploy(nodes);
    });
    after(() => nodeRed.stop());

    it('delivers its events to its stand-in, past the proxy of the environment', arrives);

    it('delivers them after a restart too, when its nodes are built before the server listens', async () => {
      await nodeRed.terminate();
      await nodeRed.restart();
      // What arrived before is forgotten: the stand-in keeps it in memory.
      await until(() => arrivedAt(page).then(Boolean, () => false), 'the server', ARRIVAL_MS);
      await arrives();
    });

    it('shows what arrived, with its pictures', async () => {
      const { events } = await arrivedAt(page);
      const id = events.find(({ eventType }) => eventType === 'quality_check')?.images?.[0]?.inputSourceId;
      assert.ok(id, JSON.stringify(events[0]));
      const picture = await fetch(`${page}?picture=${id}`);
      assert.equal(picture.headers.get('content-type'), 'image/png');
      assert.equal(Buffer.from(await picture.arrayBuffer()).toString('latin1', 1, 4), 'PNG');
      assert.match(await (await fetch(page)).text(), /<title>What arrived/);
    });

    it('makes the check of the connection and the list of use cases green', async () => {
      const key = 'any-text';
      const { baseUrl, id } = workspace as FlowNode & { baseUrl: string };
      const answer = await fetch(`${nodeRed.url}/vision-events/check-connection`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id, baseUrl, apiKey: key }),
      });
      const { steps } = (await answer.json()) as { steps: { step: string; state: string }[] };
      assert.deepEqual(
        steps.filter(({ state }) => state === 'failed'),
        [],
      );
      assert.equal(steps.find(({ step }) => step === 'read')?.state, 'ok');
      const list = await fetch(`${nodeRed.url}/vision-events/use-cases/list`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id, baseUrl, apiKey: key }),
      });
      const { useCases } = (await list.json()) as { useCases: { id: string }[] };
      const listed = useCases.map((useCase) => useCase.id);
      for (const node of nodes.filter(({ type }) => type === 'roboflow-vision-event')) {
        assert.ok(listed.includes(String(node['useCase'])), JSON.stringify(useCases));
      }
      const schema = await nodeRed.getText(`vision-events/workspaces/${id}/metadata-schema/quality-line-1`);
      assert.match(schema, /"line"/);
    });
  });
}
