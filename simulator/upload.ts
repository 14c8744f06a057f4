import type { IncomingHttpHeaders } from 'node:http';
import busboy from 'busboy';
import { findMetadataError, type JsonObject } from './event-schema';
import { pictureTypeOf, type PictureType } from './picture-type';
import { ApiRefusal } from './reply';

/** Not documented for this endpoint; the limit of dataset pictures. */
export const MAX_PICTURE_BYTES = 20 * 1024 * 1024;

export interface UploadedPicture {
  bytes: Buffer;
  type: PictureType;
  name?: string;
  metadata: JsonObject;
}

/** Reads the multipart body of `POST /vision-events/upload`: `file`, and optionally `name` and `metadata`. */
export async function readUpload(headers: IncomingHttpHeaders, body: Buffer): Promise<UploadedPicture> {
  if (!headers['content-type']?.startsWith('multipart/form-data')) {
    throw new ApiRefusal(400, 'Content-Type must be multipart/form-data');
  }
  const { fields, file } = await readParts(headers, body);
  if (!file) throw new ApiRefusal(400, 'file is required');
  if (file.length === 0) throw new ApiRefusal(400, 'file is empty');
  if (file.length > MAX_PICTURE_BYTES) throw new ApiRefusal(413, 'file is larger than 20 MB');
  const type = pictureTypeOf(file);
  if (!type) throw new ApiRefusal(400, 'file must be JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC or AVIF');
  const name = fields.get('name');
  return { bytes: file, type, ...(name !== undefined && { name }), metadata: readMetadata(fields) };
}

function readMetadata(fields: Map<string, string>): JsonObject {
  const text = fields.get('metadata');
  if (text === undefined) return {};
  let metadata: unknown;
  try {
    metadata = JSON.parse(text);
  } catch {
    throw new ApiRefusal(400, 'metadata must be a JSON object');
  }
  const error = findMetadataError(metadata);
  if (error) throw new ApiRefusal(400, error);
  return metadata as JsonObject;
}

function readParts(
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<{ fields: Map<string, string>; file: Buffer | undefined }> {
  return new Promise((resolve, reject) => {
    const fields = new Map<string, string>();
    const chunks: Buffer[] = [];
    let hasFile = false;
    const malformed = (error: unknown) => {
      reject(new ApiRefusal(400, `multipart body cannot be read: ${(error as Error).message}`));
    };
    try {
      const parser = busboy({ headers, limits: { fileSize: MAX_PICTURE_BYTES + 1 } });
      parser.on('field', (name, value) => fields.set(name, value));
      parser.on('file', (name, stream) => {
        if (name !== 'file') return stream.resume();
        hasFile = true;
        return stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      });
      parser.on('error', malformed);
      parser.on('close', () => resolve({ fields, file: hasFile ? Buffer.concat(chunks) : undefined }));
      parser.end(body);
    } catch (error) {
      malformed(error);
    }
  });
}
