import { DetectionError } from '../detection-error';
import { decodePayload } from '../payload';
import { readPoints } from '../points';
import { boxes, classes, fourFields, putFour } from '../reading';
import type { Adapter, BoxPlan, ImageReading, RawPoint, RowPlan } from '../reading';
import { isObject } from '../../json-object';
import { everyRow, has, isList, isText, own, ownArray, toNumber, toSize } from '../values';
import type { JsonObject } from '../values';

/**
 * Ultralytics YOLO: `Results.to_json()` and `summary()`, the Platform API, the older HUB answer, and YOLOv5's pandas
 * records. `normalize=True` and `xyxyn` send fractions under the same names as pixels, so units are `auto`; the HUB
 * answer is always fractions.
 */

interface UltralyticsRow {
  name?: unknown;
  class?: unknown;
  confidence?: unknown;
  box?: { x1?: unknown; y1?: unknown; x2?: unknown; y2?: unknown } | null;
  segments?: unknown;
  keypoints?: unknown;
}

const common = {
  readClass: (row: unknown) => (row as UltralyticsRow | null)?.name,
  readClassId: (row: unknown) => (row as UltralyticsRow | null)?.class,
  readConfidence: (row: unknown) => (row as UltralyticsRow | null)?.confidence,
};

const CORNER_NAMES = ['1', '2', '3', '4'];

/** An oriented box comes as four corners x1 … y4. */
function orientedCorners(box: unknown): RawPoint[] | undefined {
  if (!isObject(box) || !('x3' in box || 'y3' in box || 'x4' in box || 'y4' in box)) return undefined;
  return CORNER_NAMES.map((corner) => ({ x: box[`x${corner}`], y: box[`y${corner}`] }));
}

const rectangle: BoxPlan = {
  convention: 'corners',
  units: 'auto',
  read(row, out) {
    const { box } = row as UltralyticsRow;
    return typeof box === 'object' && box !== null && putFour(out, box.x1, box.y1, box.x2, box.y2);
  },
};

/** The upright rectangle around an oriented box; an upright one as it is. */
const around: BoxPlan = {
  convention: 'corners',
  units: 'auto',
  read(row, out, index, group) {
    const corners = orientedCorners(own(row, 'box'));
    if (!corners) return rectangle.read(row, out, index, group);
    const xs = corners.map(({ x }) => toNumber(x));
    const ys = corners.map(({ y }) => toNumber(y));
    return putFour(out, Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
  },
};

const results: RowPlan = boxes({
  ...common,
  readTrack: (row) => own(row, 'track_id'),
  box: rectangle,
  points: { units: 'auto', read: (row) => axisArrays((row as UltralyticsRow).segments) },
  // `visible` is a confidence, not visibility: no `occluded`
  keypoints: { units: 'auto', read: (row) => axisArrays((row as UltralyticsRow).keypoints) },
});

function axisArrays(value: unknown): RawPoint[] | undefined {
  return value === undefined ? undefined : readPoints(value, 'xyArrays');
}

const orientedResults: RowPlan = {
  ...results,
  box: around,
  points: { units: 'auto', read: (row) => orientedCorners(own(row, 'box')) },
};

const classification: RowPlan = classes(common);

const cornerRecords: RowPlan = boxes({
  ...common,
  box: { convention: 'corners', units: 'auto', read: fourFields(['xmin', 'ymin', 'xmax', 'ymax']) },
});

const centreBox = {
  convention: 'center',
  read: fourFields(['xcenter', 'ycenter', 'width', 'height']),
} as const;

const centreRecords: RowPlan = boxes({
  ...common,
  box: { ...centreBox, units: 'auto' },
});

const hubRows: RowPlan = boxes({
  ...common,
  box: { ...centreBox, units: 'fraction' },
  points: { units: 'fraction', read: (row) => readPoints(own(row, 'segment'), 'flat') },
});

const KEYS_OF_CLASS_ROWS = new Set(['name', 'class', 'confidence', 'pixel_ratio']);

function isNamedRow(row: UltralyticsRow): boolean {
  return Number.isInteger(row.class) && typeof row.name === 'string';
}

/** A detection. `box: null` counts: such a row is left out later, but it says what it is. */
function isResultRow(row: JsonObject): boolean {
  const { box } = row as UltralyticsRow;
  if (!isNamedRow(row) || !('confidence' in row)) return false;
  if (typeof box === 'object' && box !== null) {
    return 'x1' in box && 'y1' in box && 'x2' in box && 'y2' in box;
  }
  return box === null;
}

/** A class, of the picture or of its pixels. */
function isClassRow(row: JsonObject): boolean {
  return isNamedRow(row) && ('confidence' in row || 'pixel_ratio' in row) && isClassAlone(row);
}

function isRecord(row: JsonObject): boolean {
  return isNamedRow(row) && 'confidence' in row && (isCornerRecord(row) || isCentreRecord(row));
}

function isCornerRecord(row: JsonObject): boolean {
  return 'xmin' in row && 'ymin' in row && 'xmax' in row && 'ymax' in row;
}

function isCentreRecord(row: JsonObject): boolean {
  return 'xcenter' in row && 'ycenter' in row && 'width' in row && 'height' in row;
}

function isHubRow(row: JsonObject): boolean {
  return 'class' in row && 'name' in row && 'confidence' in row;
}

function isPlatformImage(image: JsonObject): boolean {
  return ownArray(image, 'shape') !== undefined && ownArray(image, 'results') !== undefined;
}

/** The HUB answer; an empty one is told by the mark `message` that goes with it. */
function isHubAnswer(payload: unknown): boolean {
  const data = ownArray(payload, 'data');
  if (typeof own(payload, 'success') !== 'boolean' || !data) return false;
  return data.length > 0 ? everyRow(data, isHubRow) : has(payload, 'message');
}

function matches(payload: unknown): boolean {
  if (isList(payload)) {
    return everyRow(payload, isResultRow) || everyRow(payload, isClassRow) || isListOfRecords(payload);
  }
  if (!isObject(payload)) return false;
  return everyRow(payload.images, isPlatformImage) || isHubAnswer(payload);
}

/** All in the same convention: mixed records are refused. */
function isListOfRecords(rows: unknown): boolean {
  if (!everyRow(rows, isRecord)) return false;
  return everyRow(rows, isCornerRecord) || everyRow(rows, (row) => !isCornerRecord(row));
}

function planFor(rows: readonly unknown[]): RowPlan {
  const [first] = rows;
  if (isObject(first) && isCornerRecord(first)) return cornerRecords;
  if (isObject(first) && isCentreRecord(first)) return centreRecords;
  if (rows.some((row) => has(row, 'pixel_ratio'))) {
    throw new DetectionError(
      'unsupported-semantic-mask',
      'Use a model for detection or instance segmentation: this is a semantic one: shares of the picture by class, without objects.',
    );
  }
  if (rows.some(isOriented)) return orientedResults;
  return rows.length > 0 && everyRow(rows, isClassAlone) ? classification : results;
}

/** A class of the whole picture has nothing else: a row with more is a detection, of which the place may be missing. */
function isClassAlone(row: JsonObject): boolean {
  for (const key in row) if (!KEYS_OF_CLASS_ROWS.has(key)) return false;
  return true;
}

function isOriented(row: unknown): boolean {
  return orientedCorners(own(row, 'box')) !== undefined;
}

function readImage(rows: readonly unknown[], shape?: unknown): ImageReading {
  return { size: toSize(own(shape, 1), own(shape, 0)), groups: [{ rows, plan: planFor(rows) }] };
}

/**
 * The rows of each picture: a server that serves several at once lists their results, as lists or as the texts of
 * `to_json()`.
 */
function resultsOf(payload: readonly unknown[]): (readonly unknown[])[] {
  if (payload.length === 0) return [payload];
  const results = payload.map((item) => (typeof item === 'string' ? decodePayload(item) : item));
  return results.every((item): item is unknown[] => isList(item)) ? results : [payload];
}

export const ultralytics: Adapter = {
  id: 'ultralytics',
  label: 'Ultralytics YOLO',
  needs: ['units and size of the picture for normalized results'],
  keys: ['name', 'images', 'data'],
  matches,
  read(payload) {
    if (isList(payload)) return { images: resultsOf(payload).map((rows) => readImage(rows)) };
    const images = ownArray(payload, 'images');
    if (images && images.length > 0 && images.every((image) => ownArray(image, 'results'))) {
      return {
        images: images.map((image) => readImage(ownArray(image, 'results') ?? [], own(image, 'shape'))),
      };
    }
    const rows = ownArray(payload, 'data');
    if (own(payload, 'success') === false) {
      const message = own(payload, 'message');
      throw new DetectionError(
        'detector-reported-error',
        `Check the detector and the request to it: Ultralytics reports a failure: ${isText(message) ? message.slice(0, 200) : 'no reason given'}`,
      );
    }
    if (!rows) return undefined;
    const plan = rows.length > 0 && everyRow(rows, isClassAlone) ? classification : hubRows;
    return { images: [{ groups: [{ rows, plan }] }] };
  },
};
