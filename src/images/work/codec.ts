import { readFileSync } from 'node:fs';
import type { Pixels } from './pixels';

/** Media types that can be decoded. */
export const DECODED_MEDIA_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png']);

/**
 * The codecs in WebAssembly, loaded when first used; only the worker thread calls them. After an error the state of the codec that
 * raised it is unknown: the thread must end then.
 */
export async function decode(bytes: Uint8Array, mediaType: string): Promise<Pixels> {
  providePixelClass();
  return mediaType === 'image/png' ? decodePng(bytes) : decodeJpeg(bytes);
}

/** @param quality 1 to 100 */
export async function encodeJpeg(pixels: Pixels, quality: number): Promise<Uint8Array> {
  const codec = await import('@jsquash/jpeg/encode.js');
  await codec.init(compiled('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'));
  return new Uint8Array(
    await codec.default(pixels as never, { quality, progressive: false, baseline: true }),
  );
}

export async function encodePng(pixels: Pixels): Promise<Uint8Array> {
  const codec = await import('@jsquash/png/encode.js');
  await codec.init(compiled(PNG_CODEC));
  return new Uint8Array(await codec.default(pixels as never));
}

const PNG_CODEC = '@jsquash/png/codec/pkg/squoosh_png_bg.wasm';

async function decodeJpeg(bytes: Uint8Array): Promise<Pixels> {
  const codec = await import('@jsquash/jpeg/decode.js');
  await codec.init(compiled('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'));
  return codec.default(bytes as never);
}

async function decodePng(bytes: Uint8Array): Promise<Pixels> {
  const codec = await import('@jsquash/png/decode.js');
  await codec.init(compiled(PNG_CODEC));
  return codec.decode(bytes as never);
}

const modules = new Map<string, WebAssembly.Module>();

/** By the file, since the codecs themselves would fetch it as a browser does. */
function compiled(file: string): WebAssembly.Module {
  let module = modules.get(file);
  if (!module) modules.set(file, (module = new WebAssembly.Module(readFileSync(require.resolve(file)))));
  return module;
}

/** The codecs answer with the class that browsers have for pixels. */
function providePixelClass(): void {
  (globalThis as Record<string, unknown>)['ImageData'] ??= class implements Pixels {
    constructor(
      readonly data: Uint8ClampedArray,
      readonly width: number,
      readonly height: number,
    ) {}
  };
}
