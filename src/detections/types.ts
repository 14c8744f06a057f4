import type { AnnotationLists } from '../event/types';

/** Width and height, in pixels. */
export interface Size {
  /** pixels */
  width: number;
  /** pixels */
  height: number;
}

/** The size of a picture as it is stored. */
export interface StoredSize extends Size {
  /** how EXIF orders it to be shown, 1 to 8; 1 when missing */
  orientation?: number;
}

/** How a detector made the picture fit its input: stretched, cut to the middle, or shrunk with bars around it. */
export const SOURCE_FITS = ['squash', 'crop', 'letterbox'] as const;
/** See `SOURCE_FITS`. */
export type SourceFit = (typeof SOURCE_FITS)[number];

/**
 * How a payload is read: its format, and what it does not say itself. Missing means: as the payload says, else unknown.
 */
export interface DetectionSettings {
  /** `auto`, the id of an adapter or a preset (see `FORMATS`), or `custom` */
  format: string;
  /** the mapping of format `custom`: an object, or its JSON text */
  mapping?: unknown;
  /**
   * for formats that carry pixels or fractions under the same names; `auto` takes pixels and refuses what may be
   * fractions
   */
  units?: 'auto' | 'pixel' | 'fraction';
  /** class of a detection that names none; without it `unknown`, or the format's own word (`person` for a pose) */
  defaultClass?: string;
  /** confidence (0 to 1) of a detection that carries none; without it 0 */
  defaultConfidence?: number;
  /** class names for detectors that send only a class number: the first name belongs to 0 */
  labels?: string[];
  /** the grid that the coordinates are in, when it is not the picture's: the model's input or the detector's stream */
  sourceSize?: Size;
  sourceFit?: SourceFit;
  /** size of the picture, when the payload does not carry it */
  imageSize?: Size;
  /** Roboflow Workflows: dotted path of the output to use when there are several */
  output?: string;
  /** Frigate: the box that belongs to the snapshot picture, or the one of the current frame */
  frigateBox?: 'snapshot' | 'current';
  /** scale pixel boxes from the size in the payload to the size of the attached picture when the two differ */
  scaleToImage?: boolean;
  /** `skip-boxes` keeps the classifications of a payload whose boxes need a size that nobody knows */
  onMissingSize?: 'error' | 'skip-boxes';
  /** Roboflow multi-label classification: every class, not only the predicted ones */
  allClasses?: boolean;
  /** read the detector's own track ids */
  trackIds?: boolean;
  /** collect values for customMetadata, such as camera or track id */
  metadataCandidates?: boolean;
  /** use names of recognised persons and licence plates; personal data, so off without an order */
  personalNames?: boolean;
  /** what to do with a payload of several images: an entry for each, or only the first */
  multipleImages?: 'all' | 'first';
  /**
   * A picture that EXIF orders to be shown turned or mirrored: the detector saw it `turned`, upright, as most do; or as
   * `stored`, then boxes, polygons and keypoints are turned with the picture
   */
  exifOrientation?: 'turned' | 'stored';
}

/** What else is known of the picture that was looked at. */
export interface DetectionContext {
  /** `msg.imageWidth` and `msg.imageHeight` */
  imageSize?: Size;
  /** `msg.shape` of the TensorFlow.js nodes: [height, width, channels] */
  shape?: unknown;
  /**
   * bytes, base64 or data URL of the picture that will be attached: its header gives the size. Or that size, where it
   * is known already
   */
  picture?: Uint8Array | string | StoredSize;
  /** `msg.statusCode` of the request that brought the payload: errors name it from 400 on */
  statusCode?: unknown;
}

/**
 * What deserves a remark though the payload was converted. A note appears once, however many detections it concerns.
 */
export type NoteCode =
  | 'bad-number'
  | 'box-derived'
  | 'box-outside-image'
  | 'boxes-skipped'
  | 'class-not-in-map'
  | 'confidence-clamped'
  | 'corners-swapped'
  | 'count-mismatch'
  | 'crop-coordinates'
  | 'degenerate-box'
  | 'exif-rotated'
  | 'false-positive'
  | 'image-size-conflict'
  | 'indexed-object'
  | 'list-capped'
  | 'mask-not-converted'
  | 'mask-simplified'
  | 'missing-box'
  | 'missing-class'
  | 'missing-confidence'
  | 'mixed-units'
  | 'model-input-coordinates'
  | 'module-failed'
  | 'multiple-images'
  | 'no-keypoints'
  | 'no-list-inside'
  | 'nothing-predicted'
  | 'picture-unreadable'
  | 'points-outside-image'
  | 'polygon-too-short'
  | 'several-frames'
  | 'snapshot-frame-mismatch'
  | 'text-as-class';

/** What a detector says that reports its tracked objects one by one. */
export interface SingleObject {
  /** it tells of an object only once it is sure */
  isConfirmed?: boolean;
  /** it will tell when the object is gone */
  saysEnd?: boolean;
  /** the object is gone */
  isEnd?: boolean;
}

/** The detections of one picture. */
export interface ConvertedImage {
  annotations: AnnotationLists;
  /** only with `trackIds`: the detector's own id of the object behind an annotation, where it sends one */
  tracks?: ReadonlyMap<object, string>;
  /** the size that was used or found, absent when nobody knows it */
  imageSize?: Size;
}

/** What a payload became. */
export interface DetectionResult {
  /** the adapter or preset that read the payload; `any-empty` for an empty list that any detector could have sent */
  format: string;
  /** never empty; one entry unless the payload speaks of several pictures */
  images: ConvertedImage[];
  /** annotations in all images and lists */
  count: number;
  /** detections of the payload that were left out, those that could not be read and those beyond the limit of a list */
  dropped: number;
  /** those of them that could not be read */
  unread: number;
  /** rows below the mapping's own minimum confidence, where there are some: nobody looked at their boxes */
  passedOver?: number;
  /**
   * For each image what the values of an event follow from: all that was read, also beyond the limit of a list, but of
   * a classifier's list of all classes only the predicted one. Absent when the mapping lets the list be missing and it
   * is: then nobody knows what was there
   */
  seen?: AnnotationLists[];
  notes: NoteCode[];
  /** the payload speaks of one tracked object, not of all objects of a frame */
  single?: SingleObject;
  /** only with `metadataCandidates` */
  metadata?: Record<string, string | number | boolean>;
}
