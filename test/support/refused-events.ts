import assert from 'node:assert/strict';
import { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';

/** Leaves an outbox with refused events, by their ids and reasons. */
export async function refuseEvents(dir: string, reasons: Record<string, string>): Promise<void> {
  const outbox = new DiskOutbox({ dir });
  await outbox.open();
  const useCaseId = 'quality-line-1';
  const timestamp = new Date().toISOString();
  for (const eventId of Object.keys(reasons)) {
    const event = { eventId, eventType: 'quality_check', useCaseId, timestamp, eventData: {} };
    await outbox.append([{ eventId, useCaseId, body: JSON.stringify(event), pictures: [] }]);
  }
  const lease = await outbox.lease({ events: 100, bytes: 1024 * 1024 });
  assert.ok(lease);
  const dead = lease.events.map(({ id, eventId }) => ({
    id,
    code: 'REJECTED',
    statusCode: 400,
    why: reasons[eventId] ?? '',
  }));
  await outbox.settle(lease, { acked: [], retry: [], dead });
  await outbox.close(1000);
}
