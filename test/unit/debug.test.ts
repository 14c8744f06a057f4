import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { assertNoSecret } from '../support/secrets';

const KEY = 'rf-secret-Zx81QmPv77';

/** Delivers one event from an outbox on disk; the first request fails, and the server repeats the key. */
const DELIVERY = `
const http = require('node:http');
const { VisionEventsClient } = require('../../src/api/client');
const { DiskOutbox } = require('../../src/delivery/outbox/disk/disk-outbox');
const { Sender } = require('../../src/delivery/sender/sender');
const [dir, apiKey] = process.argv.slice(1);
let requests = 0;
const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    const isFirst = ++requests === 1;
    const body = { error: 'no, Bearer ' + apiKey, eventId: 'gasket-1', created: true };
    response.writeHead(isFirst ? 503 : 201, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (isFirst) setImmediate(() => sender.flush());
  });
});
let sender;
server.listen(0, '127.0.0.1', async () => {
  // the key where it does not belong
  const baseUrl = 'http://127.0.0.1:' + server.address().port + '/' + apiKey;
  const client = new VisionEventsClient({ baseUrl, apiKey, env: {} });
  const outbox = new DiskOutbox({ dir });
  await outbox.open();
  sender = new Sender({ outbox, target: client.target(), listeners: { delivered: () => void end() } });
  sender.start();
  const body = JSON.stringify({ eventId: 'gasket-1', eventData: { note: 'nobody else’s business' } });
  await outbox.append([{ eventId: 'gasket-1', useCaseId: 'line-1', body, pictures: [] }]);
  async function end() {
    await sender.stop(1000);
    await outbox.close();
    client.close();
    server.close();
  }
});
`;

function deliver(environment: NodeJS.ProcessEnv): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'vision-events-debug-'));
  try {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--require', 'tsx/cjs', '-e', DELIVERY, path.join(folder, 'outbox'), KEY],
      { cwd: __dirname, encoding: 'utf8', env: { ...process.env, ...environment }, timeout: 20_000 },
    );
    assert.equal(status, 0, stderr);
    return stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('NODE_DEBUG=vision-events', function () {
  this.timeout(30_000);
  let output: string;
  before(() => {
    output = deliver({ NODE_DEBUG: 'vision-events' });
  });

  const steps: [string, RegExp][] = [
    ['what is written to the disk', /commit: 1 new events, 0 done/],
    ['what is leased', /lease: 1 events, the first gasket-1/],
    ['each request', /request 1: POST http:\/\/127\.0\.0\.1:\d+\/\[API key\]\/vision-events, \d+ bytes/],
    ['its answer and duration', /request 2: 201, attempts 1, \d+ ms/],
    ['why it is tried again', /retry: .* answered 503: no, Bearer \[API key\].*\(SERVER_ERROR\)/],
    ['what became of a lease', /lease: 1 delivered, 0 to try again, 0 refused/],
    ['what is written off', /commit: 0 new events, 1 done/],
  ];
  for (const [what, line] of steps) it(`shows ${what}`, () => assert.match(output, line));

  it('never shows the key, a header or what an event holds', () => {
    assertNoSecret(KEY, output, 'the debug output');
    assert.doesNotMatch(output, /authorization|eventData|business/i);
  });

  it('is silent unless asked for', () => {
    assert.doesNotMatch(deliver({ NODE_DEBUG: '' }), /VISION-EVENTS/);
  });
});
