import { type Outbox, OutboxDamage, type OutboxRecord, type Settlement, type StoredEvent } from './outbox';

/** Their pictures are in memory together. */
export const MOVED_AT_ONCE = { events: 50, bytes: 1024 * 1024 };

/**
 * Moves what is due in one outbox into another, in its order. A crash in between leaves some in both.
 *
 * @param isStopped asked before each step
 * @param moved told of each step, also of the last one before an error
 */
export async function moveEvents(
  from: Pick<Outbox, 'lease' | 'settle'>,
  into: Pick<Outbox, 'append'>,
  isStopped: () => boolean,
  moved: (events: StoredEvent[]) => void,
): Promise<void> {
  for (let lease = await from.lease(MOVED_AT_ONCE); lease; lease = await from.lease(MOVED_AT_ONCE)) {
    const outcome: Settlement = { acked: [], retry: [], dead: [] };
    try {
      if (isStopped()) return;
      const records = await recordsOf(lease.events, outcome.dead);
      await into.append(records);
      const damaged = new Set(outcome.dead.map(({ id }) => id));
      outcome.acked = lease.events.map(({ id }) => id).filter((id) => !damaged.has(id));
    } finally {
      await from.settle(lease, outcome);
    }
    moved(lease.events.filter(({ id }) => outcome.acked.includes(id)));
  }
}

async function recordsOf(events: StoredEvent[], dead: Settlement['dead']): Promise<OutboxRecord[]> {
  const records: OutboxRecord[] = [];
  for (const event of events) {
    const record = await recordOf(event, dead);
    if (record) records.push(record);
  }
  return records;
}

/** @returns undefined when a picture is damaged: then the event is added to those that are `dead` */
export async function recordOf(
  { id, eventId, useCaseId, body, pictures }: StoredEvent,
  dead: Settlement['dead'],
): Promise<OutboxRecord | undefined> {
  const loaded: OutboxRecord['pictures'] = [];
  try {
    for (const picture of pictures) {
      const { role, image, mediaType, name, metadata } = picture;
      loaded.push({ role, image, mediaType, name, metadata, bytes: await picture.read() });
    }
  } catch (error) {
    if (!(error instanceof OutboxDamage)) throw error;
    dead.push({ id, code: error.code, why: error.message });
    return undefined;
  }
  return { eventId, useCaseId, body, pictures: loaded };
}
