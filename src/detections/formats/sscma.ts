import { DetectionError } from '../detection-error';
import { boxes, classes, copyFour } from '../reading';
import type { Adapter, RawPoint, Reading, RowPlan } from '../reading';
import type { DetectionSettings } from '../types';
import { isObject, isText, own, ownArray, ownObject, toNumber, toSize } from '../values';
import type { JsonObject } from '../values';

/**
 * Seeed SSCMA: reCamera, Grove Vision AI, XIAO. Packed rows: `[x, y, w, h, score, target]` with the centre in pixels of the model's
 * resolution and a score of 0 to 100. Keypoints and segments carry such a row and their points.
 */

/** A packed row taken apart, with the name that belongs to it. */
interface Detection {
  label: unknown;
  target: unknown;
  score: unknown;
  box?: unknown;
  points?: RawPoint[];
}

const common = {
  readClass: (row: unknown) => (row as Detection).label,
  readClassId: (row: unknown) => (row as Detection).target,
  readConfidence: (row: unknown) => (row as Detection).score,
  confidenceUnit: 'percent',
} as const;

const box: RowPlan['box'] = {
  convention: 'center',
  units: 'auto',
  read: (row, out) => copyFour((row as Detection).box, out),
};

const points = { units: 'auto', read: (row: unknown) => (row as Detection).points } as const;

const PLANS = {
  boxes: boxes({ ...common, box }),
  keypoints: boxes({ ...common, box, keypoints: points }),
  segments: boxes({ ...common, box, points }),
  classes: classes(common),
};

/** Of these lists the richest that is filled speaks; they would describe the same objects. */
const GEOMETRY_LISTS = ['keypoints', 'segments', 'boxes'] as const;

function matches(payload: unknown): boolean {
  if (!isObject(payload) || !('type' in payload) || !('code' in payload)) return false;
  return isText(payload.name) && payload.name.toLowerCase() === 'invoke' && isObject(payload.data);
}

function read(payload: unknown, settings: DetectionSettings): Reading | undefined {
  const data = ownObject(payload, 'data');
  if (!data) return undefined;
  const code = toNumber(own(payload, 'code'));
  if (code > 0) {
    throw new DetectionError(
      'detector-reported-error',
      `The camera reports code ${code} instead of a result.`,
    );
  }
  const resolution = ownArray(data, 'resolution') ?? [data.width, data.height];
  const list = GEOMETRY_LISTS.find((name) => ownArray(data, name)?.length);
  const groups = list ? [{ rows: unpack(data, list, settings), plan: PLANS[list] }] : [];
  if (ownArray(data, 'classes')?.length) {
    groups.push({ rows: unpackClasses(data, settings), plan: PLANS.classes });
  }
  return { images: [{ size: toSize(resolution[0], resolution[1]), groups }] };
}

function unpack(
  data: JsonObject,
  list: (typeof GEOMETRY_LISTS)[number],
  settings: DetectionSettings,
): Detection[] {
  return (ownArray(data, list) ?? []).map((row, index) => {
    const packed = list === 'boxes' ? row : own(row, 0);
    const target = own(packed, 5);
    return {
      label: labelOf(data, index, target, settings),
      target,
      score: own(packed, 4),
      box: packed,
      points: list === 'boxes' ? undefined : unpackPoints(own(row, 1)),
    };
  });
}

/** Keypoints are [x, y, score] each, segments one flat list of x, y. */
function unpackPoints(value: unknown): RawPoint[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const values = value as unknown[];
  if (values.every((point) => typeof point === 'number')) {
    return values.flatMap((x, at) => (at % 2 === 0 ? [{ x, y: values[at + 1], id: at / 2 }] : []));
  }
  return values.map((point, id) => ({ x: own(point, 0), y: own(point, 1), id }));
}

function unpackClasses(data: JsonObject, settings: DetectionSettings): Detection[] {
  return (ownArray(data, 'classes') ?? []).map((row, index) => {
    const target = own(row, 1);
    return { label: labelOf(data, index, target, settings), target, score: own(row, 0) };
  });
}

/** `labels` in the payload go by row; the setting goes by class number, for firmware that sends no names. */
function labelOf(data: JsonObject, index: number, target: unknown, settings: DetectionSettings): unknown {
  return own(ownArray(data, 'labels'), index) ?? own(settings.labels, toNumber(target));
}

export const sscma: Adapter = {
  id: 'sscma',
  label: 'Seeed SSCMA (reCamera, Grove Vision AI)',
  needs: ['labels when the firmware sends only class numbers'],
  matches,
  read,
};
