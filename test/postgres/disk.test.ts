import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import { PostgresOutbox } from '../../src/delivery/outbox/postgres/postgres-outbox';
import { SpillOutbox } from '../../src/delivery/outbox/postgres/spill-outbox';
import { LoopDisk, needLoopDisk } from '../support/loop-disk';
import { checkPictures, drain, durableFiles, missing, numberedRecord } from '../support/outbox-fixture';
import { PostgresServer } from '../support/postgres-server';
import { isLongRun, printedSeed, rounds, seededRandom } from '../support/seed';
import { until } from '../support/until';

const ROUNDS = rounds(2, 10);
const PICTURE_BYTES = 3_000;
const PRODUCERS = 8;
/** As an administrator may set it, and its writer as slow as it gets: what is not flushed for each commit is lost. */
const CARELESS = { synchronous_commit: 'off', wal_writer_delay: '10s', wal_writer_flush_after: '1GB' };

describe('an outbox in PostgreSQL, when the disk of the server fails', function () {
  this.timeout(isLongRun ? 900_000 : 120_000);
  let disk: LoopDisk;
  let server: PostgresServer | undefined;
  before(async function () {
    await needLoopDisk(this);
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await disk?.remove();
  });

  async function startServer(context: Mocha.Context, mebibytes: number): Promise<PostgresServer> {
    disk = await LoopDisk.make(mebibytes);
    const settings = { ...CARELESS, max_wal_size: '64MB', min_wal_size: '32MB' };
    server = await PostgresServer.start(context, settings, disk.mountPoint);
    return server;
  }

  async function openQueue(of: PostgresServer, schema: string): Promise<PostgresOutbox> {
    const queue = queueOf(of, schema);
    await queue.open();
    return queue;
  }

  const queueOf = (of: PostgresServer, schema: string) =>
    new PostgresOutbox({
      url: of.url,
      schema,
      queueName: 'line',
      boundTo: 'a target',
      workerName: 'a',
      appendRepeatMs: 100,
    });

  describe('a power cut', () => {
    /** @returns how many acknowledged events were lost */
    async function cutWhileAppending(
      of: PostgresServer,
      random: () => number,
      spoil: (schema: string) => Promise<unknown>,
    ): Promise<number> {
      const schema = of.freshSchema();
      const outbox = await openQueue(of, schema);
      await spoil(schema);
      const acked: number[] = [];
      let next = 0;
      let isCut = false;
      const produce = async () => {
        while (!isCut) {
          const n = next++;
          await outbox.append([numberedRecord(n, n % 5 === 0 ? PICTURE_BYTES : 0)]);
          acked.push(n);
        }
      };
      const producing = Promise.allSettled(Array.from({ length: PRODUCERS }, produce));
      await until(() => acked.length > 100, 'appends');
      await delay(random() * 500);
      // What is said while the plug is being pulled may be said too early: only what came before counts.
      const before = [...acked];
      isCut = true;
      await disk.cutPower();
      await of.kill();
      await producing;
      await outbox.close(1_000);
      // Its processes end one by one.
      await until(
        () =>
          disk.powerUp().then(
            () => true,
            () => false,
          ),
        'the server to let go of its disk',
      );
      await of.run();
      const again = await openQueue(of, schema);
      const found = await drain(again, checkPictures);
      await again.append([numberedRecord(next)]);
      assert.deepEqual(await drain(again), [next], 'it goes on');
      await again.close(1_000);
      assert.equal(new Set(found).size, found.length, 'nothing is stored twice');
      console.log(`      ${before.length} acknowledged, ${missing(before, found).length} lost`);
      return missing(before, found).length;
    }

    it(`${ROUNDS} times: nothing acknowledged is lost, though the server is set not to flush each commit`, async function () {
      const random = seededRandom(printedSeed('power cut'));
      const started = await startServer(this, 400);
      for (let round = 0; round < ROUNDS; round++)
        assert.equal(await cutWhileAppending(started, random, () => Promise.resolve()), 0);
    });

    it('control: by that setting alone, events are lost', async function () {
      const random = seededRandom(printedSeed('power cut'));
      const started = await startServer(this, 400);
      const spoil = (schema: string) =>
        started.sql(
          `create or replace function ${schema}.durable() returns void language plpgsql as $$ begin end $$`,
        );
      let lost = 0;
      for (let round = 0; round < 3 && lost === 0; round++)
        lost += await cutWhileAppending(started, random, spoil);
      assert.ok(lost > 0, 'the harness is blind');
    });
  });

  it('a full disk stops the server; events are kept on this machine and moved once there is room', async function () {
    const started = await startServer(this, 200);
    const dir = mkdtempSync(path.join(tmpdir(), 'spill-'));
    const schema = started.freshSchema();
    const outbox = new SpillOutbox({
      spill: new DiskOutbox({ dir, files: durableFiles, freeSpaceFloorBytes: 0, ballastBytes: 0 }),
      makeQueue: () => queueOf(started, schema),
      retryMs: 100,
    });
    try {
      await outbox.open();
      const filler = path.join(disk.mountPoint, 'filler');
      let next = 0;
      const append = async () => {
        const n = next++;
        await outbox.append([numberedRecord(n, 50_000)]);
      };
      await append();
      fill(filler, 8 * 1024 * 1024);
      await until(
        async () => {
          await append();
          return outbox.spilled > 0;
        },
        'the disk to be full',
        30_000,
      );
      console.log(`      after ${next} events the server ${started.isRunning ? 'refuses' : 'ended itself'}`);
      for (let more = 0; more < 50; more++) await append();
      rmSync(filler);
      if (!started.isRunning) await started.run();
      await until(
        () => outbox.spilled === 0,
        () => `${outbox.spilled} events to be moved`,
        30_000,
      );
      const found: number[] = [];
      await until(
        async () => {
          found.push(...(await drain(outbox, checkPictures)));
          return found.length >= next;
        },
        () => `${found.length} of ${next} events`,
      );
      assert.deepEqual(
        found.sort((a, b) => a - b),
        Array.from({ length: next }, (_, n) => n),
        'each once',
      );
    } finally {
      await outbox.close(1_000);
      rmSync(dir, { recursive: true });
    }
  });
});

/** Takes all room but so many bytes. */
function fill(file: string, leave: number): void {
  const block = Buffer.alloc(1024 * 1024);
  const open = openSync(file, 'w');
  const rest = openSync(`${file}-rest`, 'w');
  writeAll(rest, Math.floor(leave / block.length), block);
  writeAll(open, Infinity, block);
  closeSync(open);
  closeSync(rest);
  rmSync(`${file}-rest`);
}

function writeAll(file: number, blocks: number, block: Buffer): void {
  try {
    for (let count = 0; count < blocks; count++) writeSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
