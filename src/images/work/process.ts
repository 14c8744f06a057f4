import type { AnnotationLists } from '../../event/types';
import { resizeAnnotations } from '../../event/resize-annotations';
import { displaySize } from '../formats';
import { decode, encodeJpeg } from './codec';
import { draw } from './draw';
import { hide } from './hide';
import { flatten, isLineArt, type Pixels } from './pixels';
import { encodePng } from './png';
import { reduce, reducedSize } from './reduce';
import { scaled, type Region } from './region';
import { withoutMetadata } from './strip';
import { upright } from './upright';

interface Size {
  width: number;
  height: number;
}

/** What is to be done with one picture. Plain values and bytes only: it goes to another thread. */
export interface PictureJob {
  bytes: Uint8Array;
  mediaType: string;
  /** in pixels, as stored */
  width: number;
  height: number;
  orientation?: number;
  /** longest side in pixels; undefined: as it is */
  maxSide?: number;
  /** it is only to lose its metadata, where nothing else forces a new file */
  isSmallEnough?: boolean;
  /** of a JPEG, 1 to 100 */
  quality: number;
  hide?: {
    regions: readonly Region[];
    /** everything but these is hidden as well */
    except?: readonly Region[];
    /** a part of the longer side of each region */
    margin: number;
  };
  /** drawn on a second picture */
  draw?: AnnotationLists;
  /** of the grid that regions and annotations are in; undefined: that of the picture as it is shown */
  grid?: Size;
}

export interface EncodedPicture {
  bytes: Uint8Array;
  mediaType: string;
  width: number;
  height: number;
}

export interface PictureJobResult {
  picture: EncodedPicture;
  drawn?: EncodedPicture;
}

/**
 * Decodes a picture, applies its EXIF orientation, reduces it, hides what is to be hidden, and encodes it; the drawing
 * is made from that. What comes out has no EXIF and is upright. It is the picture that came in, without its metadata,
 * where nothing had to be changed and it would have grown.
 *
 * @throws whatever the codec throws for a picture that it cannot read
 */
export async function processPicture(job: PictureJob): Promise<PictureJobResult> {
  const shown = displaySize(job) as Size;
  const original = mayStay(job) && withoutMetadata(job.bytes, job.mediaType);
  const asItWas = original && { bytes: original, mediaType: job.mediaType, ...shown };
  if (asItWas && job.isSmallEnough && !job.draw && !job.hide) return { picture: asItWas };
  const pixels = await finishedPixels(job, shown);
  const encoded = await encode(pixels, job.mediaType, job.quality);
  const isOfUse = job.isSmallEnough || encoded.bytes.length >= job.bytes.length;
  // A picture and its drawing have one size.
  const fits = !job.draw || pixels.width === shown.width;
  const picture = asItWas && isOfUse && fits ? asItWas : encoded;
  if (!job.draw) return { picture };
  draw(pixels, resizeAnnotations(job.draw, job.grid ?? shown, pixels));
  return { picture, drawn: await encode(pixels, job.mediaType, job.quality) };
}

/** Nothing is hidden in it, and it is upright. */
function mayStay({ hide, orientation = 1 }: PictureJob): boolean {
  return orientation === 1 && !hide?.except && !hide?.regions.length;
}

async function finishedPixels(job: PictureJob, shown: Size): Promise<Pixels> {
  const decoded = await decode(job.bytes, job.mediaType);
  if (decoded.width !== job.width || decoded.height !== job.height) {
    throw new Error(
      `the header says ${job.width} x ${job.height} pixels, but ${decoded.width} x ${decoded.height} came`,
    );
  }
  flatten(decoded);
  // Turned last, for the few pixels that are left then; a mean is the same from either side.
  const { width, height } = reducedSize(decoded, job.maxSide);
  const pixels = upright(reduce(decoded, width, height), job.orientation);
  if (job.hide) hideIn(pixels, job.hide, job.grid ?? shown);
  return pixels;
}

function hideIn(
  pixels: Pixels,
  { regions, except, margin }: NonNullable<PictureJob['hide']>,
  grid: Size,
): void {
  const here = (region: Region) => scaled(region, pixels.width / grid.width, pixels.height / grid.height);
  hide(pixels, { regions: regions.map(here), except: except?.map(here), margin });
}

/** A PNG stays one when it is line art and smaller so: a JPEG would blur its edges. */
async function encode(pixels: Pixels, mediaType: string, quality: number): Promise<EncodedPicture> {
  const { width, height } = pixels;
  const asJpeg = { bytes: await encodeJpeg(pixels, quality), mediaType: 'image/jpeg', width, height };
  if (mediaType !== 'image/png' || !isLineArt(pixels)) return asJpeg;
  const bytes = encodePng(pixels);
  return bytes.length < asJpeg.bytes.length ? { bytes, mediaType, width, height } : asJpeg;
}
