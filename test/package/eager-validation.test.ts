import assert from 'node:assert/strict';
import type { EventWarning, Repaired } from '../../src/event/types';
import { startSimulator, type Simulator } from '../../simulator/server';
import type { visionEventDefaults } from '../../nodes/shared/properties';
import { answeringFlow } from '../support/answering-flow';
import type { RealNodeRed } from '../support/real-node-red';
import { sharedNodeRed } from '../support/shared-node-red';

const SLOW_MS = 180_000;

/** "Create a Vision Event", the example of a warning: operator feedback that says not what it is about. */
const DOCUMENTED_WARNING: EventWarning = {
  type: 'any.required',
  path: 'eventData.relatedEventId',
  value: null,
  valueType: 'object',
};

const FEEDBACK: Partial<typeof visionEventDefaults> = {
  detectionsType: 'none',
  eventType: 'operator_feedback',
  feedback: 'correct',
};

/** Every value is faulty in another way; `REPAIRED` names what of it can be fixed. */
const FAULTY: Partial<typeof visionEventDefaults> = {
  detectionsType: 'none',
  eventType: 'safety_alert',
  alertType: 'payload.alertType',
  alertTypeType: 'msg',
  severity: 'payload.severity',
  severityType: 'msg',
  description: 'payload.description',
  descriptionType: 'msg',
  externalId: 'payload.externalId',
  externalIdType: 'msg',
  streamId: 'payload.streamId',
  streamIdType: 'msg',
  workflowId: 'payload.workflowId',
  workflowIdType: 'msg',
  metadataFrom: 'payload.metadata',
  metadataFromType: 'msg',
};

const FAULTY_VALUES = {
  alertType: 'No helmet!',
  severity: ' HIGH ',
  description: 'd'.repeat(100_000),
  externalId: 'x'.repeat(2_000),
  streamId: 17,
  workflowId: 'w'.repeat(2_000),
  metadata: {
    'shift leader': 'Ada',
    temperature: 21.123456789,
    note: 'n'.repeat(5_000),
    ['k'.repeat(300)]: 'long key',
    'line.no': 4,
  },
};

const REPAIRED = 10;

interface Answer {
  error?: { code: string; message: string };
  report: {
    eventId?: string;
    state?: string;
    warnings: EventWarning[];
    serverWarnings?: EventWarning[];
    repaired?: Repaired[];
  };
}

describe('eager validation in a real Node-RED', function () {
  this.timeout(SLOW_MS);

  let simulator: Simulator;
  let nodeRed: RealNodeRed;

  before(async () => {
    simulator = await startSimulator();
    nodeRed = await sharedNodeRed('4.1');
    await nodeRed.deploy(
      answeringFlow(simulator.url, simulator.keys.full, [
        { url: '/feedback/send', event: FEEDBACK },
        { url: '/feedback/build', event: { ...FEEDBACK, delivery: 'build' } },
        { url: '/feedback/stop', event: { ...FEEDBACK, onWarnings: 'stop' } },
        { url: '/faulty/send', event: FAULTY },
        { url: '/faulty/repair', event: { ...FAULTY, onWarnings: 'repair' } },
      ]),
    );
  });
  beforeEach(() => simulator.reset());
  after(async () => {
    await simulator?.close();
  });

  async function post(route: string, payload: object = {}): Promise<{ status: number; answer: Answer }> {
    const response = await fetch(`${nodeRed.url}${route}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(payload),
    });
    return { status: response.status, answer: (await response.json()) as Answer };
  }

  it('shows the documented warning before anything is sent', async () => {
    const { answer } = await post('/feedback/build');
    assert.equal(answer.report.state, 'built');
    assert.deepEqual(answer.report.warnings, [DOCUMENTED_WARNING]);
    assert.equal(simulator.requests.total, 0);
  });

  it('shows the same warning as the API answers it', async () => {
    const { answer } = await post('/feedback/send');
    assert.equal(answer.report.state, 'created');
    assert.deepEqual(answer.report.warnings, [DOCUMENTED_WARNING]);
    assert.deepEqual(answer.report.serverWarnings, [DOCUMENTED_WARNING]);
    assert.deepEqual(simulator.events()[0]?.warnings, [DOCUMENTED_WARNING]);
  });

  it('keeps the event back with "stop"', async () => {
    const { status, answer } = await post('/feedback/stop');
    assert.equal(status, 500);
    assert.equal(answer.error?.code, 'EVENT_WARNINGS');
    assert.match(answer.error.message, /^Correct eventData\.relatedEventId, .*any\.required/);
    assert.deepEqual(answer.report.warnings, [DOCUMENTED_WARNING]);
    assert.equal(simulator.requests.total, 0);
  });

  it(`fixes at least ${REPAIRED} faults of one event with "repair", and lists them`, async () => {
    const { answer } = await post('/faulty/repair', FAULTY_VALUES);
    const paths = new Set(answer.report.repaired?.map(({ path }) => path));
    assert.ok(paths.size >= REPAIRED, `only ${[...paths].join(', ')}`);
    assert.deepEqual(answer.report.warnings, []);
    assert.equal(answer.report.serverWarnings, undefined);
    assert.deepEqual(simulator.events()[0]?.warnings, []);
  });

  it('control: without "repair" the same event brings as many warnings, here and from the API', async () => {
    const { answer } = await post('/faulty/send', FAULTY_VALUES);
    assert.ok(answer.report.warnings.length >= REPAIRED, JSON.stringify(answer.report.warnings));
    assert.deepEqual(
      briefly(answer.report.serverWarnings ?? []),
      briefly(answer.report.warnings),
      'the API warns of something else',
    );
  });
});

/** Rule and place, in one order: reports shorten long keys and values, the API gives them whole. */
function briefly(warnings: EventWarning[]): string[] {
  return warnings.map(({ type, path }) => `${type} ${path.slice(0, 80)}`).sort();
}
