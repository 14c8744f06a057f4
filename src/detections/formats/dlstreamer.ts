import { boxes, classes, field, fourFields } from '../reading';
import type { Adapter, RowGroup, RowPlan } from '../reading';
import { isObject } from '../../json-object';
import { has, isList, isText, own, ownArray, ownObject, someRow, toSize } from '../values';
import type { JsonObject } from '../values';

/**
 * Intel DL Streamer and its Pipeline Server: each object has an exact box in fractions and a rounded one in pixels; the
 * exact one counts. A frame without objects has no `objects` at all. `timestamp` counts from the start of the stream:
 * it is not a time of day.
 */

const readCorners = fourFields(['x_min', 'y_min', 'x_max', 'y_max'], 'bounding_box');

const objects: RowPlan = boxes({
  readClass: (row) => own(own(row, 'detection'), 'label'),
  readClassId: (row) => own(own(row, 'detection'), 'label_id'),
  readConfidence: (row) => own(own(row, 'detection'), 'confidence'),
  readTrack: field('id'),
  box: {
    convention: 'corners',
    units: 'fraction',
    read: (row, out, index, group) => readCorners(own(row, 'detection'), out, index, group),
  },
});

interface FullFrameClass {
  label: unknown;
  confidence: unknown;
}

const wholePicture: RowPlan = classes({ readClass: field('label'), readConfidence: field('confidence') });

function isDetection(row: unknown): boolean {
  return isObject(own(own(row, 'detection'), 'bounding_box'));
}

/**
 * A classifier of the full frame writes an object without `detection`; its class stands under the name of the model's
 * layer.
 */
function fullFrameClass(row: unknown): FullFrameClass | undefined {
  if (!isObject(row) || 'detection' in row) return undefined;
  const layer = Object.keys(row).find((key) => key.startsWith('classification_layer_name:'));
  return layer === undefined || !isObject(row[layer])
    ? undefined
    : { label: own(row[layer], 'label'), confidence: own(row[layer], 'confidence') };
}

function groupsOf(rows: readonly unknown[]): RowGroup[] {
  const ofPicture = rows.map(fullFrameClass);
  const found = ofPicture.filter((row) => row !== undefined);
  const groups: RowGroup[] = [{ rows: rows.filter((_row, index) => !ofPicture[index]), plan: objects }];
  if (found.length > 0) groups.push({ rows: found, plan: wholePicture });
  return groups;
}

function isFrame(value: unknown): value is JsonObject {
  const resolution = own(value, 'resolution');
  if (!has(resolution, 'width') || !Object.hasOwn(resolution, 'height') || !has(value, 'timestamp'))
    return false;
  const rows = own(value, 'objects');
  if (rows === undefined || (isList(rows) && rows.length === 0)) return true;
  return someRow(rows, (row) => isDetection(row) || fullFrameClass(row) !== undefined);
}

export const dlstreamer: Adapter = {
  id: 'dlstreamer',
  label: 'Intel DL Streamer, Pipeline Server',
  keys: ['resolution', 'metadata'],
  matches: (payload) => isFrame(payload) || isFrame(own(payload, 'metadata')),
  read(payload) {
    const frame = has(payload, 'resolution') ? payload : ownObject(payload, 'metadata');
    const resolution = own(frame, 'resolution');
    if (!frame || !isObject(resolution)) return undefined;
    const size = toSize(resolution.width, resolution.height);
    return { images: [{ size, groups: groupsOf(ownArray(frame, 'objects') ?? []) }] };
  },
  metadata: (payload) => {
    const frame = ownObject(payload, 'metadata') ?? payload;
    const tags = Object.entries(ownObject(frame, 'tags') ?? {}).filter(([, value]) => isText(value));
    return { source: frame.source, ...Object.fromEntries(tags) };
  },
};
