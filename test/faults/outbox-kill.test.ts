import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DiskOutbox } from '../../src/delivery/disk-outbox/disk-outbox';
import type { Lease } from '../../src/delivery/outbox';
import { drain, missing, numberedPicture, numberedRecord } from '../support/outbox-fixture';
import { chooseSeed, isLongRun, seededRandom } from '../support/seed';
import { WorkerProcess } from '../support/worker-process';

const ROUNDS = isLongRun ? 30 : 4;
const LEASE_OF_WORKER = 20;

describe('a process that is killed', function () {
  this.timeout(isLongRun ? 600_000 : 60_000);
  const seed = chooseSeed();
  const random = seededRandom(seed);
  let dir: string;
  before(() => console.log(`      seed ${seed}; replay with VISION_EVENTS_SEED`));
  beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'outbox-'))));
  afterEach(() => rm(dir, { recursive: true }));

  const open = async (lockWaitMs = 20_000): Promise<DiskOutbox> => {
    const outbox = new DiskOutbox({ dir, freeSpaceFloorBytes: 0, ballastBytes: 0, lockWaitMs });
    await outbox.open();
    return outbox;
  };

  /** Lets a worker work for a random while and kills it. */
  async function killAtRandom(worker: WorkerProcess, word: string): Promise<void> {
    await worker.said(word);
    await delay(random() * 300);
    await worker.kill();
    assert.ok(worker.numbers(word).length > 0, `the worker said: ${worker.lines.slice(-3).join(' / ')}`);
  }

  it(`1: during appends, ${ROUNDS} times: nothing acknowledged is lost or changed`, async () => {
    let first = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const worker = new WorkerProcess(dir, 'produce', first);
      await killAtRandom(worker, 'ack');
      const acked = worker.numbers('ack');
      const outbox = await open();
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

  async function checkPictures({ events }: Lease): Promise<void> {
    for (const { body, pictures } of events) {
      const { n } = JSON.parse(body) as { n: number };
      assert.equal(pictures.length, n % 5 === 0 ? 1 : 0);
      for (const picture of pictures) {
        assert.deepEqual(Buffer.from(await picture.read()), numberedPicture(n, 3_000).bytes);
      }
    }
  }

  it('1, control: a worker that acknowledges before the outbox does loses events', async () => {
    let lost = 0;
    for (let round = 0; round < 5 && lost === 0; round++) {
      const worker = new WorkerProcess(dir, 'produce', round * 1e6, ['early-ack']);
      await killAtRandom(worker, 'ack');
      const outbox = await open();
      lost += missing(worker.numbers('ack'), await drain(outbox)).length;
      await outbox.close(2_000);
    }
    assert.ok(lost > 0, 'the harness is blind');
  });

  it(`2: while delivering, ${ROUNDS} times: nothing is lost, one body an id, few duplicates`, async () => {
    const acked = new Set<number>();
    const deliveries = new Map<number, string[]>();
    let first = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const worker = new WorkerProcess(dir, 'deliver', first);
      await killAtRandom(worker, 'delivered');
      for (const n of worker.numbers('ack')) acked.add(n);
      for (const line of worker.lines) {
        const [word, n, sha = ''] = line.split(' ');
        if (word === 'delivered') deliveries.set(Number(n), [...(deliveries.get(Number(n)) ?? []), sha]);
      }
      first = Math.max(...acked, ...deliveries.keys()) + 100;
    }
    const outbox = await open();
    const rest = await drain(outbox);
    await outbox.close(2_000);
    assert.deepEqual(missing(acked, [...deliveries.keys(), ...rest]), []);
    for (const [n, shas] of deliveries) {
      const expected = createHash('sha256').update(numberedRecord(n).body).digest('hex');
      assert.deepEqual([...new Set(shas)], [expected], `event ${n} arrived with several bodies`);
    }
    const twice = rest.filter((n) => deliveries.has(n)).length;
    const duplicates = [...deliveries.values()].reduce((sum, shas) => sum + shas.length - 1, twice);
    assert.ok(duplicates <= ROUNDS * LEASE_OF_WORKER, `${duplicates} duplicates in ${ROUNDS} rounds`);
  });

  describe('15: two processes on one folder', () => {
    it('the second is refused, the first goes on, and after kill -9 of the first the second takes over', async () => {
      const first = new WorkerProcess(dir, 'produce', 0, ['slowly']);
      await first.said('ack');
      const second = new WorkerProcess(dir, 'hold', 0, ['impatient']);
      await second.ended();
      assert.match(second.lines.join('\n'), /^refused OUTBOX_IO .* is in use by process \d+ on /);
      const before = first.numbers('ack').length;
      await first.said(`ack ${before + 8}`);
      await first.kill();
      const outbox = await open();
      assert.deepEqual(missing(first.numbers('ack'), await drain(outbox)), []);
      await outbox.close(2_000);
    });

    it('in one process, a second outbox waits for the first one to close', async () => {
      const first = await open();
      await assert.rejects(open(100), { code: 'OUTBOX_IO' });
      const waiting = open(20_000);
      await first.append([numberedRecord(1)]);
      await first.close(2_000);
      const second = await waiting;
      assert.deepEqual(await drain(second), [1]);
      await second.close(2_000);
    });

    it('a heartbeat of another container is respected while it beats and taken over when it stops', async function () {
      const outbox = await open();
      await outbox.close(2_000);
      const owner = { host: 'elsewhere', pid: 7, namespace: 'elsewhere net:[1]', token: 'other', beat: 0 };
      const beat = setInterval(() => {
        owner.beat++;
        void writeFile(join(dir, 'lock'), JSON.stringify(owner));
      }, 300);
      await writeFile(join(dir, 'lock'), JSON.stringify(owner));
      await assert.rejects(open(2_000), /in use by process 7 on elsewhere/);
      clearInterval(beat);
      await (await open(60_000)).close(2_000);
    });

    it('forced, without the lock: nothing is lost and no record is damaged', async () => {
      const workers = [
        new WorkerProcess(dir, 'produce', 0, ['no-lock', 'slowly']),
        new WorkerProcess(dir, 'produce', 1e6 + 1, ['no-lock', 'slowly']),
      ];
      await Promise.all(workers.map((worker) => worker.said('ack')));
      await delay(500);
      for (const worker of workers) await worker.kill();
      const acked = workers.flatMap((worker) => worker.numbers('ack'));
      const outbox = await open();
      assert.equal(outbox.stats().corrupt, 0);
      assert.deepEqual(missing(acked, await drain(outbox)), []);
      await outbox.close(2_000);
    });
  });
});
