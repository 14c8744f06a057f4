#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { DEFAULT_API_KEY, startSimulator } from './server';

const DEFAULT_PORT = '4080';

const USAGE = `A Roboflow Vision Events API for development, on this machine only, with a page that shows what arrives.

  vision-events-simulator [--port ${DEFAULT_PORT}] [--key ${DEFAULT_API_KEY}]

  --port  where it listens; 0 takes any free port
  --key   the API key it takes; <key>-write may only write, <key>-read only read`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: DEFAULT_PORT },
      key: { type: 'string', default: DEFAULT_API_KEY },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(USAGE);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port ${values.port} is not a port`);
  const simulator = await startSimulator({ port, apiKey: values.key });
  console.log(`Vision Events simulator: base URL ${simulator.url}, API key ${simulator.keys.full}`);
  console.log(`What arrives is shown at ${simulator.url}/`);
  const stop = () => void simulator.close().then(() => process.exit(0));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
