import { pictureFormatOf } from './formats';
import { PictureError } from './picture-error';
import { isObject } from '../json-object';

/**
 * The bytes of a picture that came in a message. No value is ever taken for a path: a flow's input must not read the
 * disk.
 */
export function bytesFromValue(source: unknown, maxBytes: number): Buffer {
  if (typeof source === 'string') return bytesFromText(source, maxBytes);
  if (source instanceof ArrayBuffer) return Buffer.from(source);
  if (ArrayBuffer.isView(source)) return Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  if (isObject(source)) return bytesFromRecord(source, maxBytes);
  throw new PictureError(
    `Name the property with the picture, such as msg.image: there is no picture, the value is ${nameOf(source)}.`,
  );
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** A Buffer that went through JSON, and the picture of a Roboflow workflow: `{type: 'base64', value: '…'}`. */
function bytesFromRecord(source: Record<string, unknown>, maxBytes: number): Buffer {
  if (source.type === 'Buffer' && Array.isArray(source.data)) return bytesFromNumbers(source.data, maxBytes);
  if (source.type === 'base64' && typeof source.value === 'string')
    return bytesFromText(source.value, maxBytes);
  const holdsPixels = ['width', 'height', 'data'].every((key) => key in source);
  throw new PictureError(
    holdsPixels
      ? 'The value holds raw pixels. Encode them as JPEG or PNG first, in the node that makes the picture.'
      : 'Name the property with the picture, such as payload.image: the value is an object without a picture in it, ' +
          'which is a Buffer or base64 text.',
  );
}

function bytesFromNumbers(data: unknown[], maxBytes: number): Buffer {
  refuseTooLarge(data.length, maxBytes);
  const isByte = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
  // Not `every`, which passes over entries that are not there: a list may have millions of them.
  if (data.findIndex((value) => !isByte(value)) >= 0) {
    throw new PictureError(
      'The value looks like a Buffer in JSON, but its data holds other things than bytes.',
    );
  }
  return Buffer.from(data as number[]);
}

const DATA_URL_HEAD = /^data:[^,]{0,200},/i;
const NOT_BASE64 = /[^A-Za-z0-9+/_-]/;
const PATH_START = /^(?:~|\.{0,2}[/\\]|[A-Za-z]:[/\\]|file:)/;
const PICTURE_FILE_NAME = /\.(?:jpe?g|png|webp|gif|tiff?|bmp|hei[cf]|avif)$/i;

function bytesFromText(source: string, maxBytes: number): Buffer {
  // 4 letters are 3 bytes; the factor 2 leaves room for line breaks and the head of a data URL
  refuseTooLarge(Math.floor(source.length / 2), maxBytes);
  const text = source.trim();
  if (text === '') throw new PictureError('The picture is an empty text.');
  const head = DATA_URL_HEAD.exec(text)?.[0];
  if (head && !/;base64,$/i.test(head)) {
    throw new PictureError('The data URL is not base64. Use one that begins with data:image/jpeg;base64,');
  }
  const bytes = decodeBase64(text.slice(head?.length ?? 0));
  if (bytes) refuseTooLarge(bytes.length, maxBytes);
  // Base64 of a JPEG begins with "/9j/" and any word is base64 by accident, so only a known picture decides.
  if (bytes && pictureFormatOf(bytes)) return bytes;
  throw new PictureError(whyTextIsNoPicture(text, head !== undefined, bytes !== undefined));
}

/** Undefined when the text is not base64. Line breaks and the URL-safe alphabet are fine. */
function decodeBase64(text: string): Buffer | undefined {
  const letters = text.replace(/\s+/g, '').replace(/={1,2}$/, '');
  if (letters.length % 4 === 1 || NOT_BASE64.test(letters)) return undefined;
  return Buffer.from(letters, 'base64');
}

function whyTextIsNoPicture(text: string, isDataUrl: boolean, isBase64: boolean): string {
  if (isDataUrl) {
    return isBase64
      ? 'The data URL holds no picture of a known format.'
      : 'The data URL is damaged: its base64 is broken.';
  }
  // an address may carry a key, so it is not repeated
  if (/^(?:https?|rtsp):\/\//i.test(text)) {
    return 'The text is a web address. Fetch the picture with an "http request" node that returns a binary buffer.';
  }
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  if (text.length < 4096 && (PATH_START.test(text) || PICTURE_FILE_NAME.test(text))) {
    return `The text ${shown} looks like the path of a file: choose the type "file:" where this setting has it, or read it with a "read file" node.`;
  }
  return isBase64
    ? `The text ${shown} is base64, but its bytes are not a picture of a known format.`
    : `The text ${shown} is not a picture: it is neither base64 nor a data URL.`;
}

export function refuseTooLarge(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  const megabytes = (value: number) => (value / 1024 / 1024).toFixed(1);
  throw new PictureError(
    `The picture is too large: ${megabytes(bytes)} MB, at most ${megabytes(maxBytes)} MB can be uploaded. ` +
      'Let the camera send a smaller or more compressed picture.',
  );
}
