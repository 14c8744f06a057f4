import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { startSimulator, type Simulator } from '../../simulator/server';
import {
  PostgresOutbox,
  type PostgresOutboxOptions,
} from '../../src/delivery/outbox/postgres/postgres-outbox';
import type { SenderSettings } from '../../src/delivery/sender/settings';
import { ArrivalLog, faultsOfArrivals, numberedDelivery, wrongPictures } from '../support/numbered-load';
import { PostgresServer } from '../support/postgres-server';
import { isLongRun, printedSeed, seededRandom } from '../support/seed';
import { until } from '../support/until';
import { event } from '../unit/simulator/client';

const WORKER = join(__dirname, 'delivery-worker.ts');
const WORKERS = 3;
const IDS = 15;
const KILL_EVERY_MS = 2_500;
const LASTS_MS = isLongRun ? 5 * 60_000 : 20_000;
const APPEND_EVERY_MS = 400;
const DRAIN_DEADLINE_MS = 120_000;
/** Short, so that a lease of a dead worker is given up within seconds: 2.6 s. */
const LEASES = { requestMs: 1_500, lateLandingMs: 500, beatMs: 200, refreshMs: 100 };
const FROZEN_MS = 4_500;
/** Slow enough that a worker is surely killed or frozen while it sends. */
const SLOW_MS = 150;
/** Of the senders, while the backlog of an outage is drained. */
const DRAIN_PACE = 20;
const BACKLOG = 150;

interface Worker {
  child: ChildProcess;
  said: string[];
}

describe('worker processes of a queue in PostgreSQL', function () {
  this.timeout(LASTS_MS + 240_000);

  let server: PostgresServer;
  let simulator: Simulator;
  let arrivals: ArrivalLog;
  let options: PostgresOutboxOptions;
  let outbox: PostgresOutbox;
  const alive = new Set<ChildProcess>();
  before(async function () {
    server = await PostgresServer.start(this);
    simulator = await startSimulator({
      maxEventsKept: 1_000_000,
      observe: (endpoint, body) => arrivals.observe(endpoint, body),
    });
  });
  after(async () => {
    await simulator?.close();
    await server?.stop();
  });
  beforeEach(async () => {
    simulator.reset();
    arrivals = new ArrivalLog();
    options = {
      url: server.url,
      schema: server.freshSchema(),
      queueName: 'line',
      boundTo: 'simulator',
      workerName: 'w',
      ...LEASES,
    };
    outbox = new PostgresOutbox(options);
    await outbox.open();
  });
  afterEach(async () => {
    for (const child of alive) child.kill('SIGKILL');
    alive.clear();
    await outbox?.close(1_000);
  });

  async function startWorker(settings: Partial<SenderSettings> = {}): Promise<Worker> {
    const { url, keys } = simulator;
    const texts = [JSON.stringify(options), url, keys.full, JSON.stringify(settings)];
    const child = spawn(process.execPath, ['-r', 'tsx/cjs', WORKER, ...texts], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    alive.add(child);
    const said: string[] = [];
    const lines = createInterface(child.stdout as NodeJS.ReadableStream);
    lines.on('line', (line) => said.push(line));
    await once(lines, 'line');
    return { child, said };
  }

  const startWorkers = (settings?: Partial<SenderSettings>) =>
    Promise.all(Array.from({ length: WORKERS }, () => startWorker(settings)));

  /** A version of each of these events, and one event with its own id, of which every fifth has a picture. */
  class Load {
    version = 0;
    readonly numbers: number[] = [];

    async append(): Promise<void> {
      const version = this.version + 1;
      const versions = Array.from({ length: IDS }, (_, id) => ({
        eventId: `e${id}`,
        useCaseId: 'quality-line-1',
        body: JSON.stringify(
          event({ eventId: `e${id}`, eventType: 'custom', eventData: { value: `version ${version}` } }),
        ),
        pictures: [],
      }));
      await outbox.append([...versions, numberedDelivery(version)]);
      this.version = version;
      this.numbers.push(version);
    }

    /** Event ids whose last arrival is not their last version. */
    endOld(): string[] {
      return simulator
        .events()
        .filter(({ eventId }) => eventId.startsWith('e'))
        .filter(({ event: { eventData } }) => {
          const { value } = eventData as { value: string };
          return value !== `version ${this.version}`;
        })
        .map(({ eventId }) => eventId);
    }

    /** What is lost, or not what was appended. */
    async faults(): Promise<unknown[]> {
      const numbered = {
        ...simulator,
        events: () => simulator.events().filter(({ eventId }) => !eventId.startsWith('e')),
      };
      const missing = Array.from({ length: IDS }, (_, id) => `e${id}`).filter(
        (id) => !simulator.events().some(({ eventId }) => eventId === id),
      );
      const ofArrivals = faultsOfArrivals(this.numbers, numbered, new ArrivalLog());
      return [...missing, ...ofArrivals, ...(await wrongPictures(numbered))];
    }
  }

  const whyTheyWait = () =>
    server.sql(
      `select behind, lease, count(*)::int, min(due_at - now()) as due_in, now() as now,
         (select q from ${options.schema}.queue q) as queue, (select json_agg(l) from ${options.schema}.lease l) as leases
       from ${options.schema}.event group by behind, lease`,
    );

  const isDrained = () =>
    until(
      () => outbox.stats().events === 0,
      async () => `${outbox.stats().events} events wait: ${JSON.stringify(await whyTheyWait())}`,
      DRAIN_DEADLINE_MS,
    );

  it(`three, of which one is killed every few seconds for ${LASTS_MS / 1_000} s: all arrives, and no event ends on an older version`, async () => {
    const random = seededRandom(printedSeed('killed workers'));
    simulator.faults.always({ slowMs: SLOW_MS });
    const workers = await startWorkers();
    const load = new Load();
    const endAt = performance.now() + LASTS_MS;
    const appending = (async () => {
      while (performance.now() < endAt) {
        await load.append();
        await delay(APPEND_EVERY_MS);
      }
    })();
    let kills = 0;
    while (performance.now() < endAt) {
      await delay(KILL_EVERY_MS * (0.5 + random()));
      const index = Math.floor(random() * WORKERS);
      const { child } = workers[index] ?? assert.fail();
      alive.delete(child);
      child.kill('SIGKILL');
      await once(child, 'exit');
      workers[index] = await startWorker();
      kills++;
    }
    await appending;
    // Versions of one event go one by one: at that speed, they come faster than they leave.
    simulator.faults.clear();
    await isDrained();
    const repeats = arrivals.repeats.reduce((sum, count) => sum + count, 0) - (load.version - 1) * IDS;
    console.log(
      `      ${kills} killed, ${load.version * (IDS + 1)} acknowledged, ${Math.max(0, repeats)} sent more than once`,
    );
    assert.ok(kills >= 3, `${kills} were killed`);
    assert.deepEqual(await load.faults(), []);
    assert.deepEqual(load.endOld(), []);
  });

  it('one that is frozen while it sends, for longer than its lease: nothing is lost; what is out of order is told', async () => {
    simulator.faults.always({ slowMs: SLOW_MS });
    const workers = [await startWorker(), await startWorker()];
    const load = new Load();
    for (let round = 0; round < 12; round++) await load.append();
    // Who has one lease may have the next ones too, and the other none.
    const before = new Map(workers.map((worker) => [worker, worker.said.length]));
    const frozen = await until(
      () => workers.find((worker) => worker.said.length > (before.get(worker) ?? 0)),
      'a lease',
    );
    frozen.child.kill('SIGSTOP');
    const frozenAt = performance.now();
    for (let round = 0; round < 3; round++) await load.append();
    await until(() => performance.now() - frozenAt > FROZEN_MS, 'the lease to end', 2 * FROZEN_MS);
    frozen.child.kill('SIGCONT');
    await load.append();
    await isDrained();
    console.log(
      `      frozen for ${FROZEN_MS} ms: ${load.endOld().length} of ${IDS} events end on an older version, ` +
        `it told ${frozen.said.filter((line) => line === 'LEASE_LOST').length} lost lease(s)`,
    );
    assert.deepEqual(await load.faults(), []);
    assert.ok(frozen.said.includes('LEASE_LOST'));
  });

  it('drain the backlog of an outage with 20 requests a second together', async () => {
    simulator.faults.always({ status: 503 });
    await startWorkers({ batchSize: 1 });
    await outbox.append(Array.from({ length: BACKLOG }, (_, n) => numberedDelivery(n + 1)));
    await until(() => simulator.requests.total >= WORKERS * 3 + 1, 'an outage', 60_000);
    await delay(500);
    simulator.faults.clear();
    await isDrained();
    const times = simulator.requests.entries.filter(({ status = 0 }) => status < 300).map(({ at }) => at);
    const seconds = ((times.at(-1) ?? NaN) - (times[0] ?? NaN)) / 1_000;
    const pace = (times.length - 1) / seconds;
    console.log(`      ${times.length} requests of ${WORKERS} processes: ${pace.toFixed(1)} a second`);
    assert.ok(pace <= 1.05 * DRAIN_PACE, `${pace} a second`);
    assert.ok(pace >= DRAIN_PACE / 2, `${pace} a second`);
    assert.equal(simulator.events().length, BACKLOG);
  });
});
