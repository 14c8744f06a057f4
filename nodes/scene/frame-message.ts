import type { FrameHandling } from '../../src/scene/best-frames';

/** A message of a frame, without the detector's payload. */
export type FrameMessage = Record<string, unknown>;

/** From here on a property of a message is a picture, or as large as one, bytes. */
const LARGE = 4096;
/** Parts of a property that are looked at; what has more is large anyhow. */
const MOST_PARTS = 2000;

/** How many pictures a node keeps for `left` and for things not confirmed yet. */
export const FRAME_HANDLING: FrameHandling<FrameMessage> = {
  limits: { frames: 200, bytes: 64 * 1024 * 1024 },
  measure: (message) => Object.values(message).reduce((sum: number, value) => sum + bytesOf(value), 0),
  withoutPictures: (message) =>
    Object.fromEntries(Object.entries(message).filter(([, value]) => bytesOf(value) < LARGE)),
};

/** About how much memory a value takes. */
function bytesOf(value: unknown): number {
  let bytes = 0;
  const open: unknown[] = [value];
  for (let parts = 0; open.length > 0; parts++) {
    const part = open.pop();
    if (typeof part === 'string') bytes += part.length;
    else if (part instanceof Uint8Array) bytes += part.byteLength;
    else if (Array.isArray(part)) open.push(...(part as unknown[]).slice(0, MOST_PARTS));
    else if (isPlain(part)) open.push(...(Object.values(part) as unknown[]));
    else bytes += 8;
    if (parts > MOST_PARTS) return Math.max(bytes, LARGE);
  }
  return bytes;
}

/** Sockets and other objects of the runtime are not the message's own. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // an object made in a function node has the prototype of another realm
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
