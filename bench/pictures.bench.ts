/**
 * An event with two pictures of 200 KB: uploads and a post (`separate`), or one archive in one request (`bundle`),
 * beside what a user would build of three plain HTTP requests. Requests, bytes sent and milliseconds an event, on
 * loopback and with a server that takes 50 ms to answer.
 * Run: npx tsx bench/pictures.bench.ts
 *
 * Medians; the candidates take turns, so that a busy machine slows all of them alike. The simulator runs in its own
 * process.
 */
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { VisionEventsClient } from '../src/api/client';
import { buildBundle } from '../src/bundle/write';
import type { VisionEvent } from '../src/event/types';
import { loadPicture } from '../src/images/picture';
import { jpeg } from '../test/unit/images/made-pictures';

const ROUNDS = 40;
const PICTURE_BYTES = 200 * 1024;
const SLOW_ANSWER_MS = 50;
const API_KEY = 'bench-key';

interface Candidate {
  name: string;
  send(event: VisionEvent, output: Buffer, input: Buffer): Promise<unknown>;
}

/** A JPEG whose bytes do not compress, different each time: nothing is taken from a cache. */
function picture(): Buffer {
  const segments: Buffer[] = [];
  for (let left = PICTURE_BYTES; left > 0; left -= 60_000) {
    const noise = randomBytes(Math.min(left, 60_000));
    const head = Buffer.from([0xff, 0xfe, 0, 0]);
    head.writeUInt16BE(noise.length + 2, 2);
    segments.push(head, noise);
  }
  return jpeg(640, 480, { exif: Buffer.concat(segments) });
}

const eventOf = (): VisionEvent => ({
  eventId: randomUUID(),
  eventType: 'quality_check',
  useCaseId: 'quality-line-1',
  timestamp: new Date().toISOString(),
  eventData: { result: 'fail' },
  images: [{ objectDetections: [{ class: 'dent', x: 50, y: 40, width: 20, height: 10, confidence: 0.8 }] }],
});

const withIds = (event: VisionEvent, sourceId: string, inputSourceId: string): VisionEvent => ({
  ...event,
  images: [{ ...event.images?.[0], sourceId, inputSourceId }],
});

function candidates(url: string): Candidate[] {
  const client = new VisionEventsClient({ baseUrl: url, apiKey: API_KEY });
  const load = (bytes: Buffer) => loadPicture(bytes, { from: 'value' });
  const authorization = `Bearer ${API_KEY}`;
  const postPlain = async (address: string, body: string | FormData): Promise<{ sourceId: string }> => {
    const headers = new Headers({ authorization });
    if (typeof body === 'string') headers.set('content-type', 'application/json');
    const reply = await fetch(`${url}${address}`, { method: 'POST', headers, body });
    if (!reply.ok) throw new Error(`${address}: HTTP ${reply.status}`);
    return (await reply.json()) as { sourceId: string };
  };
  const uploadPlain = (bytes: Buffer) => {
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), 'picture.jpg');
    return postPlain('/vision-events/upload', form);
  };
  return [
    {
      name: 'separate',
      async send(event, output, input) {
        const { sourceId } = await client.uploadPicture(await load(output));
        const { sourceId: inputSourceId } = await client.uploadPicture(await load(input));
        return client.createEvent(withIds(event, sourceId, inputSourceId));
      },
    },
    {
      name: 'bundle',
      async send(event, output, input) {
        const pictures = [
          { ...(await load(output)), role: 'output' as const },
          { ...(await load(input)), role: 'input' as const },
        ];
        return client.uploadBundle(await buildBundle({ event, pictures }));
      },
    },
    {
      name: 'three plain requests',
      async send(event, output, input) {
        const { sourceId } = await uploadPlain(output);
        const { sourceId: inputSourceId } = await uploadPlain(input);
        return postPlain('/vision-events', JSON.stringify(withIds(event, sourceId, inputSourceId)));
      },
    },
  ];
}

async function startServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const program = path.join(__dirname, '../simulator/main.ts');
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', program, '--port', '0', '--key', API_KEY], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const url = /base URL (\S+),/.exec(text.toString())?.[1];
  if (!url) throw new Error('the simulator did not start');
  const stop = async () => {
    child.kill();
    await once(child, 'exit');
  };
  return { url, stop };
}

const control = (url: string, what: string, body: unknown) =>
  fetch(`${url}/_simulator/${what}`, { method: 'POST', body: JSON.stringify(body) });

/** Requests and body bytes since the last reset. */
async function received(url: string): Promise<{ requests: number; bytes: number }> {
  const reply = await fetch(`${url}/_simulator/requests?limit=10`);
  const { entries } = (await reply.json()) as { entries: { bodyBytes: number }[] };
  return { requests: entries.length, bytes: entries.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0) };
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

async function measure(url: string, answerMs: number): Promise<void> {
  const all = candidates(url);
  const times = new Map(all.map(({ name }) => [name, [] as number[]]));
  const counts = new Map<string, { requests: number; bytes: number }>();
  // the first round opens connections and compiles code: it does not count
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const candidate of all) {
      const { name } = candidate;
      const [event, output, input] = [eventOf(), picture(), picture()];
      await control(url, 'reset', {});
      if (answerMs > 0) await control(url, 'faults', { always: { kind: 'none', slowMs: answerMs } });
      const begun = performance.now();
      await candidate.send(event, output, input);
      if (round >= 0) times.get(name)?.push(performance.now() - begun);
      counts.set(name, await received(url));
    }
  }
  console.log(
    `\n${answerMs === 0 ? 'loopback' : `each answer takes ${answerMs} ms`} (${ROUNDS} events each)`,
  );
  for (const { name } of all) {
    const { requests = 0, bytes = 0 } = counts.get(name) ?? {};
    const ms = median(times.get(name) ?? []).toFixed(1);
    console.log(`${name.padEnd(22)} ${requests} requests  ${bytes} bytes  ${ms.padStart(7)} ms`);
  }
}

async function main(): Promise<void> {
  const { url, stop } = await startServer();
  try {
    await measure(url, 0);
    await measure(url, SLOW_ANSWER_MS);
  } finally {
    await stop();
  }
  // the clients keep their connections open for the next event
  process.exit(0);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
