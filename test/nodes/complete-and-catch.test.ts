import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../simulator/server';
import { DEFAULTS_BY_TYPE, type NodeType } from '../../nodes/shared/properties';
import { helper, roboflow } from '../support/node-red-helper';
import { SingleNodeFlow } from '../support/single-node-flow';

import visionEvent = require('../../nodes/vision-event/node');
import visionEventQuery = require('../../nodes/query/node');
import visionEventSend = require('../../nodes/send/node');
import visionEventUseCase = require('../../nodes/use-case/node');

const event = {
  eventId: 'gasket-1',
  eventType: 'quality_check',
  useCaseId: 'quality-line-1',
  timestamp: new Date().toISOString(),
  eventData: { result: 'pass' },
};

/** A node that reports, its settings, a payload that it takes and one that it does not. */
const REPORTING: Record<string, { register: unknown; properties: object; good: unknown; bad?: unknown }> = {
  'roboflow-vision-event': {
    register: visionEvent,
    properties: { useCase: 'quality-line-1' },
    good: roboflow({ class: 'scratch' }),
    bad: { what: 'no detections' },
  },
  'roboflow-vision-event-send': {
    register: visionEventSend,
    properties: {},
    good: event,
    bad: { ...event, eventType: 'none' },
  },
  'roboflow-vision-event-query': {
    register: visionEventQuery,
    properties: { useCase: 'quality-line-1', startTime: '', deliver: 'page' },
    good: 'any',
  },
  'roboflow-vision-event-use-case': {
    register: visionEventUseCase,
    properties: { action: 'list' },
    good: 'any',
  },
};

describe('the report of a node', function () {
  let simulator: Simulator;
  let outboxDir: string;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
    outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-complete-'));
  });
  afterEach(() => helper.unload());
  after(() => simulator.close());
  after(() => rmSync(outboxDir, { recursive: true, force: true }));
  after((done) => void helper.stopServer(done));

  const load = (type: string) =>
    SingleNodeFlow.load(
      {
        type,
        register: REPORTING[type]!.register,
        properties: {
          ...DEFAULTS_BY_TYPE[type as NodeType],
          ...REPORTING[type]!.properties,
          workspace: 'workspace',
        },
      },
      { baseUrl: simulator.url, apiKey: simulator.keys.full, outboxDir, batchLinger: 20 },
    );

  for (const [type, { good, bad }] of Object.entries(REPORTING)) {
    it(`${type}: a Complete node gets it with the message that came`, async () => {
      const flow = await load(type);
      flow.receive({ payload: good, topic: 'line 1' });
      await flow.until(() => flow.completed === 1 && flow.out.length === 1);
      assert.ok(flow.done[0]!.visionEvent, 'there is no report');
      assert.deepEqual(flow.done[0]!.visionEvent, flow.out[0]!.visionEvent);
      assert.equal(flow.done[0]!['topic'], 'line 1');
    });

    if (bad === undefined) continue;
    it(`${type}: a Catch node gets what was found until then, and not the report of an earlier node`, async () => {
      const flow = await load(type);
      flow.receive({ payload: bad, visionEvent: { eventId: 'of an earlier node', state: 'built' } });
      await flow.until(() => flow.caught.length === 1);
      const report = flow.caught[0]!.visionEvent;
      assert.deepEqual([report?.warnings, report?.state], [[], undefined]);
      assert.notEqual(report?.eventId, 'of an earlier node');
    });
  }
});
