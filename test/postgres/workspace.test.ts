import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { workspaceDefaults } from '../../nodes/shared/properties';
import { type DeliveryUser, WorkspaceDelivery } from '../../nodes/workspace/delivery';
import { startSimulator, type Simulator } from '../../simulator/server';
import { VisionEventsClient } from '../../src/api/client';
import { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';
import { event } from '../unit/simulator/client';

describe('workspaces of two Node-REDs that keep waiting events in PostgreSQL', () => {
  let server: PostgresServer;
  let simulator: Simulator;
  let client: VisionEventsClient;
  let userDir: string;
  const deliveries: WorkspaceDelivery[] = [];
  before(async function () {
    server = await PostgresServer.start(this);
    simulator = await startSimulator();
    userDir = mkdtempSync(path.join(tmpdir(), 'vision-events-two-'));
    client = new VisionEventsClient({ baseUrl: simulator.url, apiKey: simulator.keys.full, env: {} });
  });
  after(async () => {
    for (const delivery of deliveries) await delivery.close(false);
    client?.close();
    await simulator?.close();
    await server?.stop();
    if (userDir) rmSync(userDir, { recursive: true, force: true });
  });

  /** @param keeps where events wait; on disk, after they waited in PostgreSQL */
  function open(
    name: string,
    queueName = 'line',
    keeps: 'postgres' | 'disk' = 'postgres',
  ): { delivery: WorkspaceDelivery; lines: string[] } {
    const lines: string[] = [];
    const note = (text: string) => void lines.push(text);
    const database = () => ({
      url: server.url,
      queueName,
      boundTo: `cloud ${simulator.url}`,
      workerName: name,
      packageVersion: '1.2.3',
      requestMs: 30_000,
    });
    const delivery = new WorkspaceDelivery(
      { ...workspaceDefaults, keepWaiting: keeps, batchLinger: 0 },
      {
        folder: { path: path.join(userDir, name) },
        target: client.target(),
        log: { info: note, warn: note },
        ...(keeps === 'postgres' ? { database } : { leftDatabase: database }),
      },
    );
    deliveries.push(delivery);
    delivery.register(NOBODY);
    return { delivery, lines };
  }

  it('deliver what either of them stored, and see one backlog', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.delivery.pause();
    await b.delivery.pause();
    const records = Array.from({ length: 20 }, (_, index) => {
      const body = event({ eventId: `e${index}` });
      return { eventId: `e${index}`, useCaseId: 'quality-line-1', body: JSON.stringify(body), pictures: [] };
    });
    await a.delivery.append(records);
    assert.equal(await b.delivery.holds('e0'), true);
    await until(() => b.delivery.state()?.events === 20, 'the backlog of the other');
    await b.delivery.resume();
    await until(() => simulator.events().length === 20, 'the events');
    await until(() => a.delivery.state()?.events === 0, 'an empty queue');
    assert.equal(b.delivery.state()?.delivered, 20);
    assert.equal(a.delivery.state()?.delivered, 0);
    assert.deepEqual(
      [...a.lines, ...b.lines].filter((line) => !line.includes('in memory (tmpfs)')),
      [],
    );
  });

  const version = (n: number) => ({
    eventId: 'versions',
    useCaseId: 'quality-line-1',
    body: JSON.stringify(event({ eventId: 'versions', eventData: { result: n < 5 ? 'pass' : 'fail' } })),
    pictures: [],
  });

  for (const [from, to] of [
    ['postgres', 'disk'],
    ['disk', 'postgres'],
  ] as const) {
    it(`moves the backlog over, in its order, when events no longer wait in ${from} but in ${to}`, async () => {
      simulator.reset();
      const queue = `from ${from}`;
      const before = open(queue, queue, from);
      await before.delivery.pause();
      for (let n = 1; n <= 4; n++) await before.delivery.append([version(n)]);
      await before.delivery.close(false);
      const after = open(queue, queue, to);
      await after.delivery.append([version(5)]);
      await until(() => after.delivery.state()?.delivered === 5, 'all versions');
      assert.deepEqual(simulator.events()[0]?.event['eventData'], { result: 'fail' });
      const [left] = await server.sql<{ events: number }>(
        'select count(*)::int as events from vision_events.event',
      );
      assert.equal(left?.events, 0);
      if (to === 'disk') assert.match(after.lines.join(' '), /4 event\(s\) that waited in the queue/);
    });
  }

  it('leaves a backlog that another one delivers where it is', async () => {
    const [leaves, stays] = [open('leaves', 'shared'), open('stays', 'shared')];
    await stays.delivery.pause();
    await leaves.delivery.pause();
    await leaves.delivery.append([version(1)]);
    await leaves.delivery.close(false);
    const after = open('leaves', 'shared', 'disk');
    await after.delivery.ready();
    assert.match(after.lines.join(' '), /1 event\(s\) wait in the queue "shared".*; 1 other Node-RED/);
    assert.equal(after.delivery.state()?.events, 0);
    await stays.delivery.resume();
    await until(() => stays.delivery.state()?.delivered === 1, 'the event');
  });

  it('see what the others could not deliver for', async () => {
    const [a, b] = [open('e', 'failing'), open('f', 'failing')];
    await a.delivery.pause();
    await b.delivery.ready();
    simulator.faults.always({ status: 503 });
    try {
      await b.delivery.append([version(1)]);
      const told = await until(async () => {
        const found = await a.delivery.workers();
        return found?.find(({ name }) => name === 'f')?.lastDeliveryError;
      }, 'the error of the other');
      assert.equal(told.code, 'SERVER_ERROR');
      assert.match(told.message, /503/);
    } finally {
      simulator.faults.clear();
    }
    await until(() => b.delivery.state()?.events === 0, 'the event', 30_000);
  });

  it('see each other, and pause and go on together', async () => {
    const [a, b] = [open('c'), open('d')];
    await a.delivery.ready();
    await b.delivery.ready();
    const seen = async () => (await a.delivery.workers()) ?? [];
    await until(async () => (await seen()).some(({ name }) => name === 'd'), 'the other one');
    const [own] = (await seen()).filter(({ isThis }) => isThis);
    assert.deepEqual([own?.name, own?.version, own?.spilled], ['c', '1.2.3', 0]);
    await a.delivery.setPausedForAll(true);
    await until(() => b.delivery.state()?.state === 'paused', 'the pause');
    assert.equal(b.delivery.isPausedForAll, true);
    await b.delivery.setPausedForAll(false);
    await until(() => a.delivery.state()?.state === 'idle', 'the end of the pause');
    await b.delivery.close(false);
    assert.ok(!(await seen()).some(({ name }) => name === 'd'), 'who left is not shown');
  });
});

const NOBODY: DeliveryUser = { showDelivery: () => undefined, showError: () => undefined };
