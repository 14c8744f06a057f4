import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startSimulator, type Simulator } from '../../../simulator/server';
import { DiskOutbox } from '../../../src/delivery/outbox/disk/disk-outbox';

const run = promisify(execFile);
const DOCUMENT = path.join(__dirname, '../../../docs/store-and-forward.md');
const CLOUD = 'https://api.roboflow.com';
/** One pixel. */
const PICTURE = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const NOTHING = { acked: [], retry: [], dead: [] };

/** The commands of the section "Rescuing a folder by hand", word for word. */
function commands(): string[] {
  const section = /^## Rescuing a folder by hand$(.*?)^## /ms.exec(readFileSync(DOCUMENT, 'utf8'))?.[1] ?? '';
  const blocks = /^```sh\n(.*?)^```$|`(curl [^`]*)`/gms;
  return [...section.matchAll(blocks)].map(([, block, inline]) => block ?? inline ?? '');
}

describe('rescuing a folder by hand, with the commands of the document', function () {
  this.timeout(30_000);
  let base: string;
  let folder: string;
  let simulator: Simulator;

  before(async function () {
    if (['jq', 'curl'].some((tool) => spawnSync(tool, ['--version']).error)) {
      console.log('      skipped: jq or curl is not installed');
      this.skip();
    }
    simulator = await startSimulator();
  });
  beforeEach(() => {
    simulator.reset();
    base = mkdtempSync(path.join(tmpdir(), 'vision-events-rescue-'));
    folder = path.join(base, 'outbox');
    mkdirSync(path.join(base, 'home'));
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));
  after(() => simulator?.close());

  const shell = async (command: string): Promise<string> => {
    const env = { ...process.env, HOME: path.join(base, 'home'), ROBOFLOW_API_KEY: simulator.keys.full };
    const script = command.replaceAll(CLOUD, simulator.url);
    return (await run('sh', ['-ec', script], { cwd: folder, env })).stdout;
  };

  it('finds exactly what waits, sends it, names its pictures and uploads them', async () => {
    const waiting = await fill(folder);
    // What a crash leaves: the last line of a chunk is torn, and has no end.
    const chunks = path.join(folder, 'chunks');
    const [chunk = ''] = readdirSync(chunks).filter((name) => name.endsWith('.chunk'));
    appendFileSync(
      path.join(chunks, chunk),
      '1234abcd {"put":"0000000999-aa","eventId":"torn","event":{"a":',
    );

    const [see = '', send = '', pictures = '', upload = '', ...others] = commands();
    assert.deepEqual(others, []);
    const seen = (await shell(see)).trim().split('\n');
    assert.deepEqual(seen.map((line) => line.split('\t')[0]).sort(), [...waiting].sort());
    assert.match(seen[0] ?? '', /\t20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

    await shell(send);
    const sent = simulator.events().map(({ event }) => event);
    assert.deepEqual(
      sent.map(({ eventId }) => eventId).sort(),
      waiting.filter((id) => !id.startsWith('with-picture')).sort(),
    );
    const { customMetadata } = eventOf('event-9');
    assert.deepEqual(sent.find(({ eventId }) => eventId === 'event-9')?.['customMetadata'], customMetadata);

    const listed = (await shell(pictures)).trim().split('\n');
    assert.deepEqual(
      listed
        .map((line) => line.split('\t'))
        .map(([eventId, image, role, , sourceId]) => [eventId, image, role, sourceId]),
      [
        ['with-picture-1', '0', 'output', 'not uploaded'],
        ['with-picture-1', '1', 'output', 'not uploaded'],
        ['with-picture-2', '0', 'output', 'not uploaded'],
        ['with-picture-2', '1', 'output', 'the-source-id'],
      ],
    );
    const file = listed[0]?.split('\t')[3] ?? '';
    const answer = JSON.parse(await shell(upload.replace('…jpg', file))) as { sourceId?: string };
    assert.match(answer.sourceId ?? '', /./);
  });
});

function eventOf(eventId: string) {
  return {
    eventId,
    eventType: 'quality_check',
    useCaseId: 'quality-line-1',
    timestamp: '2026-01-01T00:00:00Z',
    eventData: { result: 'pass' },
    customMetadata: { note: 'ä "quoted" \\ %s \u2028 $HOME' },
  };
}

/**
 * An outbox of several chunks, with events that are done, refused, and back from the refused. @returns the ids that
 * wait
 */
async function fill(dir: string): Promise<string[]> {
  const outbox = new DiskOutbox({ dir, ballastBytes: 0 });
  await outbox.open();
  const append = (eventId: string, hasPicture = false) => {
    const picture = { role: 'output' as const, mediaType: 'image/gif', name: 'a.gif', bytes: PICTURE };
    const body = JSON.stringify(eventOf(eventId));
    return outbox.append([
      {
        eventId,
        useCaseId: 'quality-line-1',
        body,
        pictures: hasPicture ? [picture, { ...picture, image: 1 }] : [],
      },
    ]);
  };
  for (let n = 0; n < 120; n++) await append(`event-${n}`);
  const lease = await outbox.lease({ events: 9, bytes: 1e6 });
  assert.ok(lease);
  const ids = lease.events.map(({ id }) => id);
  const dead = ids.slice(5).map((id) => ({ id, code: 'REJECTED', statusCode: 400, why: 'bad' }));
  await outbox.settle(lease, { ...NOTHING, acked: ids.slice(0, 5), dead });
  await outbox.deadLetters.retry([ids[5] ?? '']);
  await append('with-picture-1', true);
  await append('with-picture-2', true);
  const newest = await outbox.lease({ events: 1, bytes: 1e6, newest: true });
  await outbox.markUploaded(newest?.events[0]?.id ?? '', { role: 'output', image: 1 }, 'the-source-id');
  await outbox.close(1000);
  const untouched = Array.from({ length: 111 }, (_, n) => `event-${n + 9}`);
  return ['event-5', ...untouched, 'with-picture-1', 'with-picture-2'];
}
