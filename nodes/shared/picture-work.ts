import { extname } from 'node:path';
import type { NodeAPI } from 'node-red';
import type { AnnotationLists } from '../../src/event/types';
import { displaySize, PICTURE_FORMATS } from '../../src/images/formats';
import { PictureError, type Picture } from '../../src/images/picture';
import { DECODED_MEDIA_TYPES } from '../../src/images/work/media-types';
import { pictureWorker } from '../../src/images/work/picture-worker';
import type { EncodedPicture, PictureJob } from '../../src/images/work/process';
import { numberOf } from './event-settings';
import { HidingRules, type HidingProperties } from './hiding';
import { DRAWN, takesList } from './picture-inputs';
import type { LoadedPicture } from './send-event';

/** The properties by which a dialog says what is done to pictures. A flow of an earlier version does not have them. */
export interface PictureWorkProperties extends HidingProperties {
  pictureMaxSide?: string;
  pictureQuality?: string;
  pictureOver?: string;
  outputImageType?: string;
  picturesType?: string;
}

interface Size {
  width: number;
  height: number;
}

/** What is known of what an image shows. Coordinates are pixels of a grid of this size. */
export interface ImageDetections {
  /** as the event carries them */
  annotations: AnnotationLists;
  /** all that was read */
  seen: AnnotationLists;
  /** of these, what is sure enough to be shown where everything else is hidden */
  sure: AnnotationLists;
  size?: Size;
  hasWholeOutlines: boolean;
  /** why they do not say for certain what is to be hidden */
  doubt?: string;
}

export interface ChangedImage {
  pictures: LoadedPicture[];
  /** the picture that the detections belong to has another size now */
  resized?: { from: Size; to: Size };
  /** a picture went as it is, since its format cannot be decoded */
  keptFormat: boolean;
}

const DEFAULT_QUALITY = 85;

/** What one node does to pictures before they leave: reduced, then hidden in, then drawn on. */
export class PictureWork {
  readonly hiding: HidingRules;
  private readonly maxPixels: number | undefined;
  private readonly maxSide: number | undefined;
  private readonly quality: number;
  private readonly overBytes: number;
  private readonly reduces: boolean;
  private readonly draws: boolean;

  constructor(RED: NodeAPI, config: PictureWorkProperties) {
    const { pictureMaxSide, pictureQuality, pictureOver, outputImageType } = config;
    this.maxPixels = maxPixelsOf(RED);
    this.hiding = new HidingRules(config);
    this.maxSide = numberOf(pictureMaxSide);
    this.quality = numberOf(pictureQuality) ?? DEFAULT_QUALITY;
    this.overBytes = (numberOf(pictureOver) ?? 0) * 1024;
    this.reduces = [pictureMaxSide, pictureQuality, pictureOver].some(
      (value) => numberOf(value) !== undefined,
    );
    this.draws = outputImageType === DRAWN && !takesList(config);
  }

  get isOn(): boolean {
    return this.reduces || this.hiding.isOn || this.draws;
  }

  /** A picture without detections: it is reduced only. @throws PictureError */
  async reduced(picture: Picture): Promise<Picture> {
    if (!this.reduces || !isDecodable(picture)) return picture;
    const { picture: encoded } = await pictureWorker.run(this.job(picture, [picture]), this.maxPixels);
    return withBytes(picture, encoded);
  }

  /**
   * The pictures of one image, as they may leave: all of them, or none.
   *
   * @throws PictureError when one of them cannot be decoded and must be, or when it is not certain what has to be
   * hidden
   */
  async changed(loaded: readonly LoadedPicture[], detections: ImageDetections): Promise<ChangedImage> {
    const base = loaded.find(({ role }) => role === 'input') ?? loaded[0];
    if (!base) return { pictures: [], keptFormat: false };
    // Where nobody says so, the coordinates count in the picture that the detector saw, also for the other one.
    const known = { ...detections, size: detections.size ?? displaySize(base.picture) };
    if (this.hiding.isOn) this.refuseDoubt(loaded, known);
    const isDecoded = loaded.map(({ picture }) => isDecodable(picture));
    const pictures = await this.consistent(loaded, known, base, isDecoded.every(Boolean));
    const [from, now] = [displaySize(base.picture), pictures.find(({ role }) => role === base.role)?.picture];
    const to = now && displaySize(now);
    const isResized = from && to && (from.width !== to.width || from.height !== to.height);
    return {
      pictures,
      ...(isResized && { resized: { from, to } }),
      keptFormat: isDecoded.includes(false),
    };
  }

  /** Pictures of one size are of one size afterwards: they share their annotations. */
  private async consistent(
    loaded: readonly LoadedPicture[],
    detections: ImageDetections,
    base: LoadedPicture,
    mayReduce: boolean,
  ): Promise<LoadedPicture[]> {
    const all = loaded.map(({ picture }) => picture);
    const change = async (maxSide: number | undefined) => {
      const changed: LoadedPicture[] = [];
      for (const one of loaded)
        changed.push(...(await this.changeOne(one, all, detections, one === base, maxSide)));
      return changed;
    };
    const pictures = await change(mayReduce ? this.maxSide : undefined);
    const were = new Set(all.map(sizeKey));
    const are = new Set(pictures.map(({ picture }) => sizeKey(picture)));
    return were.size === 1 && are.size > 1 ? change(undefined) : pictures;
  }

  private async changeOne(
    loaded: LoadedPicture,
    ofImage: readonly Picture[],
    { annotations, seen, sure, size, hasWholeOutlines }: ImageDetections,
    isBase: boolean,
    maxSide: number | undefined,
  ): Promise<LoadedPicture[]> {
    const { picture } = loaded;
    const draws = this.draws && isBase;
    if (!isDecodable(picture)) {
      if (draws) throw notDecodable(picture, 'drawn on');
      return [loaded];
    }
    const grid = size ?? displaySize(picture);
    const job = { ...this.job(picture, ofImage, maxSide), grid };
    if (this.hiding.isOn && grid) job.hide = this.hiding.hiding(seen, sure, grid, hasWholeOutlines);
    if (draws) job.draw = annotations;
    const result = await pictureWorker.run(job, this.maxPixels);
    const changed = { ...loaded, picture: withBytes(picture, result.picture) };
    if (!result.drawn) return [changed];
    return [{ ...loaded, role: 'output', picture: withBytes(picture, result.drawn) }, changed];
  }

  private job(picture: DecodablePicture, ofImage: readonly Picture[], maxSide = this.maxSide): PictureJob {
    const isSmallEnough = !this.reduces || !ofImage.some(({ bytes }) => bytes.length > this.overBytes);
    const { bytes, mediaType, width, height, orientation } = picture;
    return {
      ...{ bytes, mediaType, width, height, orientation },
      quality: this.quality,
      isSmallEnough,
      maxSide: isSmallEnough ? undefined : maxSide,
    };
  }

  private refuseDoubt(loaded: readonly LoadedPicture[], { doubt, size }: ImageDetections): void {
    if (doubt !== undefined)
      throw new PictureError(`${doubt}. The picture is not sent, for it might show what is to be hidden.`);
    for (const { picture } of loaded) {
      if (!isDecodable(picture)) throw notDecodable(picture, 'hidden in');
      const shown = displaySize(picture) as Size;
      if (size && !haveSameShape(size, shown)) {
        throw new PictureError(
          `Check the sizes: detections of ${size.width} x ${size.height} pixels do not fit a picture of ` +
            `${shown.width} x ${shown.height}. It is not sent, for it might show what is to be hidden.`,
        );
      }
    }
  }
}

/** `visionEvents: { pictureMaxMegapixels: 100 }` in settings.js. */
function maxPixelsOf(RED: NodeAPI): number | undefined {
  const { visionEvents } = RED.settings as { visionEvents?: { pictureMaxMegapixels?: unknown } };
  const megapixels = visionEvents?.pictureMaxMegapixels;
  return typeof megapixels === 'number' && megapixels > 0 ? megapixels * 1e6 : undefined;
}

type DecodablePicture = Picture & Size;

function isDecodable(picture: Picture): picture is DecodablePicture {
  return (
    DECODED_MEDIA_TYPES.has(picture.mediaType) && picture.width !== undefined && picture.height !== undefined
  );
}

function notDecodable({ mediaType }: Picture, what: string): PictureError {
  const label = PICTURE_FORMATS.find((format) => format.mediaType === mediaType)?.label ?? mediaType;
  return new PictureError(`Send JPEG or PNG: a picture of the format ${label} cannot be ${what}.`);
}

/** One may be the other in another size; a pixel more or less is rounding. */
function haveSameShape(one: Size, other: Size): boolean {
  const scale = other.width / one.width;
  return Math.abs(one.height * scale - other.height) <= Math.max(2, scale);
}

function sizeKey(picture: Picture): string {
  const { width, height } = displaySize(picture) ?? {};
  return `${width} x ${height}`;
}

/** The name gets the ending of what the picture is now; a camera's own, such as .JPEG, stays. */
function withBytes({ name, mediaType: before }: Picture, encoded: EncodedPicture): Picture {
  const { bytes, mediaType, width, height } = encoded;
  const format = PICTURE_FORMATS.find((known) => known.mediaType === mediaType);
  const renamed =
    mediaType === before ? name : `${name.slice(0, name.length - extname(name).length)}.${format?.extension}`;
  return { bytes, mediaType, name: renamed, width, height };
}
