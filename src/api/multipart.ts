import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { RequestBody } from './http-client';

export interface FilePart {
  bytes: Uint8Array;
  /** such as `image/jpeg`; anything that is not a media type is sent as `application/octet-stream` */
  mediaType: string;
  name: string;
}

/** Pieces in which a file goes out; larger ones would be copied into the socket's buffer at once. */
const PIECE_BYTES = 64 * 1024;
const MAX_FILE_NAME = 100;

/**
 * A `multipart/form-data` body ("Upload a Vision Event Image"): text fields, then the part `file`. The bytes are
 * streamed and not copied; the length is exact, because some gateways refuse chunked requests.
 */
export function multipartBody(file: FilePart, fields: Record<string, string>): RequestBody {
  const boundary = `vision-events-${randomBytes(16).toString('hex')}`;
  const mediaType = /^[a-z]+\/[a-z0-9.+-]+$/i.test(file.mediaType)
    ? file.mediaType
    : 'application/octet-stream';
  const textParts = Object.entries(fields).map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${safeFileName(name)}"\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\n\r\n${value}\r\n`,
  );
  const head = Buffer.from(
    `${textParts.join('')}--${boundary}\r\n` +
      `Content-Disposition: form-data; name="file"; filename="${safeFileName(file.name)}"\r\n` +
      `Content-Type: ${mediaType}\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: head.length + file.bytes.length + tail.length,
    open: () => Readable.from(pieces(head, file.bytes, tail), { objectMode: false }),
  };
}

function* pieces(head: Buffer, bytes: Uint8Array, tail: Buffer): Generator<Buffer> {
  yield head;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < file.length; start += PIECE_BYTES) {
    yield file.subarray(start, start + PIECE_BYTES);
  }
  yield tail;
}

/** The last part of a path, with nothing that could end the header or mean a folder on the other side. */
export function safeFileName(name: string): string {
  const last = name.split(/[/\\]/).pop() ?? '';
  const safe = last
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '');
  return safe.slice(-MAX_FILE_NAME) || 'image';
}
