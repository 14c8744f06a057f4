/**
 * A process that delivers from a queue in PostgreSQL until it is killed. Arguments: JSON of the outbox's options,
 * address and key of the simulator, JSON of the sender's settings. It says `ready`, `took <count>` for each lease, and
 * the codes of what operators are told.
 */
import { VisionEventsClient } from '../../src/api/client';
import {
  PostgresOutbox,
  type PostgresOutboxOptions,
} from '../../src/delivery/outbox/postgres/postgres-outbox';
import { Sender } from '../../src/delivery/sender/sender';
import type { SenderSettings } from '../../src/delivery/sender/settings';

async function main(): Promise<void> {
  const [options = '', baseUrl = '', apiKey = '', settings = '{}'] = process.argv.slice(2);
  const outbox = new PostgresOutbox({
    ...(JSON.parse(options) as PostgresOutboxOptions),
    onNotice: ({ code }) => console.log(code),
  });
  await outbox.open();
  const lease = outbox.lease.bind(outbox);
  outbox.lease = async (max) => {
    const leased = await lease(max);
    if (leased) console.log(`took ${leased.events.length}`);
    return leased;
  };
  const client = new VisionEventsClient({ baseUrl, apiKey, env: {} });
  new Sender({
    outbox,
    target: client.target(),
    lateLandings: [],
    settings: { batchSize: 5, lingerMs: 0, ...(JSON.parse(settings) as Partial<SenderSettings>) },
  }).start();
  console.log('ready');
  setInterval(() => undefined, 1_000);
}

void main();
