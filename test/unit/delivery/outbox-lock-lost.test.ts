import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { DiskOutbox } from '../../../src/delivery/outbox/disk/disk-outbox';
import type { FolderLock } from '../../../src/delivery/outbox/disk/folder-lock';
import type { OutboxNotice } from '../../../src/delivery/outbox/notices';
import { Sender } from '../../../src/delivery/sender/sender';
import type { Target } from '../../../src/api/target';
import { BATCH, drain, numberedRecord, OPEN_LOCK, range, simOutbox } from '../../support/outbox-fixture';
import { SimDisk } from '../../support/sim-disk';
import { FakeClock, settled } from '../../support/fake-clock';
import { until } from '../../support/until';

const REFUSED = { code: 'OUTBOX_IO', message: /^Another process took over .*Stop one of the two, or give/ };

describe('an outbox whose folder another process took over', () => {
  let disk: SimDisk;
  let outbox: DiskOutbox;
  let notices: OutboxNotice[];
  let lose: () => void;
  let lock: FolderLock;

  beforeEach(async () => {
    disk = new SimDisk();
    notices = [];
    lock = { ...OPEN_LOCK };
    outbox = simOutbox(disk, {
      onNotice: (notice) => notices.push(notice),
      lock: (_folder, _waitMs, onLost) => {
        lose = onLost;
        return Promise.resolve(lock);
      },
    });
    await outbox.open();
  });

  it('accepts, hands out and settles nothing more, says so once, and writes nothing more', async () => {
    await outbox.append(range(0, 4).map((n) => numberedRecord(n, 100)));
    const lease = await outbox.lease({ ...BATCH, events: 2 });
    assert.ok(lease);
    lose();
    lose();
    assert.deepEqual(
      notices.map(({ code }) => code),
      ['LOCK_LOST'],
    );
    assert.match(notices[0]!.message, REFUSED.message);
    disk.resetCounts();
    const acked = lease.events.map(({ id }) => id);
    await assert.rejects(outbox.append([numberedRecord(4, 100)]), REFUSED);
    await assert.rejects(outbox.lease(BATCH), REFUSED);
    await assert.rejects(outbox.settle(lease, { acked, retry: [], dead: [] }), REFUSED);
    await assert.rejects(outbox.markUploaded(acked[0]!, { role: 'output' }, 'source'), REFUSED);
    await assert.rejects(outbox.deadLetters.retry([]), REFUSED);
    await outbox.close(1_000);
    const { write, open, remove, rename } = disk.counts;
    assert.deepEqual({ write, open, remove, rename }, { write: 0, open: 0, remove: 0, rename: 0 });
    assert.deepEqual(await drainAnew(), range(0, 4), 'the new owner has all of it');
  });

  it('rejects what waits for the disk at that moment', async () => {
    let goOn: () => void = () => undefined;
    const wait = new Promise<void>((resolve) => (goOn = resolve));
    disk.resetCounts();
    disk.fault = (operation) => (operation === 'sync' ? { wait } : undefined);
    const underWay = assert.rejects(outbox.append([numberedRecord(0)]), REFUSED);
    await until(() => disk.counts.sync > 0, 'the flush of the first');
    const waiting = assert.rejects(outbox.append([numberedRecord(1)]), REFUSED);
    await settled();
    lose();
    goOn();
    await Promise.all([underWay, waiting]);
    disk.fault = () => undefined;
    await outbox.close(1_000);
    assert.deepEqual(await drainAnew(), [0], 'what was under way may be there, what waited is not');
  });

  it('looks first when its heartbeat is late, and acknowledges nothing that it no longer owns', async () => {
    let looks = 0;
    lock.isLate = () => true;
    lock.look = async () => {
      looks++;
      await delay(5);
      lose();
    };
    await assert.rejects(outbox.append([numberedRecord(0)]), REFUSED);
    assert.equal(looks, 1);
  });

  it('goes on when the look tells that the folder is still its own', async () => {
    lock.isLate = () => true;
    await outbox.append([numberedRecord(0)]);
    assert.deepEqual(await drain(outbox), [0]);
  });

  it('control: a heartbeat that is on time is not looked at', async () => {
    lock.look = () => Promise.resolve(lose());
    await outbox.append([numberedRecord(0)]);
  });

  it('keeps a sender from sending, which tries again without haste', async () => {
    await outbox.append([numberedRecord(0)]);
    lose();
    let leases = 0;
    const lease = outbox.lease.bind(outbox);
    outbox.lease = (max) => {
      leases++;
      return lease(max);
    };
    const sent = (): Promise<never> => Promise.reject(new Error('something was sent'));
    const target: Target = { postEvent: sent, postBatch: sent, uploadPicture: sent };
    const clock = new FakeClock();
    const sender = new Sender({ outbox, target, clock });
    sender.start();
    await clock.advance(900);
    assert.equal(leases, 1);
    await clock.advance(200);
    assert.equal(leases, 2);
    assert.match(sender.state().lastError?.message ?? '', /^Another process took over/);
    assert.equal(sender.state().inFlight, 0);
    await sender.stop(1_000);
  });

  async function drainAnew(): Promise<number[]> {
    const next = simOutbox(disk);
    await next.open();
    return drain(next);
  }
});
