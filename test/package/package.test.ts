import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { VisionEvent } from '../../src/event/types';
import { startSimulator, type Simulator } from '../../simulator/server';
import { answeringFlow } from '../support/answering-flow';
import { NODE_FOLDERS } from '../support/dialogs';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { packedPackage, PROJECT_ROOT } from '../support/packed-package';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';

const manifest = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
  name: string;
  'node-red': { nodes: Record<string, string> };
};
const MODULE = manifest.name;
const NODE_TYPES = Object.keys(manifest['node-red'].nodes);
const EXAMPLES = readdirSync(path.join(PROJECT_ROOT, 'examples')).filter((name) => name.endsWith('.json'));

/** Packing, installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;

const ALLOWED_FILES = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/,
  /^src\/(\w[\w-]*\/)*\w[\w-]*\.ts$/,
  /^dist\/src\/(\w[\w-]*\/)*\w[\w-]*\.(js|d\.ts)(\.map)?$/,
  /^dist\/nodes\/(\w[\w-]*\/)*\w[\w-]*\.js$/,
  /^dist\/nodes\/[a-z-]+\/node\.html$/,
  /^dist\/nodes\/[a-z-]+\/icons\/roboflow-vision-event[\w-]*\.svg$/,
  /^dist\/nodes\/[a-z-]+\/locales\/[\w-]+\/node\.(json|html)$/,
  /^examples\/[^/]+\.json$/,
];

describe('the packed files', function () {
  this.timeout(SLOW_MS);

  it('are all on the allow list', async () => {
    const { files } = await packedPackage();
    assert.deepEqual(
      files.filter((file) => !ALLOWED_FILES.some((allowed) => allowed.test(file))),
      [],
    );
  });

  it('hold program, dialog, icon, texts and help of each node type, and the examples', async () => {
    const { files } = await packedPackage();
    const wanted = [
      'dist/src/index.js',
      ...NODE_TYPES.flatMap((type) => [
        `dist/nodes/${NODE_FOLDERS[type]}/node.js`,
        `dist/nodes/${NODE_FOLDERS[type]}/node.html`,
        `dist/nodes/${NODE_FOLDERS[type]}/icons/${type}.svg`,
        `dist/nodes/${NODE_FOLDERS[type]}/locales/en-US/node.json`,
        `dist/nodes/${NODE_FOLDERS[type]}/locales/en-US/node.html`,
      ]),
      ...EXAMPLES.map((name) => `examples/${name}`),
    ];
    assert.deepEqual(
      wanted.filter((file) => !files.includes(file)),
      [],
    );
  });
});

for (const version of NODE_RED_VERSIONS) {
  describe(`the packed package in Node-RED ${version}`, function () {
    this.timeout(SLOW_MS);

    const apiKey = `key-${Math.random().toString(36).slice(2)}`;
    let nodeRed: RealNodeRed;
    let simulator: Simulator;

    before(async () => {
      simulator = await startSimulator({ apiKey });
      nodeRed = await RealNodeRed.start(version);
    });
    after(async () => {
      await nodeRed?.stop();
      await simulator?.close();
    });

    it('is the Node-RED that was asked for', async () => {
      const { version: running } = await nodeRed.get<{ version: string }>('settings');
      assert.ok(running.startsWith(`${version}.`), running);
    });

    it('registers every node type without an error', async () => {
      const sets = await nodeRed.nodeSets(MODULE);
      assert.deepEqual(sets.flatMap((set) => set.types).sort(), [...NODE_TYPES].sort());
      for (const set of sets) assert.ok(set.enabled && !set.err, JSON.stringify(set));
    });

    it('brings an icon for each node type', async () => {
      const icons = await nodeRed.get<Record<string, string[]>>('icons');
      for (const type of NODE_TYPES) {
        assert.ok(icons[MODULE]?.includes(`${type}.svg`), `${type}: ${JSON.stringify(icons[MODULE])}`);
        assert.match(await nodeRed.getText(`icons/${MODULE}/${type}.svg`), /viewBox="0 0 40 60"/);
      }
    });

    it('brings texts and help for each node type', async () => {
      const html = await nodeRed.getText('nodes', 'text/html');
      for (const type of NODE_TYPES) {
        const texts = await nodeRed.get<Record<string, object>>(`locales/${MODULE}/${type}?lng=en-US`);
        assert.ok(texts[type] && 'label' in texts[type], JSON.stringify(texts));
        assert.ok(html.includes(`data-help-name="${type}"`), `no help for ${type}`);
        assert.ok(html.includes(`data-template-name="${type}"`), `no dialog for ${type}`);
      }
    });

    it('offers its examples in the Import menu', async () => {
      assert.ok(EXAMPLES.length > 0, 'there are no examples');
      const library = await nodeRed.getText(`library/examples/flows/${MODULE}`);
      for (const name of EXAMPLES)
        assert.ok(library.includes(path.basename(name, '.json')), `${name} in ${library}`);
    });

    it('posts an event through a deployed flow, and shows the key nowhere', async () => {
      await nodeRed.deploy(flowTo(simulator.url, apiKey));
      const answer = await postDetections(nodeRed);
      assert.equal(answer.status, 201, answer.text);

      const arrived = simulator.events();
      assert.equal(arrived.length, 1);
      assert.deepEqual(arrived[0]?.warnings, []);
      const event = arrived[0]?.event as unknown as VisionEvent;
      assert.deepEqual(event.eventData, { result: 'fail' });
      assert.equal(event.images?.[0]?.objectDetections?.length, 1);
      await assertKeyNowhere(nodeRed, apiKey, answer.text);
    });

    it('reports a refused key, and shows it nowhere either', async () => {
      const wrongKey = `wrong-${apiKey}`;
      await nodeRed.deploy(flowTo(simulator.url, wrongKey));
      const answer = await postDetections(nodeRed);
      assert.equal(answer.status, 500, answer.text);
      // Node-RED 4.0 keeps the code of an error to itself.
      if (version !== '4.0') assert.match(answer.text, /"code":"UNAUTHORIZED"/);
      assert.match(answer.text, /answered 401/);
      await assertKeyNowhere(nodeRed, wrongKey, answer.text);
    });
  });
}

async function postDetections(nodeRed: RealNodeRed): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${nodeRed.url}/detections`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      image: { width: 640, height: 480 },
      predictions: [
        { x: 320, y: 240, width: 40, height: 30, confidence: 0.9, class: 'scratch', class_id: 2 },
      ],
    }),
  });
  return { status: answer.status, text: await answer.text() };
}

async function assertKeyNowhere(nodeRed: RealNodeRed, key: string, answer: string): Promise<void> {
  const outputs: Record<string, string> = { answer, log: nodeRed.log() };
  for (const route of [
    'flows',
    'settings',
    'context/global',
    'credentials/vision-event-workspace/workspace',
  ]) {
    outputs[route] = await nodeRed.getText(route);
  }
  for (const [name, text] of Object.entries(outputs))
    assert.ok(!text.includes(key), `the key stands in ${name}`);
}

function flowTo(baseUrl: string, apiKey: string): FlowNode[] {
  return answeringFlow(baseUrl, apiKey, [
    { url: '/detections', event: { result: 'scratch', resultType: 'detected' } },
  ]);
}
