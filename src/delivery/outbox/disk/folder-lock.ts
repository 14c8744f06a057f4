import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { momentOf, OutboxError, systemClock } from '../outbox';
import { HEARTBEAT_MS, HEARTBEAT_STALE_MS, LOCK_POLL_MS } from '../limits';
import { errorCode, isOutOfSpace } from './file-layer';
import { type Owner, readOwner, removeOwner, thisProcess, UNKNOWN_OWNER, writeOwner } from './lock-owner';
import { closeServer, holdPlace, isHeldByOwner, lockPlace } from './lock-socket';
import { isLongerAgo } from './moment';

export interface FolderLock {
  /** Why the folder has no socket and its heartbeat alone guards it; undefined when it has one. */
  weakness?: string;
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

/** The kernel's half of the lock, or why there is none. */
type Hold = { server: Server; socket: string } | { weakness: string };

/** What is strange may be so for an instant only: an owner that is writing, or one that is just going. */
const STRANGE_LOOKS = 4;

/**
 * Two locks, because neither sees everything. A socket that belongs to the folder is the kernel's: it has one owner and
 * is free the moment that process dies, however it dies. It does not reach into another container, and some systems
 * refuse it; there a heartbeat file in the folder decides, whose owner is taken for dead when it stops beating.
 */
export const lockFolder: TakeLock = async (folder, waitMs, onLost, givenUp) => {
  const patience: Patience = {
    deadline: performance.now() + waitMs,
    pause: () => delay(LOCK_POLL_MS, undefined, { signal: givenUp }),
  };
  const hold = await holdSocket(folder, patience);
  const owner = await thisProcess('socket' in hold ? hold.socket : '');
  const letGo = async () => {
    await removeOwner(folder, owner);
    if ('server' in hold) await closeServer(hold.server);
  };
  try {
    await becomeOwner(folder, owner, patience);
  } catch (error) {
    await letGo();
    throw error;
  }
  const weakness = 'weakness' in hold ? hold.weakness : undefined;
  return { weakness, ...beat(folder, owner, onLost, letGo) };
};

async function holdSocket(folder: string, { deadline, pause }: Patience): Promise<Hold> {
  const place = await lockPlace(folder).catch(errorCode);
  if (!place) return { weakness: 'this system has no socket that ends with its process' };
  if (typeof place === 'string') return { weakness: `its file lock.key cannot be read or made (${place})` };
  for (let strange = 0; strange < STRANGE_LOOKS;) {
    const server = await holdPlace(place).catch(errorCode);
    if (typeof server === 'string')
      return { weakness: `this system refuses its socket (${server}), as snap and AppArmor may do` };
    if (server) return { server, socket: place.name };
    strange = (await isHeldByOwner(place)) ? 0 : strange + 1;
    if (performance.now() >= deadline) throw await inUse(folder);
    await pause();
  }
  return { weakness: 'another program has taken the address of its socket' };
}

async function becomeOwner(folder: string, owner: Owner, patience: Patience): Promise<void> {
  for (;;) {
    await outlastHeartbeat(folder, owner, patience);
    const isWritten = await writeOwner(folder, owner).then(
      () => true,
      (error: unknown) => {
        // A full disk must not keep the outbox shut: delivering is what makes room. The next beats try again.
        if (!isOutOfSpace(error)) throw error;
        return false;
      },
    );
    if (owner.socket !== '' || !isWritten) return;
    // Nothing keeps two from coming at the same moment: the one that wrote last stays.
    await patience.pause();
    const current = await readOwner(folder);
    if (!current || current.token === owner.token) return;
  }
}

async function outlastHeartbeat(folder: string, me: Owner, { deadline, pause }: Patience): Promise<void> {
  let last = await readOwner(folder);
  // Half a file is an owner writing it, for an instant; if it stays so, a power cut left it behind.
  for (let look = 0; last === UNKNOWN_OWNER && look < STRANGE_LOOKS; look++) {
    await pause();
    last = await readOwner(folder);
  }
  if (!isKnown(last) || isDead(last, me)) return;
  let lastChange = performance.now();
  let hasBeaten = false;
  while (performance.now() - lastChange < HEARTBEAT_STALE_MS) {
    await pause();
    const owner = await readOwner(folder);
    if (!owner || isDead(owner, me)) return;
    if (owner.token !== last.token || owner.beat !== last.beat) {
      lastChange = performance.now();
      hasBeaten = true;
    }
    last = owner;
    if (hasBeaten && performance.now() >= deadline) throw await inUse(folder);
  }
}

/** There is an owner's file, and it could be read. */
function isKnown(owner: Owner | undefined): owner is Owner {
  return owner !== undefined && owner !== UNKNOWN_OWNER;
}

/** For certain; of an owner in another container, or with another kind of socket, nobody here can say so. */
function isDead(owner: Owner, me: Owner): boolean {
  const lostItsSocket = me.socket !== '' && owner.socket === me.socket && owner.namespace === me.namespace;
  return lostItsSocket || (owner.processes === me.processes && !isRunning(owner.pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

function beat(
  folder: string,
  owner: Owner,
  onLost: () => void,
  letGo: () => Promise<void>,
): Omit<FolderLock, 'weakness'> {
  let looked = momentOf(systemClock);
  let isOver = false;
  const stop = () => {
    isOver = true;
    clearInterval(timer);
  };
  const lose = () => {
    stop();
    onLost();
  };
  const beatNext = async (): Promise<void> => {
    if (isOver) return;
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
      stop();
      await beating;
      await letGo();
    },
  };
}

async function beatOnce(folder: string, owner: Owner, onLost: () => void): Promise<void> {
  const current = await readOwner(folder);
  if (isKnown(current) && current.token !== owner.token) return onLost();
  owner.beat++;
  // A full disk must not stop the outbox: its owner is then known by the socket only.
  await writeOwner(folder, owner).catch(() => undefined);
}

async function inUse(folder: string): Promise<OutboxError> {
  const owner = await readOwner(folder);
  const who = isKnown(owner) ? `process ${owner.pid} on ${owner.host}` : 'another process';
  return new OutboxError(
    'OUTBOX_IO',
    `Give this workspace an outbox folder of its own, or stop the other process: ${folder} is in use by ${who}.`,
  );
}
