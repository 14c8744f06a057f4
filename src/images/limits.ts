/**
 * Largest picture in bytes. The API names no limit for uploads ("Upload a Vision Event Image"); 20 MB is the platform's
 * limit for dataset pictures and for hosted inference, so a larger one is refused here instead of on the way.
 */
export const PICTURE_MAX_BYTES = 20 * 1024 * 1024;

/** Width and height beyond this are not a size but damage: 65535 is the most that JPEG and most cameras can say. */
export const PICTURE_MAX_SIDE = 65_535;

/** Pictures that wait to be changed, at most: some seconds of work. */
export const MAX_WAITING_PICTURES = 50;

/**
 * Width times height of a picture that is decoded, at most, unless settings.js says otherwise: four bytes a pixel, some
 * of it three times over, make half a gigabyte. Cameras of machines have 1 to 25 megapixels.
 */
export const DECODED_MAX_PIXELS = 50_000_000;
