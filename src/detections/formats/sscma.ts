import { DetectionError } from '../detection-error';
import { alternatives, boxes, putArray } from '../reading';
import type { Adapter, PointsPlan, RawPoint, Reading, RowGroup, RowPlan } from '../reading';
import type { DetectionSettings } from '../types';
import { isObject } from '../../json-object';
import { isList, isText, own, ownArray, ownObject, toNumber, toSize } from '../values';
import type { JsonObject } from '../values';

/**
 * Seeed SSCMA: reCamera, Grove Vision AI, XIAO. Packed rows: `[x, y, w, h, score, target]` with the centre in pixels of
 * the model's resolution and a score of 0 to 100. Keypoints and segments carry such a row and their points; classes are
 * `[score, target]`.
 */

type Packed = readonly unknown[];

const NOTHING: Packed = [];

/** The packed numbers of a row of boxes: the row itself. */
function itself(row: unknown): Packed {
  return isList(row) ? row : NOTHING;
}

/** Those of a row of keypoints or segments: its first element, before the points. A row without both tells nothing. */
function beforePoints(row: unknown): Packed {
  const [packed, points] = itself(row);
  return isList(points) ? itself(packed) : NOTHING;
}

function packedBoxes(unpack: (row: unknown) => Packed): RowPlan {
  return boxes({
    readClass: (_row, index, group) => group.names?.[index],
    readClassId: (row) => unpack(row)[5],
    readConfidence: (row) => unpack(row)[4],
    confidenceUnit: 'percent',
    box: { convention: 'center', units: 'auto', read: (row, out) => putPacked(out, unpack(row)) },
  });
}

/** With fewer numbers than six nobody knows which one is missing. */
function putPacked(out: Float64Array, packed: Packed): boolean {
  if (packed.length >= 6) return putArray(out, packed);
  out.fill(NaN);
  return packed.length > 0;
}

const points: PointsPlan = { units: 'auto', read: (row) => readPackedPoints(itself(row)[1]) };

const PLANS = {
  boxes: packedBoxes(itself),
  keypoints: { ...packedBoxes(beforePoints), keypoints: points },
  segments: { ...packedBoxes(beforePoints), points },
  classes: alternatives({
    readClass: (_row, index, group) => group.names?.[index],
    readClassId: (row) => itself(row)[1],
    readConfidence: (row) => itself(row)[0],
    confidenceUnit: 'percent',
  }),
};

/** Keypoints are [x, y, score] each, segments one flat list of x, y. */
function readPackedPoints(value: unknown): RawPoint[] | undefined {
  if (!isList(value)) return undefined;
  const values = value;
  if (values.every((point) => typeof point === 'number')) {
    return values.flatMap((x, at) => (at % 2 === 0 ? [{ x, y: values[at + 1], id: at / 2 }] : []));
  }
  // with fewer than three nobody knows which one is missing
  return values.map((point, id) =>
    itself(point).length >= 3 ? { x: own(point, 0), y: own(point, 1), id } : { x: NaN, y: NaN, id },
  );
}

/** Of these lists the richest that is filled speaks; they would describe the same objects. */
const GEOMETRY_LISTS = ['keypoints', 'segments', 'boxes'] as const;

/** A result has at least one of them, be it empty. */
const LISTS = [...GEOMETRY_LISTS, 'classes'] as const;

function matches(payload: unknown): boolean {
  if (!isObject(payload) || !('type' in payload) || !('code' in payload)) return false;
  return isText(payload.name) && payload.name.toLowerCase() === 'invoke' && isObject(payload.data);
}

function read(payload: unknown, settings: DetectionSettings): Reading | undefined {
  const data = ownObject(payload, 'data');
  if (!data) return undefined;
  const code = toNumber(own(payload, 'code'));
  if (!Number.isNaN(code) && code !== 0) {
    throw new DetectionError(
      'detector-reported-error',
      `Check the camera and the command to it: it reports code ${code} instead of a result.`,
    );
  }
  if (!LISTS.some((list) => ownArray(data, list))) throw acknowledgement();
  const groups: RowGroup[] = [];
  const geometry = GEOMETRY_LISTS.find((list) => ownArray(data, list)?.length);
  if (geometry) groups.push(groupOf(data, geometry, settings));
  if (ownArray(data, 'classes')?.length) groups.push(groupOf(data, 'classes', settings));
  const resolution = ownArray(data, 'resolution') ?? [data.width, data.height];
  return { images: [{ size: toSize(resolution[0], resolution[1]), groups }] };
}

/** The answer to the command that starts the inference has the name and the topic of the results. */
function acknowledgement(): DetectionError {
  return new DetectionError(
    'no-geometry',
    'Let only messages of type 1 through to this node: this is the answer to a command of the camera, without a list of boxes, classes, keypoints or segments.',
  );
}

/** `labels` in the payload go by row; the setting goes by class number, for firmware that sends no names. */
function groupOf(data: JsonObject, list: keyof typeof PLANS, settings: DetectionSettings): RowGroup {
  const plan = PLANS[list];
  const group: RowGroup = { rows: ownArray(data, list) ?? [], plan, names: ownArray(data, 'labels') };
  const { labels } = settings;
  if (labels?.length && !group.names?.length) {
    group.names = group.rows.map((row, index) =>
      own(labels, toNumber(plan.readClassId?.(row, index, group))),
    );
  }
  return group;
}

export const sscma: Adapter = {
  id: 'sscma',
  label: 'Seeed SSCMA (reCamera, Grove Vision AI)',
  needs: ['class names (labels) when the firmware sends only class numbers'],
  keys: ['name'],
  matches,
  read,
};
