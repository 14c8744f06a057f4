import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startSimulator, type Simulator } from '../../simulator/server';
import { PostgresOutbox } from '../../src/delivery/outbox/postgres/postgres-outbox';
import { event } from '../unit/simulator/client';
import { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';

const WORKER = join(__dirname, 'delivery-worker.ts');
const IDS = 15;
const KILLS = 3;
/** Short, so that a lease of a dead worker is given up within seconds. */
const LEASES = { requestMs: 1_500, lateLandingMs: 500, beatMs: 200, refreshMs: 100 };

describe('workers of a queue in PostgreSQL that are killed', () => {
  let server: PostgresServer;
  let simulator: Simulator;
  const alive = new Set<ChildProcess>();
  before(async function () {
    server = await PostgresServer.start(this);
    simulator = await startSimulator();
  });
  after(async () => {
    await simulator?.close();
    await server?.stop();
  });
  afterEach(() => {
    for (const child of alive) child.kill('SIGKILL');
  });

  it('in the middle of a lease, again and again: all arrives, and no event ends on an older version', async function () {
    this.timeout(120_000);
    const options = {
      url: server.url,
      schema: server.freshSchema(),
      queueName: 'line',
      boundTo: 'simulator',
      workerName: 'w',
      ...LEASES,
    };
    const outbox = new PostgresOutbox(options);
    await outbox.open();
    let took = 0;
    const startWorker = async () => {
      const args = ['-r', 'tsx/cjs', WORKER, JSON.stringify(options), simulator.url, simulator.keys.full];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      alive.add(child);
      const lines = createInterface(child.stdout as NodeJS.ReadableStream);
      lines.on('line', (line) => (took += Number(line.startsWith('took'))));
      await once(lines, 'line');
      return child;
    };
    // Slow enough that a worker is surely killed while it sends.
    simulator.faults.always({ slowMs: 150 });
    const [first, other] = await Promise.all([startWorker(), startWorker()]);
    let victim = first;
    let version = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      for (let round = 0; round < 3; round++) {
        version++;
        await outbox.append(
          Array.from({ length: IDS }, (_, id) => {
            const sent = event({
              eventId: `e${id}`,
              eventType: 'custom',
              eventData: { value: `version ${version}` },
            });
            return {
              eventId: `e${id}`,
              useCaseId: 'quality-line-1',
              body: JSON.stringify(sent),
              pictures: [],
            };
          }),
        );
      }
      const before = took;
      await until(() => took > before, 'a lease');
      victim.kill('SIGKILL');
      await once(victim, 'exit');
      victim = await startWorker();
    }
    await until(
      () => outbox.stats().events === 0,
      () => `${outbox.stats().events} events wait`,
      90_000,
    );
    const stored = simulator.events();
    assert.equal(stored.length, IDS);
    for (const { event: last } of stored) {
      const { eventId, eventData } = last as { eventId: string; eventData: { value: string } };
      assert.equal(eventData.value, `version ${version}`, eventId);
    }
    assert.ok(other.exitCode === null);
    await outbox.close(1_000);
  });
});
