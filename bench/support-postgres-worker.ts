/**
 * A process that delivers from a queue in PostgreSQL with the real sender. Arguments: JSON of the outbox's options,
 * address of the server.
 */
import { VisionEventsClient } from '../src/api/client';
import { PostgresOutbox, type PostgresOutboxOptions } from '../src/delivery/outbox/postgres/postgres-outbox';
import { Sender } from '../src/delivery/sender/sender';

async function main(): Promise<void> {
  const [options = '', baseUrl = ''] = process.argv.slice(2);
  const outbox = new PostgresOutbox(JSON.parse(options) as PostgresOutboxOptions);
  await outbox.open();
  const client = new VisionEventsClient({ baseUrl, apiKey: 'bench', env: {} });
  const sender = new Sender({ outbox, target: client.target(), lateLandings: [] });
  process.once('message', () => sender.start());
  process.send?.('ready');
  setInterval(() => undefined, 1_000);
}

void main();
