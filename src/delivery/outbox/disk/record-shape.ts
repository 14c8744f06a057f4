import { MAX_IMAGES } from '../../../event/limits';
import type { EventHeader, Note, PictureRecord } from './lines';
import { isOutboxId, PICTURE_FILE } from './names';
import { isObject } from '../../../json-object';

/**
 * What a record that is read back must look like: its checksum proves no origin, and its ids and file names become
 * paths. By hand and not by a zod schema: those take up to twice as long for 100,000 records, and loading zod takes
 * longer than both.
 */

/** No buffer is larger, and sums of a full outbox stay exact. */
const MOST_PICTURE_BYTES = 2 ** 32;
/** As far as dates go. */
const MOST_TIME_MS = 8.64e15;
const CRC = /^[0-9a-f]{8}$/;

export function isEventHeader(value: unknown): value is EventHeader {
  if (!isObject(value)) return false;
  const { put, at, eventId, useCaseId, pictures, clockUnset } = value;
  return (
    isOutboxId(put) &&
    isTime(at) &&
    isText(eventId) &&
    isText(useCaseId) &&
    isClockUnset(clockUnset) &&
    arePictures(pictures, put)
  );
}

export function isNote(value: unknown): value is Note {
  if (!isObject(value)) return false;
  if ('done' in value) return Array.isArray(value.done) && value.done.every(isOutboxId);
  if ('sent' in value) return isOutboxId(value.sent);
  if ('shifted' in value)
    return Array.isArray(value.shifted) && value.shifted.every(isOutboxId) && Number.isSafeInteger(value.by);
  const { uploaded, shed, sourceId } = value;
  if (!isPlace(value)) return false;
  return uploaded === undefined ? isOutboxId(shed) : isOutboxId(uploaded) && isText(sourceId);
}

function isClockUnset(value: unknown): boolean {
  if (value === undefined) return true;
  return isObject(value) && isText(value.process) && isTime(value.startedAt);
}

/** @param id of their event: a picture of another event is not its own to send or to delete */
export function arePictures(value: unknown, id: string): value is PictureRecord[] | undefined {
  return value === undefined || (Array.isArray(value) && value.every((picture) => isPicture(picture, id)));
}

function isPicture(value: unknown, id: string): value is PictureRecord {
  if (!isObject(value)) return false;
  const { mediaType, name, metadata, file, size, crc, sourceId, sent } = value;
  return (
    isPlace(value) &&
    isText(mediaType) &&
    isText(name) &&
    (metadata === undefined || isObject(metadata)) &&
    isText(file) &&
    PICTURE_FILE.exec(file)?.[1] === id &&
    isSize(size) &&
    isText(crc) &&
    CRC.test(crc) &&
    (sourceId === undefined || isText(sourceId)) &&
    (sent === undefined || typeof sent === 'boolean')
  );
}

export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MOST_TIME_MS;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** An image far away would be reached by a list of as many entries. */
function isPlace({ role, image = 0 }: Record<string, unknown>): boolean {
  const isImage = Number.isInteger(image) && Number(image) >= 0 && Number(image) < MAX_IMAGES;
  return isImage && (role === 'output' || role === 'input');
}

const isSize = (value: unknown) =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MOST_PICTURE_BYTES;
