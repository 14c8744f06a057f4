import { boxes, classes, field, fourFields } from '../reading';
import type { Adapter, ImageReading, PointsPlan, RowGroup, RowPlan } from '../reading';
import { readPoints } from '../points';
import { isObject } from '../../json-object';
import { everyRow, has, isList, own, ownArray, ownRows } from '../values';
import type { JsonObject } from '../values';

/**
 * The lists of the API itself ("Create a Vision Event"): an event, one image entry of it, or a list of entries. Centre,
 * pixels.
 */
const box = { convention: 'center', units: 'auto', read: fourFields(['x', 'y', 'width', 'height']) } as const;
const readClass = field('class');
const readConfidence = field('confidence');

const points: PointsPlan = {
  units: 'auto',
  read: (row) => readPoints(own(row, 'points'), 'pairs'),
};

const keypoints: PointsPlan = {
  units: 'auto',
  read: (row) =>
    ownArray(row, 'keypoints')?.map((point) => {
      const occluded = own(point, 'occluded');
      return {
        x: own(point, 'x'),
        y: own(point, 'y'),
        id: own(point, 'id'),
        occluded: typeof occluded === 'boolean' ? occluded : undefined,
      };
    }),
};

const PLANS: readonly (readonly [list: string, plan: RowPlan])[] = [
  ['objectDetections', boxes({ readClass, readConfidence, box })],
  ['classifications', classes({ readClass, readConfidence })],
  ['instanceSegmentations', boxes({ readClass, readConfidence, box, points })],
  ['keypoints', boxes({ readClass, readConfidence, box, keypoints })],
];

const TELLING_LISTS = ['objectDetections', 'classifications', 'instanceSegmentations'];

function isImageEntry(value: unknown): value is JsonObject {
  return TELLING_LISTS.some((list) => ownArray(value, list) !== undefined);
}

function isEvent(payload: unknown): boolean {
  return has(payload, 'eventType') && ownArray(payload, 'images') !== undefined;
}

function readImage(entry: unknown): ImageReading {
  return {
    groups: PLANS.flatMap(([list, plan]) => {
      const rows = ownRows(entry, list);
      return rows ? [{ rows, plan }] : [];
    }),
  };
}

/**
 * Annotations of an event's image that stand where the API does not have them: they count as rows that cannot be read.
 */
function readStrangers(entry: JsonObject, { groups }: ImageReading): RowGroup[] {
  const strangers = Object.keys(entry).filter((key) => !KNOWN_KEYS.has(key));
  if (groups.length === 0 && strangers.length > 0) return [{ rows: [entry], plan: unplaced }];
  return strangers.flatMap((key) => {
    const rows = ownArray(entry, key);
    return rows && everyRow(rows, (row) => 'class' in row) ? [{ rows, plan: unplaced, path: key }] : [];
  });
}

const unplaced: RowPlan = boxes({ readClass });
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  ...PLANS.map(([list]) => list),
  ...['label', 'sourceId', 'inputSourceId'],
]);

export const visionEvent: Adapter = {
  id: 'vision-event',
  label: 'Vision event (lists of the API)',
  keys: ['eventType', 'objectDetections', 'classifications', 'instanceSegmentations'],
  matches: (payload) =>
    isEvent(payload) ||
    isImageEntry(payload) ||
    (isList(payload) && payload.length > 0 && payload.every(isImageEntry)),
  read(payload) {
    const entries = ownArray(payload, 'images') ?? (isList(payload) ? payload : [payload]);
    if (!entries.every(isObject)) return undefined;
    const images = entries.map(readImage);
    const isWholeEvent = isEvent(payload);
    if (isWholeEvent || isImageEntry(payload))
      images.forEach((image, index) =>
        image.groups.push(...readStrangers(entries[index] as JsonObject, image)),
      );
    const fits = isWholeEvent || images.some(({ groups }) => groups.length > 0);
    return fits ? { images: images.length > 0 ? images : [{ groups: [] }] } : undefined;
  },
};
