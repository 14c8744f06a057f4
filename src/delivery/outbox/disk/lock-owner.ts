import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errorCode } from './file-layer';
import { overwritePlainFile, readPlainFile } from './plain-file';

/** Who uses the folder, as its file `lock` tells. */
export interface Owner {
  host: string;
  pid: number;
  /** host and network namespace: the same for all processes that see each other's sockets */
  namespace: string;
  /** host and process namespace: the same for all processes for which `pid` is the same process */
  processes: string;
  /** the socket that it holds; empty when it holds none */
  socket: string;
  token: string;
  beat: number;
}

/** A file caught half written has an owner too; so has what is not an owner's file at all. */
export const UNKNOWN_OWNER: Owner = {
  host: 'an unknown host',
  pid: 0,
  namespace: '',
  processes: '',
  socket: '',
  token: '',
  beat: 0,
};

const OWNER_FILE = 'lock';
/** Host names end up in error texts: from a planted file, only what a host name may hold. */
const HOST_NAME = /^[\w.-]{1,255}$/;

export async function thisProcess(socket: string): Promise<Owner> {
  const [network, processes] = await Promise.all(
    ['net', 'pid'].map((kind) => fs.readlink(`/proc/self/ns/${kind}`).catch(() => '')),
  );
  return {
    host: hostname(),
    pid: process.pid,
    namespace: `${hostname()} ${network}`.trim(),
    processes: `${hostname()} ${processes}`.trim(),
    socket,
    token: randomBytes(8).toString('hex'),
    beat: 0,
  };
}

export function writeOwner(folder: string, owner: Owner): Promise<void> {
  return overwritePlainFile(join(folder, OWNER_FILE), JSON.stringify(owner));
}

/** Undefined only when there is no file. */
export async function readOwner(folder: string): Promise<Owner | undefined> {
  try {
    return asOwner(JSON.parse(await readPlainFile(join(folder, OWNER_FILE))));
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? undefined : UNKNOWN_OWNER;
  }
}

function asOwner(found: unknown): Owner {
  const owner = { ...UNKNOWN_OWNER, ...(found as Partial<Owner> | null) };
  const isWhole =
    HOST_NAME.test(owner.host) && Number.isInteger(owner.pid) && typeof owner.token === 'string';
  return isWhole && owner.token !== '' ? owner : UNKNOWN_OWNER;
}

export async function removeOwner(folder: string, { token }: Owner): Promise<void> {
  if ((await readOwner(folder))?.token === token) await fs.rm(join(folder, OWNER_FILE), { force: true });
}
