import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DiskOutbox } from '../../../src/delivery/outbox/disk/disk-outbox';
import { crc32 } from '../../../src/delivery/outbox/disk/lines';
import { OutboxDamage, OutboxError } from '../../../src/delivery/outbox/outbox';
import { BATCH, numberedRecord, withoutLock } from '../outbox-fixture';
import type { Dice } from './dice';
import type { Subject } from './subject';
import { jsonValue } from './values';

interface Folder {
  root: string;
  outbox: string;
  outside: string;
}

const roots = new Set<string>();

/** A folder of an outbox as a stranger, a bad disk or a careless colleague leaves it: opened, emptied and closed. */
export const outbox: Subject<Folder> = {
  async make(dice) {
    const root = fs.mkdtempSync(path.join(tmpdir(), 'fuzz-outbox-'));
    roots.add(root);
    const folder = path.join(root, 'deep', 'outbox');
    await fill(folder, dice);
    fs.writeFileSync(path.join(root, 'victim.json'), '{"a":1}');
    fs.writeFileSync(path.join(root, 'deep', 'victim'), 'secret');
    for (let times = 1 + dice.number(4); times > 0; times--) spoil(dice, folder);
    return { root, outbox: folder, outside: fingerprint(root, folder) };
  },
  async run({ outbox: folder }) {
    const opened = outboxIn(folder);
    try {
      const report = await opened.open();
      await empty(opened);
      await opened.append([numberedRecord(999, 10)]);
      return [report, opened.stats()];
    } catch (error) {
      if (!(error instanceof OutboxError)) throw error;
      return error;
    } finally {
      await opened.close(5_000);
    }
  },
  after({ root, outbox: folder, outside }) {
    const found = fingerprint(root, folder);
    fs.rmSync(root, { recursive: true, force: true });
    roots.delete(root);
    assert.equal(found, outside, 'something outside of the folder was touched');
    return Promise.resolve();
  },
  end() {
    for (const root of roots) fs.rmSync(root, { recursive: true, force: true });
    return Promise.resolve();
  },
};

function outboxIn(dir: string): DiskOutbox {
  return new DiskOutbox({ dir, freeSpaceFloorBytes: 0, ballastBytes: 0, lock: withoutLock });
}

async function fill(folder: string, dice: Dice): Promise<void> {
  const made = outboxIn(folder);
  await made.open();
  const count = 1 + dice.number(12);
  for (let n = 0; n < count; n++) await made.append([numberedRecord(n, dice.pick([0, 0, 100]))]);
  const lease = await made.lease({ events: dice.number(5) + 1, bytes: BATCH.bytes });
  if (lease) {
    const [first, second] = lease.events.map(({ id }) => id);
    const dead = second === undefined ? [] : [{ id: second, code: 'REJECTED', why: 'no' }];
    await made.settle(lease, { acked: first === undefined ? [] : [first], retry: [], dead });
  }
  await made.close(5_000);
}

/** Every event is delivered or refused, with its pictures. */
async function empty(opened: DiskOutbox): Promise<void> {
  for (let lease = await opened.lease(BATCH); lease; lease = await opened.lease(BATCH)) {
    const damaged = new Set<string>();
    for (const { id, pictures } of lease.events) {
      for (const picture of pictures) {
        await picture.read().catch((error: unknown) => {
          if (!(error instanceof OutboxDamage)) throw error;
          damaged.add(id);
        });
      }
    }
    const ids = lease.events.map(({ id }) => id);
    const dead = ids
      .filter((id) => damaged.has(id))
      .map((id) => ({ id, code: 'PICTURE_DAMAGED', why: 'damaged' }));
    await opened.settle(lease, { acked: ids.filter((id) => !damaged.has(id)), retry: [], dead });
  }
}

/** Names and contents of all that is not the outbox. */
function fingerprint(root: string, except: string): string {
  const hash = createHash('sha256');
  const look = (file: string): void => {
    if (file === except) return;
    const stat = fs.lstatSync(file);
    hash.update(`${path.relative(root, file)} ${stat.mode}\n`);
    if (stat.isDirectory()) for (const name of fs.readdirSync(file).sort()) look(path.join(file, name));
    else if (stat.isFile()) hash.update(fs.readFileSync(file));
  };
  look(root);
  return hash.digest('hex');
}

function filesIn(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true }).map(String);
}

function spoil(dice: Dice, folder: string): void {
  const names = filesIn(folder);
  if (names.length === 0) return;
  const file = path.join(folder, dice.pick(names));
  const isFile = fs.existsSync(file) && fs.lstatSync(file).isFile();
  switch (dice.number(8)) {
    case 0:
    case 1:
      if (isFile) fs.writeFileSync(file, dice.damaged(fs.readFileSync(file)));
      return;
    case 2:
    case 3:
    case 4:
      return plantRecord(dice, folder);
    case 5:
      return plantThing(dice, file);
    case 6:
      return plantThing(
        dice,
        path.join(path.dirname(file), dice.pick([...NAMES, `${path.basename(file)}x`])),
      );
    default:
      if (isFile) fs.writeFileSync(file, Buffer.concat([fs.readFileSync(file), fs.readFileSync(file)]));
  }
}

const NAMES = [
  'lock',
  'meta.json',
  'lock.key',
  'ballast',
  'dead',
  'pictures',
  'quarantine',
  'chunks',
  '..x',
  '0000000000-x.chunk',
  'a.json',
  '-rf',
];
const PATHS = [
  '../../victim.json',
  '../victim',
  '../../victim',
  '/etc/hostname',
  '..',
  '.',
  '',
  'a\u0000b',
  'x'.repeat(300),
  '__proto__',
];

/**
 * Another thing where a file or folder was or will be: links that lead out, pipes, folders, endless devices. No link to
 * a folder: operators move one of the outbox's folders to another disk by it.
 */
function plantThing(dice: Dice, at: string): void {
  fs.rmSync(at, { recursive: true, force: true });
  const outside = path.resolve(
    at.slice(0, at.indexOf(`${path.sep}outbox`)),
    dice.pick(['victim', '../victim.json', 'nowhere']),
  );
  const plant = dice.pick<() => void>([
    () => fs.symlinkSync(outside, at),
    () => fs.symlinkSync('/dev/zero', at),
    () => fs.mkdirSync(at),
    () => fs.writeFileSync(at, dice.bytes(dice.number(200))),
    () => fs.writeFileSync(at, JSON.stringify(jsonValue(dice))?.slice(0, 1e5) ?? ''),
    () => execFileSync('mkfifo', [at]),
  ]);
  try {
    plant();
  } catch {
    // a name that is none, or whose folder was taken away before
  }
}

/** A line with the right checksum and whatever inside, at the end of a chunk. */
function plantRecord(dice: Dice, folder: string): void {
  const chunks = filesIn(folder).filter(
    (name) => /chunk/.test(name) && fs.lstatSync(path.join(folder, name)).isFile(),
  );
  if (chunks.length === 0) return;
  const odd = () => (dice.chance(0.5) ? dice.pick(PATHS) : jsonValue(dice, 2));
  const picture = () => ({
    role: dice.pick(['output', 'input', odd()]),
    mediaType: 'image/jpeg',
    name: 'n',
    file: odd(),
    size: dice.pick([6, 7, odd()]),
    crc: crc32(Buffer.from('secret')),
    sourceId: dice.pick([undefined, 's', odd()]),
  });
  const put = {
    put: dice.pick(['a-1', odd()]),
    at: 1,
    eventId: dice.pick(['e', odd()]),
    useCaseId: dice.pick(['line-1', odd()]),
    pictures: dice.pick([undefined, [picture()], [picture(), picture()], odd()]),
  };
  const note = dice.pick<() => unknown>([
    () => ({ done: [odd()] }),
    () => ({ done: odd(), uploaded: odd() }),
    () => ({ uploaded: odd(), role: 'output', sourceId: odd() }),
    () => ({ shed: odd(), role: odd() }),
    () => jsonValue(dice),
  ]);
  const record = dice.chance(0.6)
    ? `${JSON.stringify(put).slice(0, -1)},"event":{"eventId":"e"}}`
    : (JSON.stringify(note()) ?? '');
  const line = `${crc32(Buffer.from(record))} ${record}\n`;
  fs.appendFileSync(path.join(folder, dice.pick(chunks)), line);
}
