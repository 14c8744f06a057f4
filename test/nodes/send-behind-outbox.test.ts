import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ManyEventsReport } from '../../nodes/send/deliver-many';
import type { WorkspaceNode } from '../../nodes/workspace/workspace-node';
import { visionEventDefaults, visionEventSendDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { EVENT_SENT_AS_IT_IS, SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { helper, TestFlow, WORKSPACE_ID, type TestMessage } from '../support/node-red-helper';

const PLACE = { z: 'tab', x: 100, y: 200 };
const STORE = {
  ...visionEventDefaults,
  ...EVENT_SENT_AS_IT_IS,
  delivery: 'queue',
  eventId: 'id',
  eventIdType: 'msg',
};

describe('a node that sends at once, when an older version of its event waits in the outbox', function () {
  let simulator: Simulator;
  let folder: string;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
  });
  beforeEach(() => {
    simulator.reset();
    folder = mkdtempSync(path.join(tmpdir(), 'vision-events-behind-'));
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(folder, { recursive: true, force: true });
  });
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  /**
   * A node that sends at once, one that stores, one that sends lists at once; `a` of the second waits in the outbox.
   */
  async function load() {
    const store = { ...STORE, workspace: WORKSPACE_ID, useCase: 'quality-line-1', deviceId: 'older' };
    const sendMany = { ...visionEventSendDefaults, ...SENT_AS_IT_IS, workspace: WORKSPACE_ID };
    const flow = await TestFlow.load(
      { delivery: 'send', eventId: 'id', eventIdType: 'msg', deviceId: 'newer' },
      { baseUrl: simulator.url, apiKey: simulator.keys.full, outboxDir: folder, batchLinger: 20 },
      [
        { id: 'store', type: 'roboflow-vision-event', ...PLACE, ...store, wires: [['out']] },
        { id: 'send-many', type: 'roboflow-vision-event-send', ...PLACE, ...sendMany, wires: [['out']] },
      ],
    );
    const { delivery } = (helper.getNode(WORKSPACE_ID) as unknown as WorkspaceNode).workspace;
    await delivery.pause();
    helper.getNode('store').receive({ id: 'a', payload: [] });
    await flow.until(() => flow.out.length === 1);
    flow.statuses.length = 0;
    return { flow, delivery };
  }
  const arrived = () =>
    simulator.events().map(({ event }) => `${String(event['eventId'])} ${String(event['deviceId'])}`);

  it('stores the newer version behind it and says so; other ids are sent', async () => {
    const { flow, delivery } = await load();
    const { out } = await flow.send({ id: 'a', payload: [] });
    assert.equal(out!.visionEvent!.state, 'queued');
    await flow.until(() => flow.statuses.some(({ fill, text }) => fill === 'blue' && /queued/.test(text!)));
    assert.deepEqual(arrived(), []);
    const { out: other } = await flow.send({ id: 'b', payload: [] });
    assert.equal(other!.visionEvent!.state, 'created');
    assert.deepEqual(arrived(), ['b newer']);
    assert.equal(delivery.state()!.events, 2);
    await delivery.resume();
    await flow.until(() => delivery.state()!.delivered === 2);
    assert.deepEqual(arrived().sort(), ['a newer', 'b newer'], 'the older version went first');
  });

  it('sends the newer version once the older one has arrived', async () => {
    const { flow, delivery } = await load();
    await delivery.resume();
    await flow.until(() => delivery.state()!.delivered === 1 && delivery.state()!.events === 0);
    const { out } = await flow.send({ id: 'a', payload: [] });
    assert.equal(out!.visionEvent!.state, 'created');
    assert.deepEqual(arrived(), ['a newer']);
  });

  it('of a list, stores those behind and sends the others', async () => {
    const { flow } = await load();
    const built = (eventId: string) => ({ ...eventOf(flow.out[0]), eventId });
    helper.getNode('send-many').receive({ payload: ['b', 'a', 'c'].map(built) });
    await flow.until(() => flow.out.length === 2);
    const report = flow.out[1]!.visionEvent as unknown as ManyEventsReport;
    assert.equal(report.state, 'created');
    assert.deepEqual(report.eventIds, ['b', 'a', 'c']);
    assert.deepEqual(report.queued, ['a']);
    assert.deepEqual(arrived().sort(), ['b older', 'c older']);
  });

  it('versions that are sent at once wait for each other', async () => {
    const { flow } = await load();
    simulator.faults.next({ slowMs: 100 });
    for (const number of [1, 2]) flow.receive({ id: 'b', payload: [], number });
    await flow.until(() => flow.out.length === 3);
    assert.deepEqual(
      flow.out.slice(1).map(({ number }) => number),
      [1, 2],
    );
  });
});

const eventOf = (message: TestMessage | undefined) => message!.payload as Record<string, unknown>;
