import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startSimulator, type Simulator } from '../../simulator/server';
import { VisionEventsClient } from '../../src/api/client';
import { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import { crc32 } from '../../src/delivery/outbox/disk/lines';
import type { OutboxNotice } from '../../src/delivery/outbox/notices';
import type { RecoveryReport } from '../../src/delivery/outbox/outbox';
import { Sender } from '../../src/delivery/sender/sender';
import { takeLandings } from '../../src/delivery/sender/handover';
import { numberedDelivery, numberedEventId } from '../support/numbered-load';
import { checkPictures, drain, durableFiles, numberedRecord } from '../support/outbox-fixture';
import { until } from '../support/until';

const PLANTED_CHUNK = '0000000900-aaaaaaaa.chunk';
const ID = '0000000500-aaaaaaaa';
const PICTURE_BYTES = 100;

/** Of our own shape, but for what an attack changes. */
const header = (changes: object = {}) => ({
  put: ID,
  at: 1_767_225_600_000,
  eventId: 'e',
  useCaseId: 'u',
  ...changes,
});
const picture = (changes: object = {}) => ({
  role: 'output',
  mediaType: 'image/jpeg',
  name: '1.jpg',
  file: `${ID}.0-output.jpg`,
  size: 4,
  crc: crc32(Buffer.from('mine')),
  ...changes,
});
const withPicture = (changes: object) => header({ pictures: [picture(changes)] });
const put = (head: object, event = '{}') => `${JSON.stringify(head).slice(0, -1)},"event":${event}}`;
const line = (json: string) => `${crc32(Buffer.from(json))} ${json}\n`;

describe('a hostile outbox folder', function () {
  this.timeout(60_000);
  let base: string;
  let dir: string;
  let outbox: DiskOutbox | undefined;
  let notices: OutboxNotice[];
  const servers: Server[] = [];

  beforeEach(async () => {
    base = await fs.mkdtemp(join(tmpdir(), 'hostile-'));
    dir = join(base, 'outbox');
    notices = [];
    for (const name of ['victim.txt', 'victim.json']) await fs.writeFile(join(base, name), 'mine');
  });
  afterEach(async () => {
    await outbox?.close(1_000);
    outbox = undefined;
    for (const server of servers.splice(0)) server.close();
    await fs.rm(base, { recursive: true, force: true });
  });

  const make = () =>
    (outbox = new DiskOutbox({
      dir,
      files: durableFiles,
      freeSpaceFloorBytes: 0,
      ballastBytes: 0,
      onNotice: (notice) => notices.push(notice),
    }));
  const open = (): Promise<RecoveryReport> => inTime(make().open(), 'open');

  /** Two good events, one with a picture. @returns the path of the picture */
  async function fill(): Promise<string> {
    await open();
    await outbox!.append([numberedRecord(0), numberedRecord(1, PICTURE_BYTES)]);
    await close();
    const [name] = await fs.readdir(join(dir, 'pictures'));
    return join(dir, 'pictures', name!);
  }
  async function close(): Promise<void> {
    await inTime(outbox!.close(1_000), 'close');
    outbox = undefined;
  }
  const plant = (...records: string[]) =>
    fs.writeFile(join(dir, 'chunks', PLANTED_CHUNK), records.map(line).join(''));

  /** Nothing but the outbox itself has changed. */
  async function assertOutsideUntouched(): Promise<void> {
    assert.deepEqual((await fs.readdir(base)).sort(), ['outbox', 'victim.json', 'victim.txt']);
    for (const name of ['victim.txt', 'victim.json']) {
      assert.equal(await fs.readFile(join(base, name), 'utf8'), 'mine', name);
    }
  }
  const goodOnes = async () => assert.deepEqual(await drain(outbox!, checkPictures), [0, 1]);

  describe('records with a right checksum and a wrong shape', () => {
    const attacks: Record<string, string> = {
      'an id that is a path': put(header({ put: '../../victim' })),
      'an id that is an absolute path': put(header({ put: '/tmp/victim' })),
      'an id that is a number': put(header({ put: 7 })),
      'an id that is endless': put(header({ put: `${'9'.repeat(400)}-aa` })),
      'a second id behind the first': '{"put":"0000000500-aaaaaaaa","put":"../../victim","at":1,"event":{}}',
      'pictures that are a text': put(header({ pictures: 'x' })),
      'pictures that are an object': put(header({ pictures: { length: 1 } })),
      'a picture that is null': put(header({ pictures: [null] })),
      'a picture that is empty': put(header({ pictures: [{}] })),
      'a picture file outside': put(withPicture({ file: '../../victim.txt' })),
      'a picture file outside that is uploaded': put(
        withPicture({ file: '../../victim.txt', sourceId: 's' }),
      ),
      'a picture file with an absolute path': put(withPicture({ file: '/etc/hostname' })),
      'a picture file with a path in its end': put(withPicture({ file: `${ID}.0-output./../../victim.txt` })),
      'a picture file of another event': put(withPicture({ file: '0000000002-aaaaaaaa.0-output.jpg' })),
      'a picture of no role': put(withPicture({ role: '__proto__' })),
      'a picture of negative size': put(withPicture({ size: -1e9 })),
      'a picture of endless size': put(withPicture({ size: 1e300 })),
      'a picture whose size is a text': put(withPicture({ size: '4' })),
      'a picture without checksum': put(withPicture({ crc: undefined })),
      'a picture whose checksum is a list': put(withPicture({ crc: ['00000000'] })),
      'a picture whose type is a number': put(withPicture({ mediaType: 5 })),
      'a picture whose name is null': put(withPicture({ name: null })),
      'a picture whose source id is a number': put(withPicture({ sourceId: 5 })),
      'a picture of the thousand-millionth image': put(withPicture({ image: 1e9 })),
      'a picture of half an image': put(withPicture({ image: 0.5 })),
      'a picture before the first image': put(withPicture({ image: -1 })),
      'a picture whose metadata are a list': put(withPicture({ metadata: [] })),
      'a picture that is sent by a text': put(withPicture({ sent: 'yes' })),
      'a time that is a text': put(header({ at: 'now' })),
      'a time beyond all dates': put(header({ at: 1e300 })),
      'an event id that is an object': put(header({ eventId: { toString: 1 } })),
      'no event id': put(header({ eventId: undefined })),
      'a use case that is a list': put(header({ useCaseId: ['u'] })),
      'an event that is a list': put(header(), '[]'),
      'an event that is a number': put(header(), '5'),
      'no event': JSON.stringify(header()),
      'a header that is not JSON': '{"put":"0000000500-aaaaaaaa",,"event":{}}',
      'a note with an object for a list': '{"done":{"a":1},"uploaded":1}',
      'a note with numbers for ids': '{"done":[1]}',
      'a note with a path for an id': '{"done":["../x"]}',
      'an upload of no id': '{"uploaded":1,"role":"output","sourceId":"s"}',
      'an upload of no role': `{"uploaded":"${ID}","role":"toString","sourceId":"s"}`,
      'an upload without source id': `{"uploaded":"${ID}","role":"output"}`,
      'an event sent under no id': '{"sent":5}',
      'an upload of an image far away': `{"uploaded":"${ID}","role":"output","image":1e9,"sourceId":"s"}`,
      'a shed picture of no role': `{"shed":"${ID}"}`,
      'a record that is a number': '5',
      'a record that is null': 'null',
      'a record that is a list': '[]',
      'an empty record': '{}',
      'a record of an unknown kind': '{"held":["0000000500-aaaaaaaa"]}',
      'text that is not JSON': 'hello',
      'lists in lists': '['.repeat(100_000),
    };
    for (const [name, record] of Object.entries(attacks)) {
      it(`${name}: kept in quarantine, the rest is delivered`, async () => {
        await fill();
        await plant(record);
        const { corrupt, quarantined, tornTails } = await open();
        const aside = `${PLANTED_CHUNK}@0`;
        assert.deepEqual(
          { corrupt, quarantined, tornTails },
          { corrupt: 1, quarantined: [aside], tornTails: 0 },
        );
        assert.equal(await fs.readFile(join(dir, 'quarantine', aside), 'utf8'), line(record).slice(0, -1));
        await goodOnes();
        await outbox!.append([numberedRecord(2)]);
        assert.deepEqual(await drain(outbox!), [2]);
        await close();
        assert.equal((await open()).corrupt, 0);
        await assertOutsideUntouched();
      });
    }

    it('control: the same of our own shape is taken, read and removed', async () => {
      await fill();
      await fs.writeFile(join(dir, 'pictures', picture().file), 'mine');
      await plant(put(header({ pictures: [picture()] }), JSON.stringify({ eventId: 'e' })));
      assert.equal((await open()).corrupt, 0);
      const lease = await outbox!.lease({ events: 100, bytes: 1_000_000, newest: true });
      const [planted] = lease!.events;
      assert.equal(planted?.id, ID);
      assert.equal(Buffer.from(await planted.pictures[0]!.read()).toString(), 'mine');
      await outbox!.settle(lease!, { acked: [ID], retry: [], dead: [] });
      await assert.rejects(fs.readFile(join(dir, 'pictures', picture().file)), { code: 'ENOENT' });
    });

    it('control: what lies outside is looked at', async () => {
      await fill();
      await fs.rm(join(base, 'victim.txt'));
      await assert.rejects(assertOutsideUntouched());
    });

    it('in the midst of good ones, each is set aside alone', async () => {
      await fill();
      const records = Object.values(attacks);
      await plant(...records.flatMap((record) => [record, put(header({ put: `${ID}b` }), '{}')]));
      const { corrupt, events } = await open();
      assert.deepEqual({ corrupt, events }, { corrupt: records.length, events: 3 });
      await assertOutsideUntouched();
    });

    it('ids and chunks with the highest numbers leave new events of our own shape', async () => {
      await fill();
      const highest = '9'.repeat(15);
      const record = put(header({ put: `${highest}-aa` }), numberedRecord(2).body);
      await fs.writeFile(join(dir, 'chunks', `${highest}-aa.chunk`), line(record));
      await open();
      await outbox!.append([numberedRecord(3), numberedRecord(4, PICTURE_BYTES)]);
      await close();
      assert.equal((await open()).corrupt, 0);
      assert.deepEqual((await drain(outbox!, checkPictures)).sort(), [0, 1, 2, 3, 4]);
    });
  });

  describe('events that are none', () => {
    let simulator: Simulator;
    before(async () => (simulator = await startSimulator()));
    beforeEach(() => simulator.reset());
    after(() => simulator.close());

    const bodies: Record<string, string> = {
      'no JSON': '{broken}',
      'cut short': '{"images":[{"x":{}',
      'two of them': '{"eventId":"a"},{"eventId":"b"}',
      'a way out of its record': '{},"put":"../../victim","x":{}',
      'another id': '{"eventId":"another"}',
    };
    for (const [name, body] of Object.entries(bodies)) {
      for (const pictures of [undefined, [picture()]]) {
        it(`${name}${pictures ? ', with a picture' : ''}: not taken by the API, the rest is delivered`, async () => {
          await open();
          await outbox!.append([numberedDelivery(0), numberedDelivery(1)]);
          await close();
          await fs.writeFile(join(dir, 'pictures', picture().file), 'mine');
          const text = body.endsWith('}') ? body : `${body}}`;
          await plant(put(header({ useCaseId: numberedDelivery(0).useCaseId, pictures }), text));
          assert.equal((await open()).corrupt, 0);
          const client = new VisionEventsClient({
            baseUrl: simulator.url,
            apiKey: simulator.keys.full,
            env: {},
          });
          const settings = { batchSize: 5, lingerMs: 0, concurrency: 2 };
          const sender = new Sender({ outbox: outbox!, target: client.target(), settings });
          sender.start();
          try {
            await inTime(
              until(() => outbox!.stats().acked === 2, 'the others were not delivered'),
              'deliver',
            );
          } finally {
            await sender.stop(1_000);
            client.close();
          }
          assert.deepEqual(
            simulator
              .events()
              .map(({ event }) => event['eventId'])
              .sort(),
            [0, 1].map(numberedEventId),
          );
          await assertOutsideUntouched();
        });
      }
    }
  });

  describe('refused events', () => {
    const letter = (changes: object, event = '{}') => {
      const head = {
        id: ID,
        eventId: 'e',
        useCaseId: 'u',
        code: 'REJECTED',
        why: 'why',
        acceptedAt: 1,
        diedAt: 1,
        ...changes,
        checksum: crc32(Buffer.from(event)),
      };
      return put(head, event);
    };
    const letterPath = () => join(dir, 'dead', `${ID}.json`);
    const attacks: Record<string, string> = {
      'an id that is a path': letter({ id: '../../victim' }),
      'the id of another': letter({ id: '0000000501-aaaaaaaa' }),
      'a picture outside': letter({ pictures: [picture({ file: '../../victim.txt' })] }),
      'pictures that are a text': letter({ pictures: 'x' }),
      'a reason that is an object': letter({ why: {} }),
      'a time that is a text': letter({ diedAt: 'x' }),
      'an event that is a list': letter({}, '[]'),
      'an event that is not JSON': letter({}, '{broken}'),
      'null for a letter': 'null,"event":{}}',
    };
    for (const [name, text] of Object.entries(attacks)) {
      it(`${name}: shown as damaged, never retried, discarded alone`, async () => {
        await fill();
        await fs.writeFile(letterPath(), text);
        await open();
        const [shown] = await outbox!.deadLetters.list();
        assert.deepEqual([shown?.id, shown?.code], [ID, 'LETTER_DAMAGED']);
        assert.equal(await outbox!.deadLetters.retry(), 0);
        await goodOnes();
        assert.equal(await outbox!.deadLetters.discard(), 1);
        await assertOutsideUntouched();
      });
    }

    it('control: one of our own shape is retried', async () => {
      await fill();
      await fs.writeFile(letterPath(), letter({ pictures: [picture()] }));
      await open();
      assert.equal(await outbox!.deadLetters.retry(), 1);
    });
  });

  it('a wait that no sender would leave holds no event back', async () => {
    await fill();
    for (const forMs of ['1e308', '"x"', '86400000', 'null']) {
      await fs.writeFile(join(dir, 'late-landings.json'), `[{"eventId":"e","id":"x","forMs":${forMs}}]`);
      assert.equal(await takeLandings(dir), undefined, forMs);
    }
    await fs.writeFile(join(dir, 'late-landings.json'), '[{"eventId":"e","id":"x","forMs":30000}]');
    assert.equal((await takeLandings(dir))?.length, 1, 'control');
  });

  describe('what is not a plain file', () => {
    before(function () {
      if (process.platform === 'win32') this.skip();
    });

    const kinds: Record<string, (path: string) => Promise<unknown>> = {
      'a pipe': (path) => Promise.resolve(execFileSync('mkfifo', [path])),
      'a socket': async (path) => {
        const server = createServer();
        servers.push(server);
        // By a short name: an address has at most 108 characters.
        const before = process.cwd();
        process.chdir(dirname(path));
        server.listen(path.slice(dirname(path).length + 1));
        await once(server, 'listening');
        process.chdir(before);
      },
      'a link to a file': (path) => fs.symlink(join(base, 'victim.json'), path),
      'a link to an endless device': (path) => fs.symlink('/dev/zero', path),
      'a link to nothing': (path) => fs.symlink(join(base, 'nothing'), path),
      'a folder': async (path) => {
        await fs.mkdir(path);
        await fs.writeFile(join(path, 'file'), 'x');
      },
    };

    /** Where it lies, and whether it ends in quarantine. */
    const places: Record<string, { path: string; aside: boolean }> = {
      'a chunk': { path: `chunks/${PLANTED_CHUNK}`, aside: true },
      'a refused event': { path: `dead/${ID}.json`, aside: true },
      'a picture that nobody names': { path: `pictures/${ID}.0-output.jpg`, aside: false },
      ballast: { path: 'ballast', aside: false },
      'the lock': { path: 'lock', aside: false },
      'the key of the lock': { path: 'lock.key', aside: false },
      'a file that was set aside': { path: `quarantine/${PLANTED_CHUNK}@0`, aside: false },
      'what may still land': { path: 'late-landings.json', aside: false },
    };

    for (const [place, { path, aside }] of Object.entries(places)) {
      for (const [kind, spoil] of Object.entries(kinds)) {
        it(`${kind} in the place of ${place}: nothing waits for it or goes through it`, async () => {
          await fill();
          if (path.startsWith('quarantine')) await plant('5');
          await fs.rm(join(dir, path), { recursive: true, force: true });
          await spoil(join(dir, path));
          const { quarantined } = await open();
          if (aside) {
            assert.equal(quarantined.length, 1);
            assert.match(quarantined[0]!, /\.aside-[0-9a-f]+$/);
            assert.ok(await fs.lstat(join(dir, 'quarantine', quarantined[0]!)));
            await assert.rejects(fs.lstat(join(dir, path)), { code: 'ENOENT' });
          }
          await inTime(takeLandings(dir), 'handover');
          await goodOnes();
          await close();
          await assertOutsideUntouched();
        });
      }
    }

    for (const [kind, spoil] of Object.entries(kinds)) {
      it(`${kind} in the place of a picture that waits: damaged, and never read`, async () => {
        const path = await fill();
        await fs.rm(path);
        await spoil(path);
        await open();
        const lease = await outbox!.lease({ events: 100, bytes: 1_000_000 });
        assert.equal(lease?.events.length, 2);
        const reading = lease.events[1]!.pictures[0]!.read();
        await assert.rejects(inTime(reading, 'read'), { code: 'PICTURE_DAMAGED' });
        await assertOutsideUntouched();
      });

      it(`${kind} in the place of a chunk since the start: its events are gone, the rest goes on`, async () => {
        await fill();
        await open();
        await fs.mkdir(join(base, 'outbox', 'moved'));
        for (const name of await fs.readdir(join(dir, 'chunks'))) {
          if (!/\.chunk$/.test(name)) continue;
          await fs.rename(join(dir, 'chunks', name), join(dir, 'moved', name));
          await spoil(join(dir, 'chunks', name));
        }
        assert.deepEqual(await inTime(drain(outbox!), 'lease'), []);
        await outbox!.append([numberedRecord(2)]);
        assert.deepEqual(await drain(outbox!), [2]);
        await assertOutsideUntouched();
      });

      it(`${kind} in the place of the meta file: refused at once, as a folder that is not an outbox`, async () => {
        await fill();
        await fs.rm(join(dir, 'meta.json'));
        await spoil(join(dir, 'meta.json'));
        await assert.rejects(open(), { code: 'OUTBOX_IO', message: /meta\.json .* Nothing was changed/ });
        await assertOutsideUntouched();
      });
    }

    for (const folder of ['chunks', 'pictures', 'dead', 'quarantine']) {
      for (const kind of ['a pipe', 'a socket', 'a link to a file', 'a link to nothing']) {
        it(`${kind} in the place of the folder ${folder} is set aside`, async () => {
          await fs.mkdir(dir);
          await kinds[kind]!(join(dir, folder));
          await open();
          await outbox!.append([numberedRecord(0), numberedRecord(1, PICTURE_BYTES)]);
          await goodOnes();
          const names = await fs.readdir(dir);
          assert.equal(names.filter((name) => name.startsWith(`${folder}.aside-`)).length, 1);
          await assertOutsideUntouched();
        });
      }
    }

    it('a chunk or a picture far too large is not read', async () => {
      const path = await fill();
      const chunk = join(dir, 'chunks', PLANTED_CHUNK);
      await fs.writeFile(chunk, '');
      for (const large of [chunk, path]) await fs.truncate(large, 2 ** 33);
      const { quarantined } = await open();
      assert.equal(quarantined.length, 1);
      const lease = await outbox!.lease({ events: 100, bytes: 1_000_000 });
      await assert.rejects(lease!.events[1]!.pictures[0]!.read(), { code: 'PICTURE_DAMAGED' });
    });

    it('control: a file as ours is in none of these places set aside', async () => {
      await fill();
      const { corrupt } = await open();
      assert.equal(corrupt, 0);
      await goodOnes();
      assert.deepEqual(notices, []);
    });
  });
});

/** What hangs is a failure of its own, and is named. */
async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), 10_000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
