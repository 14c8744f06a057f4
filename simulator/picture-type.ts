/** The picture formats that the upload endpoint takes ("Upload a Vision Event Image"), told by their first bytes. */
export interface PictureType {
  mediaType: string;
  extension: string;
}

const SIGNATURES: (PictureType & { matches: (head: string) => boolean })[] = [
  { mediaType: 'image/jpeg', extension: 'jpg', matches: (head) => head.startsWith('\xff\xd8\xff') },
  { mediaType: 'image/png', extension: 'png', matches: (head) => head.startsWith('\x89PNG\r\n\x1a\n') },
  { mediaType: 'image/gif', extension: 'gif', matches: (head) => /^GIF8[79]a/.test(head) },
  { mediaType: 'image/webp', extension: 'webp', matches: (head) => /^RIFF[^]{4}WEBP/.test(head) },
  {
    mediaType: 'image/tiff',
    extension: 'tiff',
    matches: (head) => head.startsWith('II*\0') || head.startsWith('MM\0*'),
  },
  { mediaType: 'image/bmp', extension: 'bmp', matches: (head) => head.startsWith('BM') },
  { mediaType: 'image/avif', extension: 'avif', matches: (head) => /^[^]{4}ftyp(avif|avis)/.test(head) },
  {
    mediaType: 'image/heic',
    extension: 'heic',
    matches: (head) => /^[^]{4}ftyp(heic|heix|heim|heis|hevc|mif1|msf1)/.test(head),
  },
];

/** By the bytes, never by a name or a header; undefined when it is none of the formats taken. */
export function pictureTypeOf(bytes: Buffer): PictureType | undefined {
  const head = bytes.toString('latin1', 0, 16);
  const found = SIGNATURES.find((signature) => signature.matches(head));
  return found && { mediaType: found.mediaType, extension: found.extension };
}
