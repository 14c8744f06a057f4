import assert from 'node:assert/strict';
import { EVENT_SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WORKSPACE_TYPE, type WorkspaceNode } from '../../nodes/workspace/workspace-node';
import { visionEventDefaults, workspaceDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper } from '../support/node-red-helper';
import { until } from '../support/until';
import { bmp } from '../unit/images/made-pictures';

import visionEvent = require('../../nodes/vision-event/node');
import visionEventWorkspace = require('../../nodes/workspace/node');

type Settings = Partial<typeof visionEventDefaults>;

interface SentEvent {
  eventId: string;
  deviceId: string;
}

const IDS = 10;
const PICTURE_BYTES = 200 * 1024;
const VERSIONS = ['v1', 'v2'];

/** What delays the first version on its way, while the second has nothing that could. */
const DELAYS: Record<string, Settings> = {
  'its picture comes from a file': { outputImage: 'picture', outputImageType: 'file' },
  'its picture is in the message': { outputImage: 'image', outputImageType: 'msg' },
  'its id is a JSONata expression': { eventId: 'id', eventIdType: 'jsonata' },
  'its detections are a JSONata expression': { detections: 'payload', detectionsType: 'jsonata' },
  'its stream comes from a context store': { streamId: 'stream', streamIdType: 'flow' },
};

describe('versions of one event that arrive in one tick at two nodes, the first with work that takes time', function () {
  this.timeout(30_000);
  let simulator: Simulator;
  let folder: string;
  /** the version of each id that the cloud saw first */
  const firstArrivals = new Map<string, string>();
  const picture = Buffer.concat([bmp(4, 4), Buffer.alloc(PICTURE_BYTES)]);

  function observe(endpoint: string, body: Buffer): void {
    if (endpoint !== 'event' && endpoint !== 'batch') return;
    const content = JSON.parse(body.toString('utf8')) as { events?: SentEvent[] } & SentEvent;
    for (const { eventId, deviceId } of content.events ?? [content]) {
      if (!firstArrivals.has(eventId)) firstArrivals.set(eventId, deviceId);
    }
  }

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator({ observe });
  });
  beforeEach(() => {
    simulator.reset();
    firstArrivals.clear();
    folder = mkdtempSync(path.join(tmpdir(), 'vision-events-order-'));
    writeFileSync(path.join(folder, 'picture.bmp'), picture);
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(folder, { recursive: true, force: true });
  });
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const versionNode = (version: string, settings: Settings) => ({
    id: version,
    type: 'roboflow-vision-event',
    z: 'tab',
    x: 100,
    y: 100,
    ...visionEventDefaults,
    ...EVENT_SENT_AS_IT_IS,
    workspace: 'workspace',
    useCase: 'quality-line-1',
    delivery: 'queue',
    eventId: 'id',
    eventIdType: 'msg',
    deviceId: version,
    ...settings,
    wires: [[]],
  });

  /** @returns of how many ids the second version arrives first */
  async function overtaken(first: Settings, prepare: (workspace: WorkspaceNode) => void = () => undefined) {
    if (first.outputImageType === 'file') first = { ...first, outputImage: path.join(folder, 'picture.bmp') };
    const workspace = {
      ...workspaceDefaults,
      baseUrl: simulator.url,
      outboxDir: path.join(folder, 'outbox'),
    };
    const flow = [
      { id: 'tab', type: 'tab', label: 'test' },
      { id: 'workspace', type: WORKSPACE_TYPE, ...workspace, batchLinger: 20 },
      versionNode('v1', first),
      versionNode('v2', {}),
    ];
    const keys = { workspace: { apiKey: simulator.keys.full } };
    await helper.load([visionEventWorkspace, visionEvent], flow, keys);
    const node = helper.getNode('workspace') as unknown as WorkspaceNode;
    prepare(node);
    for (let n = 0; n < IDS; n++) {
      const message = { id: `event-${n}`, payload: [], image: picture };
      for (const version of VERSIONS) helper.getNode(version).receive({ ...message });
    }
    await until(() => firstArrivals.size === IDS, 'Some of the events did not arrive.');
    return [...firstArrivals.values()].filter((version) => version !== 'v1').length;
  }

  for (const [what, settings] of Object.entries(DELAYS)) {
    it(`arrive in that order when ${what}`, async () => {
      assert.equal(await overtaken(settings), 0);
    });

    it(`control: without a place for each message, some are overtaken when ${what}`, async () => {
      const wrong = await overtaken(settings, ({ workspace }) => {
        workspace.arrivals.arrive = () => ({ turn: undefined, leave: () => undefined });
      });
      assert.ok(wrong > 0);
    });
  }
});
