import { createHmac, randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { LOCK_ANSWER_MS } from '../limits';
import { errorCode, isOutOfSpace } from './file-layer';
import { readPlainFile, setAside } from './plain-file';

const KEY_FILE = 'lock.key';
const KEY = /^[0-9a-f]{64}$/;
/** A lock that waits to be greeted by so many at a time is being bothered, not asked. */
const MOST_CALLERS = 8;

/** Where the socket of a folder is, and what its owner proves itself with. */
export interface LockPlace {
  address: string;
  key: string;
  /** tells this socket from all others, in the folder's file `lock` */
  name: string;
}

/**
 * The place belongs to the folder, by device and inode: one folder under two mounts has one, and two containers with
 * the same path have two. A random key, kept in the folder, makes the address one that no other user can know before.
 * Only systems where such a socket ends with its process have one: Linux (abstract sockets) and Windows (pipes).
 * @throws when the folder cannot hold the key
 */
export async function lockPlace(folder: string): Promise<LockPlace | undefined> {
  const { platform } = process;
  if (platform !== 'linux' && platform !== 'win32') return undefined;
  const { dev, ino } = await fs.stat(folder, { bigint: true });
  const key = await folderKey(folder);
  const id = digest(key, `place ${dev}:${ino}`).toString('hex').slice(0, 32);
  return {
    address:
      platform === 'linux' ? `\0${snapPrefix()}vision-events-${id}` : `\\\\.\\pipe\\vision-events-${id}`,
    key,
    // Versions of libuv pad abstract addresses differently: then two processes hold the same one and do not meet.
    name: `${id} ${process.versions.uv}`,
  };
}

/** Inside a snap only such addresses are allowed (template of snapd's AppArmor profile). */
function snapPrefix(): string {
  const { SNAP_INSTANCE_NAME: name } = process.env;
  return name && /^[\w-]{1,40}$/.test(name) ? `snap.${name}.` : '';
}

/** @returns an empty key on a full disk: delivering is what makes room, and must not wait for it */
async function folderKey(folder: string): Promise<string> {
  const path = join(folder, KEY_FILE);
  const found = await readKey(path);
  if (found !== undefined && KEY.test(found)) return found;
  if (found !== undefined) await setAside(path);
  try {
    await makeKey(path);
  } catch (error) {
    if (isOutOfSpace(error)) return '';
    throw error;
  }
  return readPlainFile(path);
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    return await readPlainFile(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES' || code === 'EPERM') throw error;
    return '';
  }
}

/** Whole at once, and never in place of one that another process made at this moment. */
async function makeKey(path: string): Promise<void> {
  const fresh = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await fs.writeFile(fresh, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 });
    await fs.link(fresh, path).catch((error: unknown) => {
      // A disk without hard links, such as FAT.
      if (errorCode(error) !== 'EEXIST') return fs.rename(fresh, path);
    });
  } finally {
    await fs.rm(fresh, { force: true });
  }
}

/** @returns undefined when the address is taken @throws when the system refuses such sockets */
export async function holdPlace({ address, key }: LockPlace): Promise<Server | undefined> {
  const server = createServer((caller) => answer(caller, key));
  server.maxConnections = MOST_CALLERS;
  server.unref();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // `exclusive`: workers of a cluster would share the socket otherwise.
      server.listen({ path: address, exclusive: true }, resolve);
    });
    server.on('error', () => undefined);
    return server;
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE') return undefined;
    throw error;
  }
}

function answer(caller: Socket, key: string): void {
  caller.unref();
  caller.on('error', () => undefined);
  caller.setTimeout(LOCK_ANSWER_MS, () => caller.destroy());
  caller.once('data', (question) => caller.end(digest(key, question), () => caller.destroy()));
}

/** Any user may take an address once it was seen in use; the key only an owner of the folder can have. */
export function isHeldByOwner({ address, key }: LockPlace): Promise<boolean> {
  const question = randomBytes(16);
  return new Promise((resolve) => {
    const socket = connect(address);
    const settle = (isOwner: boolean) => {
      resolve(isOwner);
      socket.destroy();
    };
    socket.setTimeout(LOCK_ANSWER_MS, () => settle(false));
    socket.once('error', () => settle(false)).once('close', () => settle(false));
    socket.once('data', (proof) => settle(proof.equals(digest(key, question))));
    socket.write(question);
  });
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function digest(key: string, bytes: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(bytes).digest();
}
