import { crc32 } from '../disk/lines';
import { PICTURE_SLICE_BYTES } from '../limits';
import { type EventTrouble, OutboxDamage, type StoredEvent, type StoredPicture } from '../outbox';
import type { PicturePlace } from '../../../event/picture-place';
import type { Database } from './database';
import type { Totals } from './mirror';

/** A row of the function `lease`. Without an event, only the totals are told. */
export interface LeasedRow {
  id: string | null;
  event_id: string;
  use_case_id: string;
  body: string;
  body_bytes: number;
  /** ms since 1970 by the database's clock */
  accepted_ms: number;
  attempts: number;
  may_land_ms: number | null;
  /** `at`: ms since 1970 by the database's clock, when it was told */
  trouble: (EventTrouble & { at: number }) | null;
  pictures: PictureRow[] | null;
  totals: Totals | null;
}

interface PictureRow {
  place: number;
  role: PicturePlace['role'];
  image: number | null;
  mediaType: string;
  name: string;
  metadata: StoredPicture['metadata'] | null;
  size: number;
  crc: string;
  sourceId: string | null;
}

/** Digits, so that ids sort as texts in the order of the appends. */
export function idText(id: string): string {
  return id.padStart(16, '0');
}

/**
 * @param now by this machine's clock
 * @param databaseNow ms since 1970 by the database's clock
 * @param read of one picture, by its position
 */
export function presentEvent(
  row: LeasedRow & { id: string },
  { now, databaseNow }: { now: number; databaseNow: number },
  read: (id: string, picture: PictureRow) => Promise<Uint8Array>,
): StoredEvent {
  return {
    id: idText(row.id),
    eventId: row.event_id,
    useCaseId: row.use_case_id,
    body: row.body,
    bodyBytes: row.body_bytes,
    acceptedAt: now - (databaseNow - row.accepted_ms),
    attempts: row.attempts,
    ...(row.may_land_ms !== null && row.may_land_ms > 0 && { mayLandMs: row.may_land_ms }),
    ...(row.trouble && { trouble: troubleNow(row.trouble, databaseNow) }),
    pictures: (row.pictures ?? []).map((picture) => ({
      role: picture.role,
      ...(picture.image !== null && { image: picture.image }),
      mediaType: picture.mediaType,
      name: picture.name,
      ...(picture.metadata && { metadata: picture.metadata }),
      size: picture.size,
      ...(picture.sourceId !== null && { sourceId: picture.sourceId }),
      read: () => read(row.id, picture),
    })),
  };
}

function troubleNow(
  { at, refusedAloneMsAgo, ...counts }: EventTrouble & { at: number },
  databaseNow: number,
): EventTrouble {
  if (refusedAloneMsAgo === undefined) return counts;
  return { ...counts, refusedAloneMsAgo: refusedAloneMsAgo + Math.max(0, databaseNow - at) };
}

/**
 * Reads a picture slice by slice, as text: in the binary format, the client hands out wrong bytes.
 *
 * @param table of the pictures, with its schema
 * @param isHeld false when others may have delivered the event meanwhile, and with it its pictures
 * @throws OutboxDamage when it is gone or not what was stored
 */
export async function readPicture(
  database: Database,
  table: string,
  id: string,
  picture: PictureRow,
  isHeld: () => boolean,
): Promise<Uint8Array> {
  const slices: Buffer[] = [];
  for (let from = 0; from < picture.size || from === 0; from += PICTURE_SLICE_BYTES) {
    const [row] = await database.query<{ slice: Buffer }>(
      `select substring(bytes from $3 for $4) as slice from ${table} where event = $1 and place = $2`,
      [id, picture.place, from + 1, PICTURE_SLICE_BYTES],
    );
    if (!row && !isHeld()) throw new Error(`the lease of event ${id} was lost`);
    if (!row)
      throw new OutboxDamage(`The stored picture ${picture.name} of event ${id} is missing in PostgreSQL.`);
    slices.push(row.slice);
  }
  const bytes = slices.length === 1 && slices[0] ? slices[0] : Buffer.concat(slices);
  if (bytes.length !== picture.size || crc32(bytes) !== picture.crc) {
    throw new OutboxDamage(
      `The stored picture ${picture.name} of event ${id} in PostgreSQL is not what was stored.`,
    );
  }
  return bytes;
}
