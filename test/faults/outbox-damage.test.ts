import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator, type Simulator } from '../../simulator/server';
import { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import { nodeFileLayer } from '../../src/delivery/outbox/disk/file-layer';
import { type Lease, OutboxDamage, type OutboxError } from '../../src/delivery/outbox/outbox';
import {
  discardingDamaged,
  type Layer,
  overlookingMeta,
  sound,
  tidying,
  withoutChecksums,
} from '../support/broken-file-layers';
import { numberedDelivery, numberedEventId, wrongPictures } from '../support/numbered-load';
import {
  BATCH,
  deliverAll,
  drain,
  missing,
  numberedRecord,
  range,
  SIM_DIR,
  simOutbox,
} from '../support/outbox-fixture';
import { chooseSeed, rounds, seededRandom } from '../support/seed';
import { SimDisk } from '../support/sim-disk';

const LINE_FEED = 0x0a;

async function filled(count: number): Promise<SimDisk> {
  const disk = new SimDisk();
  const outbox = simOutbox(disk);
  await outbox.open();
  for (const n of range(0, count)) await outbox.append([numberedRecord(n)]);
  await outbox.close(1_000);
  return disk;
}

function copyOf(original: SimDisk): SimDisk {
  const disk = new SimDisk();
  for (const path of original.paths()) disk.plant(path, original.bytesOf(path));
  return disk;
}

function chunkPaths(disk: SimDisk): string[] {
  return disk.paths().filter((path) => path.endsWith('.chunk'));
}

/** What lies in quarantine, by name. */
function setAside(disk: SimDisk): Map<string, Buffer> {
  const paths = disk.paths().filter((path) => path.startsWith(`${SIM_DIR}/quarantine/`));
  return new Map(paths.map((path) => [path, disk.bytesOf(path)]));
}

/** The line around a byte, with its line feed when that is the byte. */
function lineAround(bytes: Buffer, position: number): { start: number; end: number } {
  const start = position === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, position - 1) + 1;
  const feed = bytes.indexOf(LINE_FEED, position);
  return { start, end: feed === position ? feed + 1 : feed };
}

describe('damage on the disk', function () {
  this.timeout(120_000);
  const seed = chooseSeed();
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  before(() => console.log(`      seed ${seed}; replay with VISION_EVENTS_SEED`));

  describe('11: one bit flipped', () => {
    const TRIALS = rounds(60, 200);
    const EVENTS = 150;

    /** Flips a bit of a random byte in a random chunk. */
    function flipOneBit(disk: SimDisk) {
      const chunks = chunkPaths(disk);
      const path = chunks[below(chunks.length)] ?? '';
      const before = disk.bytesOf(path);
      const position = below(before.length);
      const after = Buffer.from(before);
      after[position] = (before[position] ?? 0) ^ (1 << below(8));
      disk.plant(path, after);
      return { path, position, before, after };
    }

    it(`${TRIALS} times: at most one event is missing, none is wrong, the damage is counted and kept`, async () => {
      const original = await filled(EVENTS);
      for (let trial = 0; trial < TRIALS; trial++) {
        const disk = copyOf(original);
        const { path, position, before, after } = flipOneBit(disk);
        const where = `trial ${trial}: ${path} at ${position}`;
        const outbox = simOutbox(disk);
        const { corrupt, tornTails, quarantined } = await outbox.open();
        const lost = missing(range(0, EVENTS), await drain(outbox));
        assert.ok(lost.length <= 1, `${where}: ${lost.length} events are missing`);

        // The last two bytes are the closing brace and its line feed: without them the line looks torn by a crash.
        const looksTorn = position >= before.length - 2;
        const isRepaired = before[position] === LINE_FEED && !looksTorn;
        const expected = { corrupt: isRepaired || looksTorn ? 0 : 1, tornTails: looksTorn ? 1 : 0 };
        assert.deepEqual({ corrupt, tornTails }, expected, where);
        const { start, end } = lineAround(before, position);
        const kept = isRepaired ? [] : [after.subarray(start, end)];
        assert.deepEqual([...setAside(disk).values()], kept, `${where}: the bytes are kept`);
        assert.equal(quarantined.length, kept.length, where);

        await outbox.append([numberedRecord(1_000)]);
        assert.deepEqual(await drain(outbox), [1_000]);
      }
    });

    it('control: an outbox that does not look at its checksums hands out wrong bodies', async () => {
      const original = await filled(EVENTS);
      let wrong = 0;
      for (let trial = 0; trial < 20; trial++) {
        const disk = copyOf(original);
        flipOneBit(disk);
        const outbox = simOutbox(disk, { files: withoutChecksums(disk.mount()) });
        await outbox.open();
        await drain(outbox).catch((error: Error) => {
          if (/wrong body/.test(error.message)) wrong++;
        });
      }
      assert.ok(wrong > 0, 'the harness is blind');
    });

    it('found while leasing: set aside, counted once, the rest goes out', async () => {
      const disk = new SimDisk();
      const outbox = simOutbox(disk);
      await outbox.open();
      await outbox.append(range(0, 5).map((n) => numberedRecord(n)));
      const [path = ''] = chunkPaths(disk);
      const bytes = disk.bytesOf(path);
      const position = bytes.indexOf('"n":3');
      bytes[position + 4] = 0x39;
      disk.plant(path, bytes);
      assert.deepEqual(await drain(outbox), [0, 1, 2, 4]);
      assert.equal(outbox.stats().corrupt, 1);
      assert.equal(outbox.stats().events, 0);
      assert.equal(setAside(disk).size, 1);
    });
  });

  describe('12: holes and lost tails', () => {
    const TRIALS = rounds(30, 100);
    const EVENTS = 90;

    interface Damage {
      bytes: Buffer;
      /** what of the file is no longer as it was */
      start: number;
      end: number;
    }

    function zeroed(bytes: Buffer): Damage {
      const start = below(bytes.length);
      const end = Math.min(start + 4_096, bytes.length);
      return { bytes: Buffer.from(bytes).fill(0, start, end), start, end };
    }

    function cutOff(bytes: Buffer): Damage {
      const start = below(bytes.length);
      return { bytes: bytes.subarray(0, start), start, end: bytes.length };
    }

    /**
     * @returns the events that are missing though no byte of them was damaged, and the number of all that are missing
     */
    async function damageTrials(damage: (bytes: Buffer) => Damage, layer: Layer) {
      const original = await filled(EVENTS);
      const unharmed: string[] = [];
      let missed = 0;
      for (let trial = 0; trial < TRIALS; trial++) {
        const disk = copyOf(original);
        const [path = ''] = chunkPaths(disk);
        const before = disk.bytesOf(path);
        const { bytes, start, end } = damage(before);
        disk.plant(path, bytes);
        const outbox = simOutbox(disk, { files: layer(disk.mount()) });
        await outbox.open();
        const lost = missing(range(0, EVENTS), await drain(outbox));
        missed += lost.length;
        for (const n of lost) {
          const line = lineAround(before, before.indexOf(`"n":${n},`));
          if (line.end < start || line.start >= end) unharmed.push(`trial ${trial}: ${n} (${start}-${end})`);
        }
        await outbox.append([numberedRecord(1_000)]);
        assert.deepEqual(await drain(outbox), [1_000], `trial ${trial}`);
      }
      return { unharmed, missed };
    }

    for (const [what, damage] of [
      ['4 KiB zeroed', zeroed],
      ['tail cut off', cutOff],
    ] as const) {
      it(`${what}, ${TRIALS} times: only events in the damaged place are missing`, async () => {
        const { unharmed, missed } = await damageTrials(damage, sound);
        assert.deepEqual(unharmed, []);
        assert.ok(missed > 0, 'nothing was damaged');
      });

      it(`control, ${what}: an outbox that throws a damaged file away loses events that are whole`, async () => {
        const { unharmed } = await damageTrials(damage, discardingDamaged);
        assert.ok(unharmed.length > 0, 'the harness is blind');
      });
    }
  });

  describe('13: pictures that are missing, cut short or altered', () => {
    /** Two of them have a picture: the fifth, which is spoiled, and the tenth. */
    const NUMBERS = range(1, 11);
    const SPOILED = 5;

    let simulator: Simulator;
    before(async () => {
      simulator = await startSimulator();
    });
    beforeEach(() => simulator.reset());
    after(() => simulator?.close());

    const alter = (bytes: Buffer): Buffer => {
      bytes[bytes.length >> 1]! ^= 1;
      return bytes;
    };
    type Spoil = (bytes: Buffer, other: Buffer) => Buffer | undefined;
    const SPOILERS: [what: string, spoil: Spoil][] = [
      ['missing', () => undefined],
      ['cut short', (bytes) => bytes.subarray(0, bytes.length >> 1)],
      ['altered', alter],
      ['that of another event', (_bytes, other) => other],
    ];

    async function withSpoiledPicture(
      spoil: Spoil,
    ): Promise<{ outbox: DiskOutbox; disk: SimDisk; path: string }> {
      const disk = new SimDisk();
      const outbox = simOutbox(disk);
      await outbox.open();
      await outbox.append(NUMBERS.map(numberedDelivery));
      const [path = '', other = ''] = disk.paths().filter((name) => name.includes('/pictures/'));
      disk.plant(path, spoil(disk.bytesOf(path), disk.bytesOf(other)));
      return { outbox, disk, path };
    }

    for (const [what, spoil] of SPOILERS) {
      it(`${what}: its event goes to the dead letters, the others arrive, no wrong picture is sent`, async () => {
        const { outbox, path } = await withSpoiledPicture(spoil);
        await deliverAll(outbox, simulator);
        const letters = await outbox.deadLetters.list();
        assert.deepEqual(
          letters.map(({ code, eventId }) => ({ code, eventId })),
          [{ code: 'PICTURE_DAMAGED', eventId: numberedEventId(SPOILED) }],
        );
        assert.ok(letters[0]?.why.includes(path));
        const expected = NUMBERS.filter((n) => n !== SPOILED);
        const arrived = simulator.events().map(({ eventId }) => eventId);
        assert.deepEqual(arrived.sort(), expected.map(numberedEventId));
        assert.deepEqual(await wrongPictures(simulator), []);
        assert.equal(simulator.requests.count('POST', '/vision-events/upload'), 1, 'one picture is sent');
      });
    }

    it('control: an outbox that hands pictures out as they are sends a wrong one', async () => {
      const { outbox, disk } = await withSpoiledPicture((_bytes, other) => other);
      const paths = disk.paths().filter((name) => name.includes('/pictures/'));
      const lease = outbox.lease.bind(outbox);
      outbox.lease = async (max) => {
        const found = await lease(max);
        for (const { pictures } of found?.events ?? []) {
          for (const picture of pictures) picture.read = () => Promise.resolve(disk.bytesOf(paths.shift()!));
        }
        return found;
      };
      await deliverAll(outbox, simulator);
      assert.deepEqual(await wrongPictures(simulator), [SPOILED]);
      assert.equal(simulator.events().length, NUMBERS.length);
    });

    it('reading says what is wrong', async () => {
      const { outbox, path } = await withSpoiledPicture(alter);
      const { events } = (await outbox.lease(BATCH)) as Lease;
      const picture = events.find(({ eventId }) => eventId === numberedEventId(SPOILED))?.pictures[0];
      await assert.rejects(picture!.read(), (error: unknown) => {
        assert.ok(error instanceof OutboxDamage);
        return error.code === 'PICTURE_DAMAGED' && error.message.includes(path);
      });
    });
  });

  describe('14: foreign files', () => {
    let dir: string;
    beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'outbox-'))));
    afterEach(() => rm(dir, { recursive: true }));

    const open = async (layer: Layer = sound): Promise<DiskOutbox> => {
      const files = layer(nodeFileLayer);
      const outbox = new DiskOutbox({ dir, freeSpaceFloorBytes: 0, ballastBytes: 0, lockWaitMs: 0, files });
      await outbox.open();
      return outbox;
    };

    /** Every file below the folder, by its name. */
    async function everything(): Promise<Record<string, string>> {
      const entries = await readdir(dir, { recursive: true, withFileTypes: true });
      const paths = entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name));
      return Object.fromEntries(
        await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')] as const)),
      );
    }

    const STRANGERS = [
      'notes.txt',
      'chunks/holiday.jpg',
      'chunks/0000000001-xyz.chunk.bak',
      'pictures/cat.jpg',
      'dead/letter.txt',
      'quarantine/old.bin',
    ];

    /** Uses an outbox with foreign files in each of its folders. @returns those that are gone or changed */
    async function useBesideStrangers(layer: Layer): Promise<string[]> {
      let outbox = await open();
      await outbox.append([numberedRecord(0, 100)]);
      await outbox.close(1_000);
      for (const name of STRANGERS) await writeFile(join(dir, name), 'not yours');
      outbox = await open(layer);
      assert.deepEqual(await drain(outbox), [0]);
      assert.equal(await outbox.deadLetters.discard(), 0);
      await outbox.close(1_000);
      const left = await everything();
      return STRANGERS.filter((name) => left[join(dir, name)] !== 'not yours');
    }

    it('are left alone wherever they lie', async () => {
      assert.deepEqual(await useBesideStrangers(sound), []);
    });

    it('control: an outbox that tidies its folders up is noticed', async () => {
      const isOwn = (name: string) => /^\d{10}-[0-9a-f]{8}\./.test(name) && !name.endsWith('.bak');
      const gone = await useBesideStrangers((files) => tidying(files, isOwn));
      assert.deepEqual(gone, [
        'chunks/holiday.jpg',
        'chunks/0000000001-xyz.chunk.bak',
        'pictures/cat.jpg',
        'dead/letter.txt',
      ]);
    });

    it('a chunk of garbage is set aside, not fatal', async () => {
      await (await open()).close(1_000);
      await writeFile(join(dir, 'chunks', '0000000009-00000000.chunk'), 'rubbish\nmore rubbish}\n');
      const outbox = await open();
      assert.equal(outbox.stats().corrupt, 1);
      const [kept = ''] = await readdir(join(dir, 'quarantine'));
      assert.equal(await readFile(join(dir, 'quarantine', kept), 'utf8'), 'rubbish\nmore rubbish}');
      await outbox.append([numberedRecord(1)]);
      await outbox.close(1_000);
    });

    const NEWER = { format: 'vision-events-outbox', version: 2 };

    /** Opens a folder with such a meta.json and another file in it. */
    async function openForeign(
      meta: object | string,
      layer: Layer,
    ): Promise<{ refusal: string; changed: boolean }> {
      await writeFile(join(dir, 'meta.json'), typeof meta === 'string' ? meta : JSON.stringify(meta));
      await writeFile(join(dir, 'precious'), 'data');
      const before = await everything();
      const refusal = await open(layer).then(
        async (outbox) => (await outbox.close(1_000), ''),
        (error: OutboxError) => error.message,
      );
      const after = await everything();
      return { refusal, changed: JSON.stringify(after) !== JSON.stringify(before) };
    }

    for (const [what, meta, expected] of [
      ['a newer format', NEWER, /newer version of this package/],
      ['another program', { format: 'something else', version: 1 }, /does not belong to an outbox/],
      ['garbage', 'rubbish', /does not belong to an outbox/],
    ] as const) {
      it(`meta.json of ${what}: refused with a clear error, nothing changed`, async () => {
        const { refusal, changed } = await openForeign(meta, sound);
        assert.match(refusal, expected);
        assert.ok(refusal.includes(dir));
        assert.ok(!changed);
      });
    }

    it('control: an outbox that takes every folder for its own is noticed', async () => {
      assert.deepEqual(await openForeign(NEWER, overlookingMeta), { refusal: '', changed: true });
    });
  });
});
