import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startSimulator, type Simulator } from '../../simulator/server';
import { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import { type Owner, writeOwner } from '../../src/delivery/outbox/disk/lock-owner';
import { HEARTBEAT_STALE_MS } from '../../src/delivery/outbox/limits';
import {
  checkPictures,
  deliverAll,
  DELIVERY_OF_WORKER,
  drain,
  missing,
  numberedRecord,
} from '../support/outbox-fixture';
import { LEASE_BATCHES, SETTLING_LEASES } from '../../src/delivery/sender/leases';
import { OutboxDamage } from '../../src/delivery/outbox/outbox';
import { ArrivalLog, faultsOfArrivals, wrongPictures } from '../support/numbered-load';
import { assertNoSecret } from '../support/secrets';
import { chooseSeed, isLongRun, rounds, seededRandom } from '../support/seed';
import { WorkerProcess } from '../support/worker-process';
import { until } from '../support/until';

const ROUNDS = rounds(4);
const REOPEN_MS = 2_000;
const TAKE_OVER_MS = 20_000;
/** Less than a heartbeat: what was late is looked at first. */
const GIVES_UP_MS = 2_000;
/** Two lanes that send, and the leases of which the disk still writes down what became of them. */
const IN_FLIGHT =
  (DELIVERY_OF_WORKER.concurrency + SETTLING_LEASES) * LEASE_BATCHES * DELIVERY_OF_WORKER.batchSize;

const ELSEWHERE: Owner = {
  host: 'elsewhere',
  pid: 7,
  namespace: 'elsewhere net:[1]',
  processes: '',
  socket: '',
  token: 'other',
  beat: 0,
};

describe('a process that is killed', function () {
  this.timeout(isLongRun ? 600_000 : 60_000);
  const seed = chooseSeed();
  const random = seededRandom(seed);
  let dir: string;
  before(() => console.log(`      seed ${seed}; replay with VISION_EVENTS_SEED`));
  beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'outbox-'))));
  afterEach(() => WorkerProcess.endAll());
  afterEach(() => rm(dir, { recursive: true }));

  const open = async (folder = dir, lockWaitMs?: number): Promise<DiskOutbox> => {
    const outbox = new DiskOutbox({ dir: folder, freeSpaceFloorBytes: 0, ballastBytes: 0, lockWaitMs });
    await outbox.open();
    return outbox;
  };

  /** Lets a worker work for a random while and kills it. */
  async function killAtRandom(worker: WorkerProcess): Promise<void> {
    await worker.said('ack');
    await delay(random() * 300);
    await worker.kill();
    assert.ok(worker.numbers('ack').length > 0, 'the worker was killed before it did anything');
  }

  /** Takes everything out of the folder, damaged or not. */
  async function drainFolder(folder: string, look?: typeof checkPictures) {
    const outbox = await open(folder);
    const found = await drain(outbox, look);
    const { corrupt } = outbox.stats();
    await outbox.close(2_000);
    return { found, corrupt };
  }

  it(`1: during appends, ${ROUNDS} times: nothing acknowledged is lost or changed`, async () => {
    let first = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const worker = new WorkerProcess(dir, 'produce', first);
      await killAtRandom(worker);
      const acked = worker.numbers('ack');
      const killedAt = performance.now();
      const outbox = await open();
      const openedAfter = performance.now() - killedAt;
      assert.ok(openedAfter < REOPEN_MS, `round ${round}: opened after ${openedAfter} ms`);
      assert.equal(outbox.stats().corrupt, 0);
      const found = await drain(outbox, checkPictures);
      assert.deepEqual(missing(acked, found), [], `round ${round}`);
      assert.equal(new Set(found).size, found.length);
      first = Math.max(...acked, ...found) + 1;
      await outbox.append([numberedRecord(first++)]);
      assert.deepEqual(await drain(outbox), [first - 1]);
      await outbox.close(2_000);
    }
  });

  it('1, control: a worker that acknowledges before the outbox does loses events', async () => {
    let lost = 0;
    for (let round = 0; round < 5 && lost === 0; round++) {
      const worker = new WorkerProcess(dir, 'produce', round * 1e6, ['early-ack']);
      await killAtRandom(worker);
      lost += missing(worker.numbers('ack'), (await drainFolder(dir)).found).length;
    }
    assert.ok(lost > 0, 'the harness is blind');
  });

  describe('2: while it delivers', () => {
    let arrivals: ArrivalLog;
    let simulator: Simulator;
    before(async () => {
      const observe: ArrivalLog['observe'] = (endpoint, body) => arrivals.observe(endpoint, body);
      simulator = await startSimulator({ maxEventsKept: 1_000_000, observe });
    });
    beforeEach(() => {
      simulator.reset();
      arrivals = new ArrivalLog();
    });
    after(() => simulator?.close());

    /**
     * Kills one worker after the other, each when so many new events have arrived, delivers what is left, and tells
     * what is wrong at the server.
     */
    async function killWhileDelivering(count: number, flags: string[] = [], least = 1): Promise<string[]> {
      const acked: number[] = [];
      const server = { SERVER_URL: simulator.url, SERVER_KEY: simulator.keys.full };
      for (let round = 0; round < count; round++) {
        arrivals.beginRound();
        const wanted = arrivals.events + least;
        const worker = new WorkerProcess(dir, 'deliver', Math.max(0, ...acked) + 100, flags, server);
        await worker.said('ack');
        await until(() => arrivals.events >= wanted, 'new events', 60_000);
        await killAtRandom(worker);
        acked.push(...worker.numbers('ack'));
        assertNoSecret(simulator.keys.full, worker.lines, 'what the worker said');
      }
      arrivals.beginRound();
      const outbox = await open();
      await deliverAll(outbox, simulator);
      assert.equal(outbox.stats().dead, 0);
      await outbox.close(2_000);
      return faultsOfArrivals(acked, simulator, arrivals);
    }

    it(`${ROUNDS} times: nothing is lost, one body an id, few duplicates`, async () => {
      assert.deepEqual(await killWhileDelivering(ROUNDS), []);
      assert.deepEqual(await wrongPictures(simulator), []);
      console.log(`      ${arrivals.events} events; came again after a kill: ${arrivals.repeats.join()}`);
      assert.ok(Math.max(...arrivals.repeats) <= IN_FLIGHT, `duplicates by kill: ${arrivals.repeats.join()}`);
    });

    it('control: a worker that says "done" before the server does loses events', async () => {
      const faults = await killWhileDelivering(1, ['boasts']);
      assert.match(faults.join('\n'), /^\d+ lost: /);
    });

    it('control: one that never writes down what is done, and makes bodies anew, is noticed', async () => {
      const faults = await killWhileDelivering(2, ['forgets-done', 'rewrites'], IN_FLIGHT + 1);
      assert.match(faults.join('\n'), /^\d+ with several bodies: /);
      assert.ok(Math.max(...arrivals.repeats) > IN_FLIGHT, `duplicates by kill: ${arrivals.repeats.join()}`);
    });
  });

  describe('15: two processes on one folder', () => {
    async function secondIsRefused(folder: string): Promise<void> {
      const first = new WorkerProcess(folder, 'produce', 0, ['slowly']);
      await first.said('ack');
      const second = new WorkerProcess(folder, 'hold');
      await second.said('start');
      const startedAt = performance.now();
      await second.ended();
      const refusedAfter = performance.now() - startedAt;
      assert.match(second.lines.join('\n'), /refused OUTBOX_IO .* is in use by process \d+ on /);
      assert.ok(refusedAfter <= TAKE_OVER_MS, `refused after ${refusedAfter} ms`);
      await first.said(`ack ${first.numbers('ack').length + 8}`);
      await first.kill();
      const { found, corrupt } = await drainFolder(folder, checkPictures);
      assert.deepEqual(missing(first.numbers('ack'), found), []);
      assert.equal(corrupt, 0);
    }

    async function heartbeatIsRespected(folder: string): Promise<void> {
      await (await open(folder)).close(2_000);
      const owner = { ...ELSEWHERE };
      await writeOwner(folder, owner);
      const beating = new AbortController();
      const beats = (async () => {
        for (; !beating.signal.aborted; await delay(300)) {
          owner.beat++;
          await writeOwner(folder, owner);
        }
      })();
      try {
        await assert.rejects(open(folder, 2_000), /in use by process 7 on elsewhere/);
      } finally {
        beating.abort();
        await beats;
      }
      const stoppedAt = performance.now();
      await (await open(folder)).close(2_000);
      const tookOverAfter = performance.now() - stoppedAt;
      assert.ok(tookOverAfter <= TAKE_OVER_MS, `took over after ${tookOverAfter} ms`);
    }

    /** It was paused for so long that a process in another container took it for dead. */
    async function lateOwnerGivesUp(folder: string): Promise<void> {
      const worker = new WorkerProcess(folder, 'produce', 0, ['slowly']);
      await worker.said('ack 8');
      worker.suspend();
      await delay(HEARTBEAT_STALE_MS + 1_000);
      await writeOwner(folder, ELSEWHERE);
      const resumedAt = performance.now();
      worker.resume();
      await worker.ended();
      const gaveUpAfter = performance.now() - resumedAt;
      assert.match(worker.lines.at(-1) ?? '', /^refused OUTBOX_IO Another process took over /);
      assert.ok(gaveUpAfter < GIVES_UP_MS, `gave up after ${gaveUpAfter} ms`);
      await rm(join(folder, 'lock'));
      const { found, corrupt } = await drainFolder(folder, checkPictures);
      assert.deepEqual(missing(worker.numbers('ack'), found), []);
      assert.equal(corrupt, 0);
    }

    // One test, because all of them wait for long.
    it(
      'the second is refused within 20 s and the first goes on; ' +
        'a heartbeat of another container is respected while it beats and taken over within 20 s when it stops; ' +
        'an owner that was paused and lost the folder meanwhile stops at once',
      async () => {
        await Promise.all([
          secondIsRefused(join(dir, 'refused')),
          heartbeatIsRespected(join(dir, 'heartbeat')),
          lateOwnerGivesUp(join(dir, 'late')),
        ]);
      },
    );

    it('control: without the lock the second is let in', async () => {
      const workers = await startTwo(['slowly']);
      for (const worker of workers) await worker.kill();
    });

    it(`after kill -9 of the first the second takes over within 20 s, ${rounds(1)} times`, async () => {
      let first = 0;
      for (let round = 0; round < rounds(1); round++) {
        const owner = new WorkerProcess(dir, 'produce', first, ['slowly']);
        await owner.said('ack');
        const heir = new WorkerProcess(dir, 'hold');
        await heir.said('start');
        await killAtRandom(owner);
        assert.ok(!heir.lines.includes('open'), 'the second was let in too early');
        const killedAt = performance.now();
        await heir.said('open');
        const tookOverAfter = performance.now() - killedAt;
        assert.ok(tookOverAfter <= TAKE_OVER_MS, `took over after ${tookOverAfter} ms`);
        await heir.kill();
        const { found, corrupt } = await drainFolder(dir, checkPictures);
        assert.deepEqual(missing(owner.numbers('ack'), found), []);
        assert.equal(corrupt, 0);
        first = Math.max(...found) + 1;
      }
    });

    it('in one process, a second outbox waits for the first one to close', async () => {
      const first = await open();
      await assert.rejects(open(dir, 100), { code: 'OUTBOX_IO' });
      const waiting = open();
      await first.append([numberedRecord(1)]);
      await first.close(2_000);
      const second = await waiting;
      assert.deepEqual(await drain(second), [1]);
      await second.close(2_000);
    });

    /** Starts two, without the lock: the second at any moment of the first one's work. */
    async function startTwo(ofFirst: string[], ofSecond = ofFirst): Promise<WorkerProcess[]> {
      const first = new WorkerProcess(dir, 'produce', 0, ['no-lock', ...ofFirst]);
      await first.said('ack 4');
      await delay(random() * 200);
      const second = new WorkerProcess(dir, 'produce', 1e6, ['no-lock', ...ofSecond]);
      await second.said(`ack ${1e6 + 4}`);
      for (const worker of [first, second]) {
        assert.ok(worker.lines.includes('open'), `it was not let in: ${worker.lines.join(' / ')}`);
      }
      return [first, second];
    }

    interface Outcome {
      /** acknowledged, and not seen since by anybody */
      lost: number[];
      /** damaged records */
      corrupt: number;
      /** leases with a picture that is missing or damaged */
      pictureless: number;
      /** what the two could not do, though they went on */
      complaints: string[];
    }
    const NO_HARM: Outcome = { lost: [], corrupt: 0, pictureless: 0, complaints: [] };

    /** Starts two, kills both, and looks what they left. */
    async function forceDoubleStart(ofFirst: string[], ofSecond = ofFirst): Promise<Outcome> {
      const workers = await startTwo(ofFirst, ofSecond);
      await delay(500 + random() * 200);
      for (const worker of workers) await worker.kill();
      const numbers = (word: string) => workers.flatMap((worker) => worker.numbers(word));
      let pictureless = 0;
      const { found, corrupt } = await drainFolder(dir, (lease) =>
        checkPictures(lease).catch((error: unknown) => {
          if (!(error instanceof OutboxDamage)) throw error;
          pictureless++;
        }),
      );
      return {
        lost: missing(numbers('ack'), [...found, ...numbers('gone')]),
        corrupt,
        pictureless,
        complaints: workers.flatMap(({ lines }) => lines.filter((line) => /^(failed|refused)/.test(line))),
      };
    }

    for (const [name, ofFirst, ofSecond] of [
      ['both only store, slowly', ['slowly'], ['slowly']],
      ['both only store', [], []],
      ['the first takes out as well', ['slowly', 'takes out'], ['slowly']],
      ['the second takes out as well', ['slowly'], ['slowly', 'takes out']],
    ] as const) {
      it(`forced, without the lock, ${rounds(1)} times: nothing is lost and no record is damaged; ${name}`, async () => {
        for (let round = 0; round < rounds(1); round++) {
          assert.deepEqual(await forceDoubleStart([...ofFirst], [...ofSecond]), NO_HARM);
        }
      });
    }

    it('forced, control: a second that takes every file for an old one loses events or pictures', async () => {
      let harm = 0;
      for (let round = 0; round < 10 && harm === 0; round++) {
        const outcome = await forceDoubleStart(['slowly', 'takes out'], ['slowly', 'all-old']);
        harm = outcome.lost.length + outcome.pictureless;
      }
      assert.ok(harm > 0, 'the harness is blind');
    });

    it('control: two processes that write into the same files lose events', async () => {
      const { lost } = await forceDoubleStart(['slowly', 'same-files']);
      assert.ok(lost.length > 0, 'the harness is blind');
    });
  });
});
