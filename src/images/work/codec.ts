import { readFileSync } from 'node:fs';
import type { Pixels } from './pixels';

/**
 * The codecs in WebAssembly, loaded when first used; only the worker thread calls them. After an error the state of the
 * codec that raised it is unknown: the thread must end then.
 */
export async function decode(bytes: Uint8Array, mediaType: string): Promise<Pixels> {
  return mediaType === 'image/png'
    ? (await pngDecoder())(bytes as never)
    : (await jpegDecoder())(bytes as never);
}

/** @param quality 1 to 100 */
export async function encodeJpeg(pixels: Pixels, quality: number): Promise<Uint8Array> {
  const encode = await jpegEncoder();
  return new Uint8Array(await encode(pixels as never, { quality, progressive: false, baseline: true }));
}

const jpegDecoder = once(async () => {
  providePixelClass();
  const codec = await import('@jsquash/jpeg/decode.js');
  await codec.init(compiled('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'));
  return codec.default;
});

const jpegEncoder = once(async () => {
  const codec = await import('@jsquash/jpeg/encode.js');
  await codec.init(compiled('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'));
  return codec.default;
});

const pngDecoder = once(async () => {
  providePixelClass();
  const codec = await import('@jsquash/png/decode.js');
  await codec.init(compiled('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
  return codec.decode;
});

function once<Codec>(load: () => Promise<Codec>): () => Promise<Codec> {
  let loaded: Promise<Codec> | undefined;
  return () => (loaded ??= load());
}

/** By the file, since the codecs themselves would fetch it as a browser does. */
function compiled(file: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(require.resolve(file)));
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
