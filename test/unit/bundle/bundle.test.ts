import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fsPromises, { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Header } from 'tar';
import {
  BUNDLE_MAX_BYTES,
  BundleError,
  bundleFileName,
  type BundleErrorCode,
} from '../../../src/bundle/format';
import { patternedFileNames } from '../../../src/bundle/name-pattern';
import { readBundle } from '../../../src/bundle/read';
import { buildBundle, sweepPartialBundles, writeBundle, type BundlePicture } from '../../../src/bundle/write';
import type { VisionEvent } from '../../../src/event/types';
import { jpeg, png } from '../images/made-pictures';

const EVENT: VisionEvent = {
  eventId: '0f6a1c9e-2b7d-4e51-9c3a-7d2f5b8e6a10',
  eventType: 'quality_check',
  useCaseId: 'line-4',
  timestamp: '2026-11-20T08:15:30.250Z',
  eventData: { result: 'fail' },
  deviceId: 'press-7',
  images: [
    {
      label: 'station 2',
      objectDetections: [{ class: 'dent', x: 12, y: 8, width: 6, height: 4, confidence: 0.9 }],
    },
  ],
};
const OUTPUT = { role: 'output', mediaType: 'image/jpeg', bytes: jpeg(40, 24) } as const;
const INPUT = { role: 'input', mediaType: 'image/png', bytes: png(40, 24) } as const;

const failsWith = (code: BundleErrorCode, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof BundleError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, pattern);
  return true;
};

interface TarMember {
  path: string;
  type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'BlockDevice' | 'FIFO';
  linkpath?: string;
  text?: string | Buffer;
}

/** A tar archive of any members, also such as no honest program writes. */
function archive(members: TarMember[]): Buffer {
  const blocks = members.map(({ path, type = 'File', linkpath, text = '' }) => {
    const body = Buffer.from(text);
    const header = Buffer.alloc(512);
    new Header({ path, type, linkpath, size: body.length, mode: 0o644, mtime: new Date(0) }).encode(header);
    return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
const PAYLOAD: TarMember = { path: 'payload.json', text: '{"bundleFormatVersion":1,"eventId":"a"}' };

describe('bundle files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bundles-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  describe('names', () => {
    const nameOf = (eventId: string, timestamp: string) => bundleFileName({ eventId, timestamp });

    it('hold the moment in UTC with microseconds, and the event id', () => {
      assert.equal(nameOf('a-1', '2026-11-20T08:15:30.250Z'), 'event_20261120T081530_250000_a-1.tar.gz');
      assert.equal(nameOf('a-1', '2026-11-20T08:15:30Z'), 'event_20261120T081530_000000_a-1.tar.gz');
      assert.equal(
        nameOf('a-1', '2026-11-20T01:15:30.123456+02:00'),
        'event_20261119T231530_123456_a-1.tar.gz',
      );
    });

    it('keep an odd event id inside the folder and apart from others', () => {
      const names = ['../../etc/x', '..\\..\\etc/x', 'a/b', 'a b', 'ü'.repeat(256)].map((id) =>
        nameOf(id, '2026-11-20T08:15:30Z'),
      );
      for (const name of names) assert.match(name, /^event_20261120T081530_000000_[\w.-]{1,100}\.tar\.gz$/);
      assert.equal(new Set(names).size, names.length);
    });

    it('differ in more than capitals, which are one name to Windows and macOS', () => {
      const names = ['abc', 'Abc', 'ABC'].map((id) => nameOf(id, '2026-11-20T08:15:30Z').toLowerCase());
      assert.equal(new Set(names).size, names.length);
      assert.equal(names[0], 'event_20261120t081530_000000_abc.tar.gz');
    });

    it('are refused for a timestamp that is not a time', () => {
      assert.throws(() => nameOf('a', 'yesterday'), failsWith('BUNDLE_INVALID', /timestamp "yesterday"/));
    });
  });

  describe('names that the user chose', () => {
    const first = (pattern: string, event: VisionEvent = EVENT) =>
      patternedFileNames(pattern, event).next().value;

    it('hold values of the event, made fit for a file name', () => {
      const names: [pattern: string, name: string][] = [
        ['{class}', 'dent.tar.gz'],
        ['{eventType}-{result}_{time}', 'quality_check-fail_20261120T081530_250000.tar.gz'],
        ['line.4_{id}', `line.4_${EVENT.eventId}.tar.gz`],
        ['{class}.tar.gz', 'dent.tar.gz'],
      ];
      for (const [pattern, name] of names) assert.equal(first(pattern), name);
      const bare: VisionEvent = { ...EVENT, eventType: 'custom', eventData: {}, images: [] };
      assert.equal(first('{class}{result}', bare), 'nonenone.tar.gz');
      const odd = { ...EVENT, eventId: '../x', eventData: { result: '../.. fail/' } };
      assert.match(first('{result}', odd), /^_.._fail_\.tar\.gz$/);
      assert.match(first('{id}', odd), /^[\w][\w.-]*\.tar\.gz$/);
    });

    it('are at most 200 characters and the ending, and differ when one is taken', () => {
      const long = { ...EVENT, eventData: { result: 'x'.repeat(500) } };
      assert.equal(first('{result}', long).length, 200 + '.tar.gz'.length);
      const names = patternedFileNames('{class}', EVENT);
      const three = [names.next(), names.next(), names.next()].map(({ value }) => value);
      const apart = `dent_${EVENT.eventId}`;
      assert.deepEqual(three, ['dent.tar.gz', `${apart}.tar.gz`, `${apart}_2.tar.gz`]);
    });

    for (const pattern of [
      '.hidden',
      'a/b',
      '..',
      '{klass}',
      'a b',
      'ü',
      '{}',
      '{class',
      'x'.repeat(201),
      '\\\\pc',
    ]) {
      it(`are refused: ${pattern.slice(0, 20)}`, () =>
        assert.throws(() => first(pattern), failsWith('BUNDLE_INVALID', /cannot be used\. Enter letters/)));
    }
  });

  describe('writing', () => {
    it('makes the same bytes of the same event, whenever; of another event or role other names', async () => {
      const build = (eventId: string, pictures: BundlePicture[]) =>
        buildBundle({ event: { ...EVENT, eventId }, pictures });
      const first = await build('a', [OUTPUT, INPUT]);
      // gzip and tar count in seconds
      await new Promise((resolve) => setTimeout(resolve, 1100));
      assert.deepEqual(await build('a', [OUTPUT, INPUT]), first);
      const names = async (bundle: Buffer) => [...(await readBundle(bundle)).files.keys()];
      const all = [...(await names(first)), ...(await names(await build('b', [OUTPUT, INPUT])))];
      assert.equal(new Set(all).size, 4);
    });

    it('makes a file that plain tar reads, payload first, dated as the event', async () => {
      const { path, bytes } = await writeBundle({
        event: EVENT,
        pictures: [OUTPUT, INPUT],
        directory: folder,
      });
      assert.equal(
        path,
        join(folder, 'event_20261120T081530_250000_0f6a1c9e-2b7d-4e51-9c3a-7d2f5b8e6a10.tar.gz'),
      );
      assert.deepEqual(await readdir(folder), [path.slice(folder.length + 1)]);
      assert.equal((await readFile(path)).length, bytes);

      const listing = execFileSync('tar', ['-tzvf', path], {
        encoding: 'utf8',
        env: { ...process.env, TZ: 'UTC' },
      });
      const lines = listing.trimEnd().split('\n');
      assert.equal(lines.length, 3);
      assert.match(lines[0] ?? '', /^-rw-r--r-- .* 2026-11-20 08:15 payload\.json$/);
      assert.match(
        lines[1] ?? '',
        new RegExp(`${OUTPUT.bytes.length} 2026-11-20 08:15 images/[0-9a-f-]{36}\\.jpg$`),
      );
      assert.match(
        lines[2] ?? '',
        new RegExp(`${INPUT.bytes.length} 2026-11-20 08:15 images/[0-9a-f-]{36}\\.png$`),
      );

      execFileSync('tar', ['-xzf', path, '-C', folder]);
      const payload = JSON.parse(await readFile(join(folder, 'payload.json'), 'utf8'));
      const { file, inputFile, ...image } = payload.images[0];
      assert.deepEqual(image, EVENT.images?.[0]);
      assert.deepEqual(await readFile(join(folder, file)), OUTPUT.bytes);
      assert.deepEqual(await readFile(join(folder, inputFile)), INPUT.bytes);
      assert.deepEqual(Object.keys(payload)[0], 'bundleFormatVersion');
      assert.deepEqual(
        { ...payload, images: undefined },
        { ...EVENT, bundleFormatVersion: 1, displayImagePosition: 0, images: undefined },
      );
    });

    it('is read back as it was', async () => {
      const bundle = await readBundle(await buildBundle({ event: EVENT, pictures: [INPUT] }));
      const [image] = bundle.payload.images as { file?: string; inputFile: string }[];
      assert.equal(image?.file, undefined);
      assert.deepEqual(Buffer.from(bundle.files.get(image?.inputFile ?? '') ?? []), INPUT.bytes);
      assert.deepEqual([...bundle.files.keys()], [image?.inputFile]);
    });

    it('holds the pictures of several cameras, each in its own entry', async () => {
      const event = { ...EVENT, images: [{ label: 'left', sourceId: 'old' }, { label: 'right' }] };
      const right = { ...INPUT, image: 1, bytes: Buffer.from('right') };
      const late = { ...OUTPUT, image: 3, bytes: Buffer.from('late') };
      const bundle = await readBundle(await buildBundle({ event, pictures: [OUTPUT, right, late] }));
      const images = bundle.payload.images as Record<string, string>[];
      const bytesOf = (path = '') => Buffer.from(bundle.files.get(path) ?? []).toString();
      assert.deepEqual(
        images.map(({ label, sourceId }) => ({ label, sourceId })),
        [{ label: 'left', sourceId: undefined }, { label: 'right', sourceId: undefined }, {}, {}].map(
          (entry) => ({
            label: undefined,
            sourceId: undefined,
            ...entry,
          }),
        ),
      );
      assert.equal(bytesOf(images[0]?.['file']), Buffer.from(OUTPUT.bytes).toString());
      assert.equal(bytesOf(images[1]?.['inputFile']), 'right');
      assert.equal(bytesOf(images[3]?.['file']), 'late');
    });

    it('leaves out what is empty, the use case when told so, and source ids that a picture replaces', async () => {
      const event = {
        ...EVENT,
        eventData: {},
        customMetadata: {},
        images: [{ sourceId: 'old', inputSourceId: 'kept' }, { label: 'second' }],
      };
      const { payload } = await readBundle(
        await buildBundle({ event, pictures: [OUTPUT], useCaseInBundle: false }),
      );
      assert.deepEqual(Object.keys(payload).sort(), [
        'bundleFormatVersion',
        'deviceId',
        'displayImagePosition',
        'eventId',
        'eventType',
        'images',
        'timestamp',
      ]);
      const [first, second] = payload.images as Record<string, unknown>[];
      assert.deepEqual(Object.keys(first ?? {}).sort(), ['file', 'inputSourceId']);
      assert.deepEqual(second, { label: 'second' });

      const { images: _, ...plain } = EVENT;
      const without = await readBundle(await buildBundle({ event: plain, pictures: [] }));
      assert.equal(without.payload.displayImagePosition, undefined);
      assert.equal(without.payload.images, undefined);
    });

    it('compresses payloads and raw pictures, and only stores pictures that are compressed already', async () => {
      const noise = { ...OUTPUT, bytes: randomBytes(200_000) };
      const stored = await buildBundle({ event: EVENT, pictures: [noise] });
      assert.ok(stored.includes(Buffer.from('bundleFormatVersion')));
      assert.ok(stored.length < 205_000);
      const raw = { ...OUTPUT, mediaType: 'image/bmp', bytes: Buffer.alloc(200_000) };
      assert.ok((await buildBundle({ event: EVENT, pictures: [raw] })).length < 5_000);
      const long = { ...EVENT, comment: 'scratch '.repeat(50_000) };
      assert.ok((await buildBundle({ event: long, pictures: [OUTPUT] })).length < 10_000);
    });

    it('refuses what the format cannot hold', async () => {
      const nan = { ...EVENT, eventData: { itemCount: NaN } };
      await assert.rejects(
        buildBundle({ event: nan, pictures: [] }),
        failsWith('BUNDLE_INVALID', /"itemCount" is NaN/),
      );
      await assert.rejects(
        buildBundle({ event: EVENT, pictures: [OUTPUT, OUTPUT] }),
        failsWith('BUNDLE_INVALID', /two output pictures/),
      );
      await assert.rejects(
        buildBundle({ event: EVENT, pictures: [{ ...OUTPUT, mediaType: 'text/html' }] }),
        failsWith('BUNDLE_INVALID', /text\/html/),
      );
    });

    it('refuses more than 25 MiB before anything is visible', async () => {
      const half = randomBytes(13 * 1024 * 1024);
      const pictures = [
        { ...OUTPUT, bytes: half },
        { ...INPUT, bytes: half },
      ];
      await assert.rejects(
        writeBundle({ event: EVENT, pictures, directory: folder }),
        failsWith('BUNDLE_TOO_LARGE', /26\.0 MiB, and the API takes at most 25 MiB/),
      );
      assert.deepEqual(await readdir(folder), []);
      const fits = await buildBundle({
        event: EVENT,
        pictures: [{ ...OUTPUT, bytes: randomBytes(24 * 1024 * 1024) }],
      });
      assert.ok(fits.length <= BUNDLE_MAX_BYTES);
    });

    it('makes the folder, but not its parents: the drive may not be mounted', async () => {
      const directory = join(folder, 'out');
      await writeBundle({ event: EVENT, pictures: [], directory });
      assert.equal((await readdir(directory)).length, 1);
      await assert.rejects(
        writeBundle({ event: EVENT, pictures: [], directory: join(folder, 'usb', 'out') }),
        failsWith('BUNDLE_IO', /the folder does not exist.*drive is mounted/),
      );
      await writeFile(join(folder, 'file'), '');
      await assert.rejects(
        writeBundle({ event: EVENT, pictures: [], directory: join(folder, 'file') }),
        failsWith('BUNDLE_IO', /is a file, not a folder/),
      );
    });

    it('makes files that other users of the machine cannot read', async function () {
      if (process.platform === 'win32') this.skip();
      const umask = process.umask(0o002);
      try {
        const { path } = await writeBundle({ event: EVENT, pictures: [OUTPUT], directory: folder });
        assert.equal(((await stat(path)).mode & 0o777).toString(8), '640');
      } finally {
        process.umask(umask);
      }
    });

    it('leaves no dot file behind when the final name cannot be taken', async () => {
      await mkdir(join(folder, bundleFileName(EVENT)));
      await assert.rejects(
        writeBundle({ event: EVENT, pictures: [], directory: folder }),
        failsWith('BUNDLE_IO', /drive/),
      );
      assert.deepEqual(await readdir(folder), [bundleFileName(EVENT)]);
    });

    describe('on Windows, simulated, while a scanner holds the fresh file', () => {
      const { platform } = process;
      const { rename } = fsPromises;
      let tries: number;
      const hold = (times: number, code: string) => {
        tries = 0;
        fsPromises.rename = (...names) =>
          ++tries > times ? rename(...names) : Promise.reject(Object.assign(new Error(code), { code }));
      };
      const pretend = (value: string) => Object.defineProperty(process, 'platform', { value });
      beforeEach(() => pretend('win32'));
      afterEach(() => {
        pretend(platform);
        fsPromises.rename = rename;
      });
      const write = () => writeBundle({ event: EVENT, pictures: [], directory: folder });

      for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
        it(`tries again (${code})`, async () => {
          hold(2, code);
          await write();
          assert.equal(tries, 3);
          assert.deepEqual(await readdir(folder), [bundleFileName(EVENT)]);
        });
      }

      it('gives up after a second, and names the scanner', async () => {
        hold(Infinity, 'EPERM');
        const startedAt = performance.now();
        await assert.rejects(
          write(),
          failsWith('BUNDLE_IO', /no permission, or a program such as a virus scanner/),
        );
        assert.ok(performance.now() - startedAt < 3_000);
        assert.deepEqual(await readdir(folder), []);
      });

      it('elsewhere an error is told at once', async () => {
        pretend('linux');
        hold(2, 'EPERM');
        await assert.rejects(write(), failsWith('BUNDLE_IO', /no permission\.$/));
        assert.equal(tries, 1);
      });
    });

    it('never replaces a file under a name that the user chose, also in a burst', async () => {
      const events = Array.from({ length: 10 }, (_, i) => ({ ...EVENT, eventId: `event-${i}` }));
      await writeFile(join(folder, 'dent.tar.gz'), 'of somebody else');
      const written = await Promise.all(
        events.map((event) => writeBundle({ event, pictures: [], directory: folder, fileName: '{class}' })),
      );
      assert.equal(await readFile(join(folder, 'dent.tar.gz'), 'utf8'), 'of somebody else');
      const names = await readdir(folder);
      assert.deepEqual(names.sort(), [
        'dent.tar.gz',
        ...events.map(({ eventId }) => `dent_${eventId}.tar.gz`),
      ]);
      for (const [i, { path: file }] of written.entries()) {
        assert.equal((await readBundle(file)).payload.eventId, `event-${i}`);
      }
      const again = { event: events[0]!, pictures: [], directory: folder, fileName: '{class}' };
      assert.equal((await writeBundle(again)).path, join(folder, 'dent_event-0_2.tar.gz'));
    });

    it('sweeps the dot files of killed writers, and nothing else', async () => {
      const old = new Date(Date.now() - 2 * 60 * 60 * 1000);
      for (const name of [
        '.event_a.tar.gz.1f.partial',
        '.dent.tar.gz.2e.partial',
        '.event_b.txt',
        'event_c.tar.gz',
        '.keep.partial',
      ]) {
        await writeFile(join(folder, name), '');
        await utimes(join(folder, name), old, old);
      }
      await writeFile(join(folder, '.event_d.tar.gz.2f.partial'), '');
      assert.equal(await sweepPartialBundles(folder), 2);
      const left = await readdir(folder);
      assert.deepEqual(left.sort(), [
        '.event_b.txt',
        '.event_d.tar.gz.2f.partial',
        '.keep.partial',
        'event_c.tar.gz',
      ]);
      assert.equal(await sweepPartialBundles(join(folder, 'missing')), 0);
    });
  });

  describe('reading', () => {
    const refusedAs = (bytes: Uint8Array, code: BundleErrorCode, pattern: RegExp, limits = {}) =>
      assert.rejects(readBundle(bytes, limits), failsWith(code, pattern));

    it('takes a bundle that plain tar made from the documented layout', async () => {
      await mkdir(join(folder, 'in', 'images'), { recursive: true });
      await mkdir(join(folder, 'in', 'audio'));
      await writeFile(join(folder, 'in', 'images', 'a.jpg'), OUTPUT.bytes);
      await writeFile(join(folder, 'in', 'audio', 'a.wav'), 'a future kind of medium');
      const payload = { bundleFormatVersion: 1, eventId: 'a', images: [{ file: 'images/a.jpg' }] };
      await writeFile(join(folder, 'in', 'payload.json'), JSON.stringify(payload));
      const path = join(folder, 'event_1.tar.gz');
      for (const args of [
        ['-czf', path, '-C', join(folder, 'in'), 'payload.json', 'images', 'audio'],
        ['-czf', path, '-C', join(folder, 'in'), '.'],
        ['-cf', path, '-C', join(folder, 'in'), '--format=pax', 'payload.json', 'images'],
        ['-cf', path, '-C', join(folder, 'in'), '--format=gnu', 'payload.json', 'images/a.jpg'],
      ]) {
        execFileSync('tar', args);
        const bundle = await readBundle(path);
        assert.deepEqual(bundle.payload, payload);
        assert.deepEqual([...bundle.files.keys()], ['images/a.jpg']);
        assert.deepEqual(Buffer.from(bundle.files.get('images/a.jpg') ?? []), OUTPUT.bytes);
      }
    });

    it('refuses members that lead out of it', async () => {
      for (const path of [
        '../payload.json',
        'images/../../x',
        '/etc/passwd',
        'C:/x',
        '..\\x',
        'images\\x',
        'audio/..',
      ])
        await refusedAs(gzipSync(archive([PAYLOAD, { path }])), 'BUNDLE_INVALID', /leads out of the bundle/);
    });

    it('refuses links, devices and pipes, in unknown folders too', async () => {
      for (const type of ['SymbolicLink', 'Link', 'CharacterDevice', 'BlockDevice', 'FIFO'] as const) {
        const member = { path: 'audio/x', type, ...(/Link/.test(type) ? { linkpath: 'payload.json' } : {}) };
        await refusedAs(
          archive([PAYLOAD, member]),
          'BUNDLE_INVALID',
          new RegExp(`not a plain file but a ${type}`),
        );
      }
    });

    it('refuses archives that unpack beyond a limit, or hold too many members', async () => {
      const bomb = gzipSync(
        archive([PAYLOAD, { path: 'images/zeros', text: Buffer.alloc(101 * 1024 * 1024) }]),
      );
      assert.ok(bomb.length < 200_000);
      await refusedAs(bomb, 'BUNDLE_TOO_LARGE', /more than 104857600 bytes when unpacked/);
      await refusedAs(archive([PAYLOAD]), 'BUNDLE_TOO_LARGE', /more than 600 bytes/, {
        maxUnpackedBytes: 600,
      });
      const many = Array.from({ length: 5000 }, (_, index) => ({ path: `audio/${index}` }));
      await refusedAs(gzipSync(archive([PAYLOAD, ...many])), 'BUNDLE_INVALID', /more than 2048 members/);
      await refusedAs(randomBytes(BUNDLE_MAX_BYTES + 1), 'BUNDLE_TOO_LARGE', /at most 25 MiB/);
    });

    it('refuses what is damaged, wherever it is cut', async () => {
      const whole = await buildBundle({ event: EVENT, pictures: [OUTPUT] });
      for (let length = 0; length < whole.length; length += 13)
        await refusedAs(whole.subarray(0, length), 'BUNDLE_INVALID', /damaged|no payload\.json/);
      const plain = gunzipSync(whole);
      const withoutEnd = plain.length - 1024;
      for (let length = 1; length < withoutEnd; length += 97)
        await refusedAs(
          plain.subarray(0, length),
          'BUNDLE_INVALID',
          /damaged|no payload\.json|which is not in it/,
        );
      await refusedAs(Buffer.from('<html>'.repeat(200)), 'BUNDLE_INVALID', /damaged|no payload\.json/);
    });

    it('refuses a payload that does not fit', async () => {
      const withPayload = (text: string) => archive([{ path: 'payload.json', text }]);
      await refusedAs(
        archive([{ path: 'other.json', text: '{}' }]),
        'BUNDLE_INVALID',
        /has no payload\.json/,
      );
      await refusedAs(withPayload('{'), 'BUNDLE_INVALID', /is not JSON/);
      await refusedAs(withPayload('[]'), 'BUNDLE_INVALID', /is not an object/);
      await refusedAs(withPayload('{}'), 'BUNDLE_INVALID', /format version is missing/);
      await refusedAs(withPayload('{"bundleFormatVersion":2}'), 'BUNDLE_INVALID', /format version is 2/);
      await refusedAs(
        withPayload('{"bundleFormatVersion":1,"images":[{"file":"images/x.jpg"}]}'),
        'BUNDLE_INVALID',
        /names the picture "images\/x\.jpg", which is not in it/,
      );
      await refusedAs(archive([PAYLOAD, PAYLOAD]), 'BUNDLE_INVALID', /two members payload\.json/);
    });

    it('says that the file is missing', () =>
      assert.rejects(
        readBundle(join(folder, 'event_none.tar.gz')),
        failsWith('BUNDLE_IO', /does not exist/),
      ));
  });
});
