import { Parser, type ReadEntry } from 'tar';
import type { JsonObject } from './event-schema';
import { ApiRefusal } from './reply';

/** On the raw body, compressed or not ("Upload a Vision Event Bundle"); exactly so many still pass. */
export const MAX_BUNDLE_BYTES = 25 * 1024 * 1024;
/** A limit on what is unpacked is not documented; this one keeps a malicious archive from filling the memory. */
const MAX_UNPACKED_BYTES = 100 * 1024 * 1024;

export interface Bundle {
  payload: JsonObject;
  /** the members under `images/`, by path */
  images: Map<string, Buffer>;
}

/** Reads a bundle of format version 1: `payload.json` and `images/…` in a tar archive, gzip-compressed or plain. */
export async function readBundle(body: Buffer): Promise<Bundle> {
  if (body.length > MAX_BUNDLE_BYTES) throw new ApiRefusal(413, 'Bundle is larger than 25 MiB');
  const members = await readMembers(body);
  const text = members.get('payload.json');
  if (!text) throw new ApiRefusal(400, 'Bundle has no payload.json');
  members.delete('payload.json');
  const payload = parsePayload(text);
  if (payload.bundleFormatVersion !== 1) throw new ApiRefusal(400, 'bundleFormatVersion must be 1');
  return { payload, images: members };
}

function parsePayload(text: Buffer): JsonObject {
  try {
    const payload: unknown = JSON.parse(text.toString('utf8'));
    if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) {
      return payload as JsonObject;
    }
  } catch {
    // refused below like any other text that is not an object
  }
  throw new ApiRefusal(400, 'payload.json must be a JSON object');
}

function readMembers(body: Buffer): Promise<Map<string, Buffer>> {
  return new Promise((resolve, reject) => {
    const members = new Map<string, Buffer>();
    let unpacked = 0;
    const refuse = (text: string) => reject(new ApiRefusal(400, text));
    const parser = new Parser({
      strict: true,
      onReadEntry(entry: ReadEntry) {
        const path = entry.path.replace(/^\.\//, '');
        const chunks: Buffer[] = [];
        const fault = memberFault(entry, path);
        if (fault) refuse(fault);
        entry.on('data', (chunk: Buffer) => {
          unpacked += chunk.length;
          if (unpacked > MAX_UNPACKED_BYTES) parser.abort(new Error('unpacks to more than 100 MiB'));
          else if (path === 'payload.json' || path.startsWith('images/')) chunks.push(chunk);
        });
        // Unknown top-level folders are to be ignored: future kinds of media get folders of their own.
        entry.on('end', () => {
          if (entry.type === 'File' && (path === 'payload.json' || path.startsWith('images/'))) {
            members.set(path, Buffer.concat(chunks));
          }
        });
      },
    });
    parser.on('error', (error: Error) => refuse(`Bundle cannot be read: ${error.message}`));
    parser.on('end', () => resolve(members));
    parser.end(body);
  });
}

function memberFault(entry: ReadEntry, path: string): string | undefined {
  if (path.startsWith('/') || path.split('/').includes('..')) return `Bundle has an unsafe path: ${path}`;
  if (entry.type === 'Directory' || entry.type === 'File' || entry.type === 'OldFile') return undefined;
  return `Bundle has a member that is not a file: ${path}`;
}
