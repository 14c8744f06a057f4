import { gunzipSync } from 'node:zlib';

/** The bytes of the part `file` of a multipart body, or undefined when there is none. */
export function filePart(body: Buffer, contentType: string): Buffer | undefined {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`--${boundary}`);
  for (let start = body.indexOf(delimiter); start >= 0;) {
    const end = body.indexOf(delimiter, start + delimiter.length);
    if (end < 0) return undefined;
    const part = body.subarray(start + delimiter.length + '\r\n'.length, end - '\r\n'.length);
    const headEnd = part.indexOf('\r\n\r\n');
    if (/name="file"/.test(part.subarray(0, headEnd).toString())) return part.subarray(headEnd + 4);
    start = end;
  }
  return undefined;
}

const TAR_BLOCK = 512;

/** The members of a bundle, by name: a tar archive, gzipped or not. */
export function tarMembers(bundle: Buffer): Map<string, Buffer> {
  const tar = bundle[0] === 0x1f && bundle[1] === 0x8b ? gunzipSync(bundle) : bundle;
  const members = new Map<string, Buffer>();
  for (let at = 0; at + TAR_BLOCK <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + TAR_BLOCK);
    const size = parseInt(textOf(header.subarray(124, 136)), 8);
    const start = at + TAR_BLOCK;
    members.set(textOf(header.subarray(0, 100)), tar.subarray(start, start + size));
    at = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
  return members;
}

/** A field of a tar header ends at its first zero byte. */
function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? field.length : end).toString();
}
