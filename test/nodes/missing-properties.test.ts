import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper, roboflow } from '../support/node-red-helper';
import { SingleNodeFlow } from '../support/single-node-flow';
import { png } from '../unit/images/made-pictures';

import visionEvent = require('../../nodes/vision-event/node');
import visionEventImage = require('../../nodes/image/node');
import visionEventQuery = require('../../nodes/query/node');
import visionEventSend = require('../../nodes/send/node');
import visionEventUseCase = require('../../nodes/use-case/node');

const USE_CASE = { useCase: 'quality-line-1' };
const EVENT = {
  eventId: 'made-by-hand',
  eventType: 'custom',
  useCaseId: 'quality-line-1',
  timestamp: new Date().toISOString(),
  eventData: { value: 'x' },
};

/** As flows come that were written by hand, by an older release, or imported and deployed without opening a dialog. */
const NODES: [type: string, register: unknown, properties: object, payload: unknown][] = [
  ['roboflow-vision-event', visionEvent, USE_CASE, roboflow({ class: 'part' })],
  ['roboflow-vision-event-send', visionEventSend, {}, EVENT],
  ['roboflow-vision-event-image', visionEventImage, {}, png(40, 24)],
  ['roboflow-vision-event-query', visionEventQuery, USE_CASE, ''],
  ['roboflow-vision-event-use-case', visionEventUseCase, {}, ''],
];

describe('a node whose flow lacks its properties', function () {
  let simulator: Simulator;
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'missing-properties-'))));
  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => helper.unload());
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  for (const [type, register, properties, payload] of NODES) {
    it(`${type}: works as its dialog shows it, with the defaults`, async () => {
      const flow = await SingleNodeFlow.load(
        { type, register, properties },
        { baseUrl: simulator.url, apiKey: simulator.keys.full, outboxDir: folder },
      );
      const { caught, out } = await flow.send({ payload });
      assert.equal(caught?.error?.message, undefined);
      assert.ok(out);
      const isStored = ['roboflow-vision-event', 'roboflow-vision-event-send'].includes(type);
      if (isStored) assert.equal((out.visionEvent as { state?: unknown }).state, 'queued');
    });
  }
});
