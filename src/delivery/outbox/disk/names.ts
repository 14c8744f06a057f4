/**
 * Names and ids of our own shape. Whatever looks otherwise was not written by an outbox and is never used as a path.
 */
const ID = String.raw`(\d{10,15})-[0-9a-f]{1,16}`;

const OUTBOX_ID = new RegExp(`^${ID}$`);
/** `0000000007-1f2e3d4c.chunk`: number and random token of the session that wrote it. */
export const CHUNK_FILE = new RegExp(`^${ID}\\.chunk$`);
export const NOTES_FILE = new RegExp(`^(${ID}\\.chunk)\\.notes-[0-9a-f]{1,32}$`);
export const DEAD_FILE = new RegExp(`^(${ID})\\.json$`);
/** Every picture file begins with the outbox id of its event. */
export const PICTURE_FILE = new RegExp(`^(${ID})\\.\\d{1,6}-(?:output|input)\\.[a-z]{1,8}$`);

export function isOutboxId(value: unknown): value is string {
  return typeof value === 'string' && OUTBOX_ID.test(value);
}

/** No outbox ever gets there: higher numbers are planted, and going on behind them would soon leave our own shape. */
const MOST_NUMBER = 10 ** 14;

/** The number that an id or a chunk's name begins with, for new ones to go on behind it. */
export function numberIn(name: string): number {
  const number = Number.parseInt(name, 10);
  return number < MOST_NUMBER ? number : 0;
}
