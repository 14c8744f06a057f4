/** What every browser shows. */
const SHOWN_MEDIA_TYPES: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/gif',
  'image/bmp',
  'image/avif',
]);

export function isShownByBrowsers(mediaType: string): boolean {
  return SHOWN_MEDIA_TYPES.has(mediaType);
}

export function dataUrlOf(mediaType: string, bytes: Uint8Array): string {
  return `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`;
}
