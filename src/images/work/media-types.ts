/** Of the pictures that can be decoded here. */
export const DECODED_MEDIA_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png']);
