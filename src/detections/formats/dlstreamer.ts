import { boxes, fourFields } from '../reading';
import type { Adapter, RowPlan } from '../reading';
import { everyRow, has, isObject, isText, own, ownArray, ownObject, toSize } from '../values';
import type { JsonObject } from '../values';

/**
 * Intel DL Streamer and its Pipeline Server: each object has an exact box in fractions and a rounded one in pixels; the exact one counts.
 * A frame without objects has no `objects` at all. `timestamp` counts from the start of the stream: it is no time of day.
 */

const readCorners = fourFields(['x_min', 'y_min', 'x_max', 'y_max'], 'bounding_box');

const objects: RowPlan = boxes({
  readClass: (row) => own(own(row, 'detection'), 'label'),
  readClassId: (row) => own(own(row, 'detection'), 'label_id'),
  readConfidence: (row) => own(own(row, 'detection'), 'confidence'),
  box: {
    convention: 'corners',
    units: 'fraction',
    read: (row, out, index, group) => readCorners(own(row, 'detection'), out, index, group),
  },
});

function isFrame(value: unknown): value is JsonObject {
  const resolution = own(value, 'resolution');
  if (!has(resolution, 'width') || !Object.hasOwn(resolution, 'height') || !has(value, 'timestamp'))
    return false;
  const rows = own(value, 'objects');
  if (rows === undefined || (Array.isArray(rows) && rows.length === 0)) return true;
  return everyRow(rows, (row) => isObject(own(row.detection, 'bounding_box')));
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
    return { images: [{ size, groups: [{ rows: ownArray(frame, 'objects') ?? [], plan: objects }] }] };
  },
  metadata: (payload) => {
    const frame = ownObject(payload, 'metadata') ?? payload;
    const tags = Object.entries(ownObject(frame, 'tags') ?? {}).filter(([, value]) => isText(value));
    return { source: frame.source, ...Object.fromEntries(tags) };
  },
};
