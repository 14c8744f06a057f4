import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { VisionEventsClient } from '../../../src/api/client';
import { ApiError } from '../../../src/api/errors';
import { EventStoreClient } from '../../../src/api/event-store-client';
import { EVENT } from '../servers';
import type { Dice } from './dice';
import { FUZZ_KEY } from './key';
import type { Subject } from './subject';
import { jsonValue } from './values';

const FIELDS = [
  ...[
    'eventId',
    'eventIds',
    'created',
    'warnings',
    'deprecations',
    'results',
    'sourceId',
    'url',
    'events',
    'nextCursor',
    'hasMore',
  ],
  ...[
    'useCases',
    'solutions',
    'id',
    'name',
    'status',
    'fields',
    'types',
    'deleted',
    'notFound',
    'error',
    'hint',
    'detail',
    'message',
  ],
  ...[
    'type',
    'path',
    'value',
    'valueType',
    'index',
    'loc',
    'msg',
    'lookbackDays',
    '__proto__',
    'toString',
    'constructor',
  ],
];
/** characters; a reply is far over every limit by then, and the text can still be built */
const LONGEST_LIST_TEXT = 4 * 1024 * 1024;

const letters = (one: (letter: string) => string) => Array.from(FUZZ_KEY, one).join('');
const hex = (letter: string) => letter.charCodeAt(0).toString(16).padStart(2, '0');
/** The key as text of a JSON string. */
const KEYS = [
  FUZZ_KEY,
  `Bearer ${FUZZ_KEY}`,
  letters((letter) => `\\u00${hex(letter)}`),
  letters((letter) => `${letter}\u200b`),
  letters((letter) => `${letter}\\u200d`),
  encodeURIComponent(FUZZ_KEY),
  Buffer.from(`Bearer ${FUZZ_KEY}`).toString('base64'),
];

interface Reply {
  bytes: Buffer;
  cut: boolean;
  endpoint: number;
}

let server: Server;
let current: Reply | undefined;
let client: VisionEventsClient;
let store: EventStoreClient;
const sockets = new Set<Socket>();

const ENDPOINTS: (() => Promise<unknown>)[] = [
  () => client.createEvent(EVENT),
  () => client.createEvents([EVENT, { ...EVENT, eventId: 'second' }]),
  () => client.uploadPicture({ bytes: Buffer.from('picture'), mediaType: 'image/jpeg' }),
  () => client.uploadBundle(Buffer.from('bundle')),
  () => client.query({ useCaseId: 'u' }),
  () => client.useCases.list(),
  () => client.useCases.create('name'),
  () => client.useCases.rename('u', 'name'),
  () => client.useCases.archive('u'),
  () => client.metadataSchema('u'),
  () => client.deleteEvents('u', ['e']),
  () => store.createEvent(EVENT),
  () => store.check(),
];

/** Whatever a server may answer, at every endpoint: the client fails with its own error, and the key is in nothing. */
export const replies: Subject<Reply> = {
  async start() {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      socket.on('data', () => {
        const reply = current;
        if (!reply) return;
        current = undefined;
        if (reply.cut) socket.end(reply.bytes);
        else socket.write(reply.bytes);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const options = { baseUrl: `http://127.0.0.1:${port}`, apiKey: FUZZ_KEY, env: {}, timeoutMs: 150 };
    client = new VisionEventsClient({ ...options, uploadReuseMs: 0 });
    store = new EventStoreClient(options);
  },
  make(dice) {
    const bytes = replyBytes(dice);
    return { bytes, cut: dice.chance(0.5), endpoint: dice.number(ENDPOINTS.length) };
  },
  async run(reply) {
    current = reply;
    try {
      return await ENDPOINTS[reply.endpoint]?.();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return error;
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  },
  async end() {
    client.close();
    store.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  },
};

function replyBytes(dice: Dice): Buffer {
  const plain = dice.chance(0.8) ? Buffer.from(json(dice)) : dice.bytes(dice.number(2_000));
  const encoding = dice.chance(0.8) ? undefined : dice.pick(['gzip', 'br', 'gzip, gzip', 'deflate', 'x']);
  const body = encoding?.startsWith('gzip')
    ? gzipSync(plain)
    : encoding === 'br'
      ? brotliCompressSync(plain)
      : plain;
  const status = dice.pick([200, 201, 201, 201, 204, 301, 400, 401, 404, 409, 418, 429, 500, 503, 100, 999]);
  const head = [
    `HTTP/1.1 ${status} ${dice.pick(['OK', '', '\u001b[2J', FUZZ_KEY])}`,
    `content-type: ${dice.pick(['application/json', 'text/html', ''])}`,
    ...(encoding ? [`content-encoding: ${encoding}`] : []),
    ...(dice.chance(0.9)
      ? [`content-length: ${body.length + (dice.chance(0.9) ? 0 : dice.number(100) - 50)}`]
      : []),
    ...(dice.chance(0.1) ? ['transfer-encoding: chunked'] : []),
    ...(dice.chance(0.2)
      ? [`retry-after: ${dice.pick(['1', '-5', '1e999', '999999999999', 'Thu, 01 Jan 1970', FUZZ_KEY])}`]
      : []),
    ...(dice.chance(0.2)
      ? [`location: ${dice.pick([`http://x/?k=${FUZZ_KEY}`, `http://${FUZZ_KEY}.host/`, '//', 'x'])}`]
      : []),
    ...dice.list(3, () => `x-${dice.number(9)}: ${'a'.repeat(dice.pick([1, 100, 20_000]))}`),
  ].join('\r\n');
  const bytes = Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]);
  return dice.chance(0.2) ? dice.damaged(bytes) : bytes;
}

/** Objects that an endpoint could send, with the key in them, deep or long at places. */
function json(dice: Dice): string {
  const fields = dice.list(6, () => `"${dice.pick(FIELDS)}":${part(dice, 3)}`);
  if (dice.chance(0.8)) fields.push(`"eventId":"${EVENT.eventId}"`, `"eventIds":["${EVENT.eventId}"]`);
  return `{${fields.join(',')}}`;
}

function part(dice: Dice, depth: number): string {
  switch (dice.number(depth > 0 ? 8 : 3)) {
    case 0:
      return `"${dice.pick(KEYS)}"`;
    case 1:
      return JSON.stringify(
        dice.pick(['a\u001b[2J\u202eb', 'x'.repeat(dice.number(5_000)), '0', '', EVENT.eventId]),
      );
    case 2:
      return JSON.stringify(jsonValue(dice, 1)) ?? 'null';
    case 3: {
      const levels = dice.pick([10, 40, 2_000, depth > 2 ? 100_000 : 40]);
      return '['.repeat(levels) + (depth > 1 ? part(dice, 0) : '') + ']'.repeat(levels);
    }
    case 4: {
      const item = part(dice, 0);
      const asked = dice.pick([0, 1, 3, 1_001, depth > 2 ? 20_000 : 3]);
      const count = Math.min(asked, Math.ceil(LONGEST_LIST_TEXT / item.length));
      return `[${Array<string>(count).fill(item).join(',')}]`;
    }
    case 5:
      return `[${dice.list(4, () => part(dice, depth - 1)).join(',')}]`;
    default:
      return `{${dice.list(5, () => `"${dice.pick(FIELDS)}":${part(dice, depth - 1)}`).join(',')}}`;
  }
}
