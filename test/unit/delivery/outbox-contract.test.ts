import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskOutbox } from '../../../src/delivery/outbox/disk/disk-outbox';
import type { Outbox } from '../../../src/delivery/outbox/outbox';
import { MemoryOutbox } from '../../support/memory-outbox';
import { describeOutboxContract, type OutboxWorld, testClock } from '../../support/outbox-contract';

function memoryWorld(): OutboxWorld {
  const clock = testClock();
  return {
    clock,
    async make(limits) {
      const outbox = new MemoryOutbox({ clock, ...limits });
      await outbox.open();
      return outbox;
    },
    cleanUp: () => Promise.resolve(),
  };
}

function diskWorld(): OutboxWorld {
  const clock = testClock();
  const opened: { outbox: Outbox; dir: string }[] = [];
  return {
    clock,
    async make(limits) {
      const dir = await mkdtemp(join(tmpdir(), 'outbox-'));
      const outbox = new DiskOutbox({ dir, clock, freeSpaceFloorBytes: 0, ballastBytes: 0, ...limits });
      opened.push({ outbox, dir });
      await outbox.open();
      return outbox;
    },
    async cleanUp() {
      for (const { outbox, dir } of opened) {
        await outbox.close(1_000);
        await rm(dir, { recursive: true });
      }
    },
  };
}

describeOutboxContract('memory', memoryWorld);
describeOutboxContract('disk', diskWorld);
