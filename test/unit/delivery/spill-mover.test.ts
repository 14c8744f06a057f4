import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { DiskOutbox } from '../../../src/delivery/outbox/disk/disk-outbox';
import type { Lease, Settlement, StoredEvent } from '../../../src/delivery/outbox/outbox';
import type { PostgresOutbox } from '../../../src/delivery/outbox/postgres/postgres-outbox';
import { SpillMover } from '../../../src/delivery/outbox/postgres/spill-mover';

/** Longer than the database takes to refuse. */
const SLOW_READ_MS = 20;

describe('what moves events from the disk into PostgreSQL', () => {
  it('leaves them on the disk when the database goes away, while a picture of theirs is still being read', async () => {
    const settled: Settlement[] = [];
    const spill = {
      lease: () => Promise.resolve({ events: [stored('a'), stored('b')], isHeld: () => true }),
      settle: (_lease: Lease, outcome: Settlement) => Promise.resolve(void settled.push(outcome)),
    };
    const away = new Error('nothing answers');
    const queue = { appendKeyed: () => Promise.reject(away) };
    const mover = new SpillMover(spill as unknown as DiskOutbox);
    await assert.rejects(mover.moveSome(queue as unknown as PostgresOutbox), (error) => error === away);
    assert.deepEqual(settled, [{ acked: [], retry: [], dead: [] }]);
    assert.equal(mover.moved, 0);
  });
});

function stored(id: string): StoredEvent {
  const picture = {
    role: 'output' as const,
    mediaType: 'image/jpeg',
    name: `${id}.jpg`,
    size: 1,
    read: () => delay(SLOW_READ_MS, new Uint8Array([1])),
  };
  return {
    id,
    eventId: id,
    useCaseId: 'line-1',
    body: '{}',
    bodyBytes: 2,
    acceptedAt: 0,
    attempts: 0,
    pictures: [picture],
  };
}
