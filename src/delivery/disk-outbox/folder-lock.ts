import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { createServer, connect, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OutboxError, systemClock } from '../outbox';
import { HEARTBEAT_MS, HEARTBEAT_STALE_MS, LOCK_POLL_MS } from '../outbox-limits';
import { errorCode, isOutOfSpace } from './file-layer';
import { isLongerAgo, momentOf } from './moment';

export interface FolderLock {
  /** The owner file was not looked at for so long that another process may have taken the folder over. */
  isLate(): boolean;
  /** Looks at it; calls `onLost` first when the folder is lost. */
  look(): Promise<void>;
  release(): Promise<void>;
}

/** Rejects when another owner does not let go within `waitMs`, or at once when it is given up. */
export type TakeLock = (
  folder: string,
  waitMs: number,
  onLost: () => void,
  givenUp?: AbortSignal,
) => Promise<FolderLock>;

/** How long to wait for another owner. */
interface Patience {
  /** `performance.now()` */
  deadline: number;
  /** until the next look; rejects when nobody wants the folder any more */
  pause: () => Promise<void>;
}

interface Owner {
  host: string;
  pid: number;
  /** network namespace: within one, the socket alone decides */
  namespace: string;
  token: string;
  beat: number;
}

const OWNER_FILE = 'lock';
const HALF_FILE_LOOKS = 4;
const UNKNOWN_OWNER: Owner = { host: 'an unknown host', pid: 0, namespace: '', token: '', beat: 0 };

/**
 * Two locks, because neither sees everything. A socket with the folder's name belongs to the kernel: it has one owner
 * and is free the moment that process dies, however it dies. It does not reach into another container; there a
 * heartbeat file in the folder decides, whose owner is taken for dead when it stops beating.
 */
export const lockFolder: TakeLock = async (folder, waitMs, onLost, givenUp) => {
  const patience: Patience = {
    deadline: performance.now() + waitMs,
    pause: () => delay(LOCK_POLL_MS, undefined, { signal: givenUp }),
  };
  const server = await holdSocket(folder, patience);
  try {
    await outlastHeartbeat(folder, patience);
    return await beat(folder, server, onLost);
  } catch (error) {
    await closeServer(server);
    throw error;
  }
};

async function holdSocket(folder: string, { deadline, pause }: Patience): Promise<Server> {
  const address = socketAddress(await fs.realpath(folder));
  for (;;) {
    const server = await listen(address);
    if (server) return server;
    if (performance.now() >= deadline) throw await inUse(folder);
    await pause();
  }
}

/** Linux: abstract socket, Windows: named pipe; both vanish with their process. Elsewhere a socket file. */
function socketAddress(folder: string): string {
  const name = `vision-events-outbox-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  if (process.platform === 'linux') return `\0${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return join(tmpdir(), `${name}.sock`);
}

async function listen(address: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
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
    if (errorCode(error) !== 'EADDRINUSE') throw error;
    await removeDeadSocketFile(address);
    return undefined;
  }
}

/** A socket file outlives a killed process; nobody answers it then. */
async function removeDeadSocketFile(address: string): Promise<void> {
  if (!address.startsWith('/')) return;
  const isAlive = await new Promise<boolean>((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (!isAlive) await fs.rm(address, { force: true });
}

async function outlastHeartbeat(folder: string, { deadline, pause }: Patience): Promise<void> {
  let last = await readOwner(folder);
  // Half a file is an owner writing it, for an instant; if it stays so, a power cut left it behind.
  for (let look = 0; last === UNKNOWN_OWNER && look < HALF_FILE_LOOKS; look++) {
    await pause();
    last = await readOwner(folder);
  }
  if (!last || last === UNKNOWN_OWNER || last.namespace === (await networkNamespace())) return;
  let lastChange = performance.now();
  while (performance.now() - lastChange < HEARTBEAT_STALE_MS) {
    await pause();
    const owner = await readOwner(folder);
    if (!owner) return;
    if (owner.token !== last.token || owner.beat !== last.beat) lastChange = performance.now();
    last = owner;
    if (performance.now() >= deadline) throw await inUse(folder);
  }
}

async function beat(folder: string, server: Server, onLost: () => void): Promise<FolderLock> {
  const owner: Owner = {
    host: hostname(),
    pid: process.pid,
    namespace: await networkNamespace(),
    token: randomBytes(8).toString('hex'),
    beat: 0,
  };
  await writeOwner(folder, owner).catch((error: unknown) => {
    // A full disk must not keep the outbox shut: delivering is what makes room. The next beats try again.
    if (!isOutOfSpace(error)) throw error;
  });
  let looked = momentOf(systemClock);
  let isLost = false;
  const lose = () => {
    isLost = true;
    clearInterval(timer);
    onLost();
  };
  const beatNext = async (): Promise<void> => {
    if (isLost) return;
    const beginning = momentOf(systemClock);
    await beatOnce(folder, owner, lose);
    looked = beginning;
  };
  let beating: Promise<void> = Promise.resolve();
  const look = () => (beating = beating.then(beatNext).catch(() => undefined));
  const timer = setInterval(() => void look(), HEARTBEAT_MS);
  timer.unref();
  return {
    look,
    isLate: () => isLongerAgo(looked, HEARTBEAT_STALE_MS, systemClock),
    async release() {
      clearInterval(timer);
      await beating;
      if ((await readOwner(folder))?.token === owner.token)
        await fs.rm(join(folder, OWNER_FILE), { force: true });
      await closeServer(server);
    },
  };
}

async function beatOnce(folder: string, owner: Owner, onLost: () => void): Promise<void> {
  const current = await readOwner(folder);
  if (current && current !== UNKNOWN_OWNER && current.token !== owner.token) return onLost();
  owner.beat++;
  // A full disk must not stop the outbox: its owner is then known by the socket only.
  await writeOwner(folder, owner).catch(() => undefined);
}

async function writeOwner(folder: string, owner: Owner): Promise<void> {
  await fs.writeFile(join(folder, OWNER_FILE), JSON.stringify(owner), { mode: 0o600 });
}

/** Undefined only when there is none: a file caught half written has an owner too, an unknown one. */
async function readOwner(folder: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await fs.readFile(join(folder, OWNER_FILE), 'utf8')) as Owner;
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? undefined : UNKNOWN_OWNER;
  }
}

/** The same for all processes that see each other's sockets. */
async function networkNamespace(): Promise<string> {
  const namespace = await fs.readlink('/proc/self/ns/net').catch(() => '');
  return `${hostname()} ${namespace}`.trim();
}

async function inUse(folder: string): Promise<OutboxError> {
  const owner = await readOwner(folder);
  const who = owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
  return new OutboxError(
    'OUTBOX_IO',
    `The outbox folder ${folder} is in use by ${who}. Stop it, or give this workspace an outbox folder of its own.`,
  );
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
