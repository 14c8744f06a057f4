import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Endpoint, startSimulator, type Simulator } from '../../simulator/server';
import {
  ArrivalLog,
  faultsOfArrivals,
  NumberedLoad,
  numberedFlow,
  PLAIN,
  wrongPictures,
} from '../support/numbered-load';
import { PostgresServer } from '../support/postgres-server';
import { RealNodeRed } from '../support/real-node-red';
import { assertNoSecret } from '../support/secrets';
import { isLongRun, printedSeed, seededRandom } from '../support/seed';
import { until } from '../support/until';

const LASTS_MS = isLongRun ? 5 * 60_000 : 20_000;
const KILL_EVERY_MS = 3_000;
const NODE_REDS = 3;
/** Each Node-RED counts from another number. */
const NUMBERS_EACH = 100_000;
const VERSIONED = 5;
/** Their event ids begin so. */
const VERSIONS = 'versions-';
/** Of the database, at most: longer than an append waits for it. */
const AWAY_MS = 9_000;
const ANSWER_DEADLINE_MS = 5_000;
const DATABASE_PASSWORD = 'db-secret-Jx62RmW9';
/** Longer than a lease of a dead Node-RED lives, and its last request may take to land. */
const DRAIN_DEADLINE_MS = 180_000;
/** Of the workspace, so that a lease lives for 47 s. */
const REQUEST_MS = 2_000;

/** In which order the versions of events arrived. */
class VersionLog {
  private readonly newest = new Map<string, number>();
  readonly olderAfterNewer: string[] = [];

  /** For the simulator's `observe`. */
  observe(endpoint: Endpoint, body: Buffer): void {
    if (endpoint !== 'event' && endpoint !== 'batch') return;
    const content = JSON.parse(body.toString('utf8')) as { events?: Version[] } & Version;
    for (const { eventId, customMetadata } of content.events ?? [content]) {
      const newest = this.newest.get(eventId) ?? 0;
      if (customMetadata.number < newest)
        this.olderAfterNewer.push(`${eventId}: ${customMetadata.number} after ${newest}`);
      else this.newest.set(eventId, customMetadata.number);
    }
  }
}

interface Version {
  eventId: string;
  customMetadata: { number: number };
}

describe('three real Node-REDs with one outbox in PostgreSQL', function () {
  this.timeout(LASTS_MS + 600_000);
  let server: PostgresServer;
  let simulator: Simulator;
  const versions = new VersionLog();
  const nodeReds: RealNodeRed[] = [];

  before(async function () {
    server = await PostgresServer.start(this);
    await server.sql(`create role keeper login password '${DATABASE_PASSWORD}'`);
    await server.sql('grant create on database postgres to keeper');
    await server.requirePassword('keeper');
    simulator = await startSimulator({
      maxEventsKept: 1_000_000,
      observe: (endpoint, body) => versions.observe(endpoint, body),
    });
    for (let index = 0; index < NODE_REDS; index++) {
      const nodeRed = await RealNodeRed.start('4.1');
      nodeReds.push(nodeRed);
      await nodeRed.deploy(
        numberedFlow(simulator, {
          workspace: {
            keepWaiting: 'postgres',
            postgresUrl: `postgres://127.0.0.1:${server.port}/postgres`,
            queueName: 'line',
            timeout: REQUEST_MS,
          },
          credentials: { postgresUser: 'keeper', postgresPassword: DATABASE_PASSWORD },
        }),
      );
    }
  });
  // It keeps the pictures of one test at a time, and forgets the oldest beyond.
  beforeEach(() => simulator.reset());
  after(async () => {
    for (const nodeRed of nodeReds) await nodeRed.stop();
    await simulator?.close();
    await server?.stop();
  });

  /** What arrived, without the versions. */
  const numberedEvents = (): Simulator => ({
    ...simulator,
    events: () => simulator.events().filter(({ eventId }) => !eventId.startsWith(VERSIONS)),
  });

  /**
   * One version after the other of one event, each to any of the Node-REDs.
   *
   * @returns the last one that was acknowledged
   */
  async function sendVersions(id: string, random: () => number, isOver: () => boolean): Promise<number> {
    let acknowledged = 0;
    for (let version = 1; !isOver(); version++) {
      const nodeRed = nodeReds[Math.floor(random() * NODE_REDS)] ?? assert.fail();
      const answer = await fetch(`${nodeRed.url}${PLAIN}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ id, number: version, value: `version ${version}` }),
        signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
      }).catch(() => undefined);
      await answer?.arrayBuffer().catch(() => undefined);
      if (answer?.status === 200) acknowledged = version;
      await delay(200);
    }
    return acknowledged;
  }

  it(`of which one is killed every few seconds for ${LASTS_MS / 1_000} s: all arrives, no event ends on an older version`, async () => {
    const random = seededRandom(printedSeed('killed Node-REDs'));
    simulator.faults.random({ rate: 0.1, seed: 1, faults: [{ slowMs: 200 }, { kind: 'lost-answer' }] });
    const loads = nodeReds.map(({ url }, index) => new NumberedLoad(url, 2, 1 + index * NUMBERS_EACH));
    for (const load of loads) load.start();
    const endAt = performance.now() + LASTS_MS;
    const isOver = () => performance.now() > endAt;
    const ids = Array.from({ length: VERSIONED }, (_, index) => `${VERSIONS}${index}`);
    const sending = Promise.all(ids.map((id) => sendVersions(id, random, isOver)));
    let kills = 0;
    while (!isOver()) {
      await delay(KILL_EVERY_MS * (0.5 + random()));
      const nodeRed = nodeReds[Math.floor(random() * NODE_REDS)] ?? assert.fail();
      await nodeRed.kill();
      await nodeRed.restart();
      kills++;
    }
    for (const load of loads) await load.stop();
    const last = await sending;
    simulator.faults.clear();
    const waiting = async () => {
      const [row] = await server.sql<{ count: number }>('select count(*)::int from vision_events.event');
      return row?.count ?? NaN;
    };
    await until(
      async () => (await waiting()) === 0,
      async () => `${await waiting()} events wait`,
      DRAIN_DEADLINE_MS,
    );
    const acknowledged = loads.flatMap((load) => load.acknowledged);
    console.log(
      `      ${kills} killed, ${acknowledged.length} numbered and ${last.reduce((sum, n) => sum + n, 0)} versions acknowledged, ` +
        `${simulator.requests.total} requests, ${versions.olderAfterNewer.length} older version(s) after a newer one`,
    );
    assert.ok(kills >= 1, `${kills} were killed`);
    assert.deepEqual(faultsOfArrivals(acknowledged, numberedEvents(), new ArrivalLog()), []);
    assert.deepEqual(await wrongPictures(numberedEvents()), []);
    assert.deepEqual(versions.olderAfterNewer, []);
    for (const [index, id] of ids.entries()) {
      const { event } =
        simulator.events().find(({ eventId }) => eventId === id) ?? assert.fail(`${id} is lost`);
      const { number } = event['customMetadata'] as { number: number };
      assert.ok(
        number >= (last[index] ?? NaN),
        `${id} ends on version ${number}, ${last[index]} was acknowledged`,
      );
    }
    for (const nodeRed of nodeReds) {
      assert.doesNotMatch(nodeRed.log(), /unhandled|uncaught/i);
      assertNoSecret(simulator.keys.full, nodeRed.log(), 'the log');
      assertNoSecret(DATABASE_PASSWORD, nodeRed.log(), 'the log');
    }
  });

  it(`whose database is killed or hangs every few seconds for ${LASTS_MS / 1_000} s, and one of them as well: all arrives`, async () => {
    const random = seededRandom(printedSeed('killed database'));
    const loads = nodeReds.map(
      ({ url }, index) => new NumberedLoad(url, 2, 1 + (NODE_REDS + index) * NUMBERS_EACH),
    );
    for (const load of loads) load.start();
    const endAt = performance.now() + LASTS_MS;
    const done = { killed: 0, hung: 0, nodeReds: 0 };
    while (performance.now() < endAt) {
      await delay(KILL_EVERY_MS * (0.5 + random()));
      const what = random();
      if (what < 0.4) {
        await server.kill();
        await delay(AWAY_MS * random());
        await server.run();
        done.killed++;
      } else if (what < 0.7) {
        server.suspend();
        await delay(AWAY_MS * random());
        server.resume();
        done.hung++;
      } else {
        const nodeRed = nodeReds[Math.floor(random() * NODE_REDS)] ?? assert.fail();
        await nodeRed.kill();
        await nodeRed.restart();
        done.nodeReds++;
      }
    }
    for (const load of loads) await load.stop();
    const acknowledged = loads.flatMap((load) => load.acknowledged);
    const missing = () => faultsOfArrivals(acknowledged, numberedEvents(), new ArrivalLog());
    await until(
      () => missing().length === 0,
      () => missing().join(),
      DRAIN_DEADLINE_MS,
    );
    const spilled = nodeReds.filter((nodeRed) =>
      nodeRed.log().includes('new events are kept on this machine'),
    );
    console.log(
      `      database ${done.killed} times killed, ${done.hung} times hung, ${done.nodeReds} Node-REDs killed; ` +
        `${acknowledged.length} acknowledged, 0 lost; ${spilled.length} of ${NODE_REDS} kept some on their disk`,
    );
    assert.ok(done.killed + done.hung > 0);
    assert.deepEqual(await wrongPictures(numberedEvents()), []);
    for (const nodeRed of nodeReds) assert.doesNotMatch(nodeRed.log(), /unhandled|uncaught/i);
  });
});
