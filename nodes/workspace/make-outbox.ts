import { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import type { Outbox } from '../../src/delivery/outbox/outbox';
import type * as Postgres from '../../src/delivery/outbox/postgres/postgres-outbox';
import type * as Spill from '../../src/delivery/outbox/postgres/spill-outbox';
import { numberOf } from '../shared/event-settings';
import type { WorkspaceProperties } from '../shared/properties';
import type { DatabaseSettings } from './database-settings';

/** What an outbox tells its workspace, and asks of it. */
type OutboxOfWorkspace = Required<Pick<Postgres.PostgresOutboxOptions, 'onNotice' | 'deliveryError'>>;

/**
 * The outbox that a workspace asks for: on this machine's disk, or in PostgreSQL with that disk in front.
 *
 * @param folder on this machine
 */
export function makeOutbox(
  config: WorkspaceProperties,
  folder: string,
  database: DatabaseSettings | undefined,
  { onNotice, deliveryError }: OutboxOfWorkspace,
): Outbox {
  const megabytes = numberOf(config.outboxMaxMegabytes);
  const limits = {
    maxEvents: numberOf(config.outboxMaxEvents),
    maxBytes: megabytes === undefined ? undefined : megabytes * 1024 * 1024,
    whenFull: config.outboxWhenFull || 'reject',
    onNotice,
  };
  const disk = new DiskOutbox({ dir: folder, ...limits });
  if (!database) return disk;
  const { PostgresOutbox } = require('../../src/delivery/outbox/postgres/postgres-outbox') as typeof Postgres;
  const { SpillOutbox } = require('../../src/delivery/outbox/postgres/spill-outbox') as typeof Spill;
  return new SpillOutbox({
    spill: disk,
    makeQueue: (spilled) => new PostgresOutbox({ ...limits, ...database, spilled, deliveryError }),
    onNotice,
  });
}
