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

  function open(name: string): { delivery: WorkspaceDelivery; lines: string[] } {
    const lines: string[] = [];
    const note = (text: string) => void lines.push(text);
    const delivery = new WorkspaceDelivery(
      { ...workspaceDefaults, keepWaiting: 'postgres', batchLinger: 0 },
      {
        folder: { path: path.join(userDir, name) },
        target: client.target(),
        log: { info: note, warn: note },
        database: () => ({
          url: server.url,
          queueName: 'line',
          boundTo: `cloud ${simulator.url}`,
          workerName: name,
          packageVersion: '1.2.3',
          requestMs: 30_000,
        }),
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
