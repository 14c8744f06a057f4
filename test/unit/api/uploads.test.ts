import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import busboy from 'busboy';
import fc from 'fast-check';
import { multipartBody, safeFileName } from '../../../src/api/multipart';
import { UploadCache } from '../../../src/api/upload-cache';
import { clientFor, endAll, failureOf } from './clients';
import { KEY, listen, sendJson, startServer, type Received } from '../../support/servers';
import { until } from '../../support/until';

interface Form {
  fields: Record<string, string>;
  file?: { name: string; fileName: string; mediaType: string; bytes: Buffer };
}

/** Reads a form with a parser that is not ours. */
function readForm({ headers, body }: Pick<Received, 'headers' | 'body'>): Promise<Form> {
  return new Promise((resolve, reject) => {
    const form: Form = { fields: {} };
    const parser = busboy({ headers, defParamCharset: 'utf8' });
    parser.on('field', (name, value) => (form.fields[name] = value));
    parser.on('file', (name, stream, { filename, mimeType }) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        form.file = {
          name: name ?? '',
          fileName: filename ?? '',
          mediaType: mimeType,
          bytes: Buffer.concat(chunks),
        };
      });
    });
    parser.on('close', () => resolve(form));
    parser.on('error', reject);
    parser.end(body);
  });
}

const PICTURE = {
  bytes: Buffer.from('\xff\xd8\xff not really a picture', 'latin1'),
  mediaType: 'image/jpeg',
};

/** Answers every upload with a `sourceId` of its own. */
const acceptUpload = (_: Received, response: ServerResponse, index: number) =>
  sendJson(response, 201, {
    success: true,
    sourceId: `src-${index}`,
    url: `https://storage.example/src-${index}`,
  });

describe('VisionEventsClient.uploadPicture', () => {
  afterEach(endAll);

  it('sends file, name and metadata, with an exact length and the key in the header only', async () => {
    const server = await startServer(acceptUpload);
    const metadata = { lens: '8 mm', exposure_ms: 4.5, night: true };
    const uploaded = await clientFor(server).uploadPicture({
      ...PICTURE,
      name: 'Kamera Süd 1.jpg',
      metadata,
    });
    assert.deepEqual(uploaded, { sourceId: 'src-0', url: 'https://storage.example/src-0' });
    const [request] = server.received;
    assert.ok(request);
    assert.equal(request.url, '/vision-events/upload');
    assert.equal(request.headers.authorization, `Bearer ${KEY}`);
    assert.equal(request.headers['content-length'], String(request.body.length));
    assert.equal(request.headers['transfer-encoding'], undefined);
    const form = await readForm(request);
    assert.equal(form.fields['name'], 'Kamera Süd 1.jpg');
    assert.deepEqual(JSON.parse(form.fields['metadata'] ?? ''), metadata);
    assert.deepEqual(form.file, {
      name: 'file',
      fileName: 'Kamera_Sud_1.jpg',
      mediaType: 'image/jpeg',
      bytes: PICTURE.bytes,
    });
  });

  it('sends a large picture whole', async () => {
    const bytes = Buffer.alloc(5 * 1024 * 1024 + 17, 'picture');
    const server = await startServer(acceptUpload);
    await clientFor(server).uploadPicture({ bytes, mediaType: 'image/png' });
    const form = await readForm(server.received[0]!);
    assert.ok(form.file?.bytes.equals(bytes));
    assert.equal(form.file?.fileName, 'image.png');
    assert.equal(form.fields['name'], undefined);
  });

  it('sends a part of a larger buffer as that part', async () => {
    const server = await startServer(acceptUpload);
    const bytes = new Uint8Array(Buffer.from('before PART after')).subarray(7, 11);
    await clientFor(server).uploadPicture({ bytes, mediaType: 'image/png' });
    assert.equal((await readForm(server.received[0]!)).file?.bytes.toString(), 'PART');
  });

  it('uploads the same bytes once, whatever their name; other bytes and other metadata anew', async () => {
    const server = await startServer(acceptUpload);
    const client = clientFor(server);
    const first = await client.uploadPicture({ ...PICTURE, name: 'a.jpg' });
    const again = await client.uploadPicture({
      ...PICTURE,
      bytes: Buffer.from(PICTURE.bytes),
      name: 'b.jpg',
    });
    assert.deepEqual(again, first);
    assert.equal(server.received.length, 1);
    await client.uploadPicture({ ...PICTURE, bytes: Buffer.from('other') });
    await client.uploadPicture({ ...PICTURE, metadata: { lens: '8 mm' } });
    assert.equal(server.received.length, 3);
  });

  it('uploads every time when reuse is off', async () => {
    const server = await startServer(acceptUpload);
    const client = clientFor(server, { uploadReuseMs: 0 });
    await client.uploadPicture(PICTURE);
    await client.uploadPicture(PICTURE);
    assert.equal(server.received.length, 2);
  });

  it('two at once share one upload', async () => {
    const server = await startServer((received, response, index) => {
      setTimeout(() => acceptUpload(received, response, index), 20);
    });
    const client = clientFor(server);
    const uploads = await Promise.all([client.uploadPicture(PICTURE), client.uploadPicture(PICTURE)]);
    assert.deepEqual(uploads[0], uploads[1]);
    assert.equal(server.received.length, 1);
  });

  it('does not remember a failure', async () => {
    const server = await startServer((received, response, index) => {
      if (index === 0) sendJson(response, 500, { error: 'storage is away' });
      else acceptUpload(received, response, index);
    });
    const client = clientFor(server);
    assert.equal((await failureOf(client.uploadPicture(PICTURE))).code, 'SERVER_ERROR');
    assert.equal((await client.uploadPicture(PICTURE)).sourceId, 'src-1');
  });

  it('is sent once more, whole, when it dies on a kept connection', async () => {
    const bytes = Buffer.alloc(300_000, 'y');
    const server = await startServer((received, response, index) => {
      if (index === 1) received.socket.resetAndDestroy();
      else acceptUpload(received, response, index);
    });
    const client = clientFor(server);
    await client.uploadPicture(PICTURE);
    await client.uploadPicture({ bytes, mediaType: 'image/png' });
    assert.equal(server.received.length, 3);
    assert.ok((await readForm(server.received[2]!)).file?.bytes.equals(bytes));
  });

  it('has a deadline that grows with the size', async () => {
    const server = await startServer((received, response, index) => {
      setTimeout(() => acceptUpload(received, response, index), 400);
    });
    const client = clientFor(server, { timeoutMs: 100 });
    assert.equal((await failureOf(client.uploadPicture(PICTURE))).code, 'TIMEOUT');
    // 64 KiB at the slowest link give two more seconds.
    const larger = { bytes: Buffer.alloc(64 * 1024), mediaType: 'image/png' };
    assert.equal((await client.uploadPicture(larger)).sourceId, 'src-1');
  });

  it('a refusal before the body was read to its end is that refusal', async () => {
    const listener = createServer((_, response) => {
      response.writeHead(413, { connection: 'close' }).end('{"error":"too large"}');
    });
    const server = await listen(listener, 'http');
    const large = { bytes: Buffer.alloc(8 * 1024 * 1024), mediaType: 'image/png' };
    const error = await failureOf(clientFor(server).uploadPicture(large));
    assert.equal(error.code, 'REJECTED');
    assert.equal(error.statusCode, 413);
  });

  for (const [what, answer] of Object.entries({
    'no sourceId': { success: true },
    'an empty sourceId': { success: true, sourceId: '' },
  })) {
    it(`success with ${what} is not a success`, async () => {
      const server = await startServer((_, response) => sendJson(response, 201, answer));
      assert.equal((await failureOf(clientFor(server).uploadPicture(PICTURE))).code, 'BAD_RESPONSE');
    });
  }

  it('a caller who gives up does not disturb the other who waits for the same picture', async () => {
    const server = await startServer((received, response, index) => {
      setTimeout(() => acceptUpload(received, response, index), 100);
    });
    const client = clientFor(server);
    const caller = new AbortController();
    const first = failureOf(client.uploadPicture(PICTURE, { signal: caller.signal }));
    const second = client.uploadPicture(PICTURE);
    await until(() => server.connections.opened > 0, 'a connection');
    caller.abort();
    assert.equal((await first).code, 'TIMEOUT');
    assert.equal((await second).sourceId, 'src-0');
  });

  it('an upload that everybody has given up is called off', async () => {
    const server = await startServer(() => undefined);
    const client = clientFor(server);
    const caller = new AbortController();
    const request = failureOf(client.uploadPicture(PICTURE, { signal: caller.signal }));
    await until(() => server.received.length > 0, 'the request');
    caller.abort();
    assert.equal((await request).code, 'TIMEOUT');
    await until(() => server.connections.open === 0, 'all connections to close');
  });
});

describe('multipartBody', () => {
  it('is read back by another parser, whatever bytes and texts it carries', async () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 200_000 }),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.string(),
      async (bytes, name, fileName, mediaType) => {
        const body = multipartBody({ bytes, mediaType, name: fileName }, { name });
        const chunks: Buffer[] = [];
        for await (const chunk of body.open() as AsyncIterable<Buffer>) chunks.push(chunk);
        const sent = Buffer.concat(chunks);
        assert.equal(sent.length, body.length);
        const form = await readForm({ headers: { 'content-type': body.contentType }, body: sent });
        assert.equal(form.fields['name'], name);
        assert.ok(form.file?.bytes.equals(bytes));
        assert.equal(form.file?.fileName, safeFileName(fileName));
      },
    );
    await fc.assert(property, { numRuns: 60, verbose: true });
  });

  it('makes file names that are harmless', () => {
    const cases: [string, string][] = [
      ['/home/pi/frames/a b.jpg', 'a_b.jpg'],
      ['C:\\cam\\x.png', 'x.png'],
      ['../../etc/passwd', 'passwd'],
      ['..', 'image'],
      ['.hidden', 'hidden'],
      ['', 'image'],
      ['a"\r\nX-Evil: 1.jpg', 'a_X-Evil_1.jpg'],
      ['☃☃.jpg', '_.jpg'],
    ];
    for (const [name, expected] of cases) assert.equal(safeFileName(name), expected, name);
    assert.ok(safeFileName('x'.repeat(5000) + '.jpg').length <= 100);
  });
});

describe('UploadCache', () => {
  const image = (sourceId: string) => () => Promise.resolve({ sourceId });
  const never = () => new Error('called off');

  it('forgets after its time', async () => {
    let now = 0;
    const cache = new UploadCache(1_000, 10, () => now);
    await cache.upload('a', image('1'), undefined, never);
    now = 999;
    assert.equal((await cache.upload('a', image('2'), undefined, never)).sourceId, '1');
    now = 1_000;
    assert.equal((await cache.upload('a', image('3'), undefined, never)).sourceId, '3');
  });

  it('forgets what was not used for longest when it is full', async () => {
    const cache = new UploadCache(1_000, 2, () => 0);
    await cache.upload('a', image('a1'), undefined, never);
    await cache.upload('b', image('b1'), undefined, never);
    await cache.upload('a', image('a2'), undefined, never);
    await cache.upload('c', image('c1'), undefined, never);
    assert.equal((await cache.upload('a', image('a3'), undefined, never)).sourceId, 'a1');
    assert.equal((await cache.upload('b', image('b2'), undefined, never)).sourceId, 'b2');
  });
});

describe('VisionEventsClient.uploadBundle', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'bundle-'))));
  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(endAll);

  const GZIP = Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]);

  it('sends bytes and files as they are, with the use case in the query and no key there', async () => {
    const server = await startServer((_, response) =>
      sendJson(response, 201, { eventId: 'e1', created: true }),
    );
    const client = clientFor(server);
    const path = join(folder, 'event.tar.gz');
    await writeFile(path, GZIP);
    for (const bundle of [GZIP, path]) {
      const reply = await client.uploadBundle(bundle, { useCaseId: 'line 1&x' });
      assert.equal(reply['eventId'], 'e1');
      assert.equal(reply.statusCode, 201);
    }
    for (const { url, headers, body } of server.received) {
      assert.equal(url, '/vision-events/bundle?useCaseId=line+1%26x');
      assert.equal(headers['content-type'], 'application/gzip');
      assert.deepEqual(body, GZIP);
    }
    await client.uploadBundle(Buffer.from('plain tar'));
    assert.equal(server.received[2]?.url, '/vision-events/bundle');
    assert.equal(server.received[2]?.headers['content-type'], 'application/x-tar');
  });

  it('refuses more than 25 MiB before sending, and passes exactly 25 MiB', async () => {
    const server = await startServer((_, response) =>
      sendJson(response, 201, { eventId: 'e1', created: true }),
    );
    const client = clientFor(server);
    const limit = 26_214_400;
    const path = join(folder, 'large.tar.gz');
    await writeFile(path, Buffer.alloc(limit + 1));
    for (const bundle of [Buffer.alloc(limit + 1), path]) {
      const error = await failureOf(client.uploadBundle(bundle));
      assert.equal(error.code, 'REJECTED');
      assert.match(error.message, /25 MiB/);
    }
    assert.equal(server.received.length, 0);
    await client.uploadBundle(Buffer.alloc(limit));
    assert.equal(server.received[0]?.body.length, limit);
  });

  it('a file that is not there', async () => {
    const error = await failureOf(
      clientFor({ url: 'http://127.0.0.1:9' }).uploadBundle(join(folder, 'none.tar.gz')),
    );
    assert.equal(error.code, 'REJECTED');
    assert.match(error.message, /none\.tar\.gz.*ENOENT/);
  });
});
