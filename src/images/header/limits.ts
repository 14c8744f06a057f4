/**
 * How far a header is followed. A picture comes from a network, and one turn of the event loop reads its header:
 * without limits a small file of very many tiny parts would hold every flow. Each limit is far above what cameras,
 * phones and editors write. Beyond one the size is unknown, and whether the end is there is taken on trust.
 */

/** A JPEG of 20 MB that is all comments has 320 segments; a colour profile has at most 255. */
export const MAX_JPEG_SEGMENTS = 4_096;

/** Bytes that belong to no segment. Cameras that write any write a few; padding to a disk block is 4 KB. */
export const MAX_JPEG_STRAY_BYTES = 16 * 1024;

/** Bytes 0xd9 that are looked at for the end mark: of noise, 20 MB have 82,000. */
export const MAX_JPEG_END_CANDIDATES = 131_072;

/**
 * Usual encoders write chunks of 8 KB or more, which makes 2,500 in 20 MB; a moving picture has two or three a frame.
 */
export const MAX_PNG_CHUNKS = 16_384;

/** A moving WebP has a chunk a frame. */
export const MAX_WEBP_CHUNKS = 16_384;

/** Pictures and extensions of a GIF; a moving one has two or three a frame. */
export const MAX_GIF_BLOCKS = 16_384;

/** A sub-block holds up to 255 bytes, which makes 82,000 in 20 MB. */
export const MAX_GIF_SUB_BLOCKS = 131_072;

/** Scanners write about 15 entries, cameras with their own tags some hundred. */
export const MAX_TIFF_ENTRIES = 4_096;

/** All boxes together that are looked at in one HEIC or AVIF; phones write about 100. */
export const MAX_ISO_BOXES = 4_096;

/** Items that a HEIC or AVIF lists: tiles of 512 pixels of a picture of 200 megapixels are 800. */
export const MAX_ISO_ITEMS = 16_384;

/** Thrown when a header goes on beyond one of these limits. */
export class HeaderTooLong extends Error {}
