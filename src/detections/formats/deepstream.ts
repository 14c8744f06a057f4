import { boxes, field, fourFields } from '../reading';
import type { Adapter, Reading, RowPlan } from '../reading';
import { isObject } from '../../json-object';
import { everyText, has, own, ownArray, ownObject } from '../values';
import type { JsonObject } from '../values';

/**
 * NVIDIA DeepStream messages: minimal (objects as texts with pipes, corners in pixels of the stream muxer) and full
 * (one object a message). The muxer's size is in neither.
 */

interface UnpackedObject {
  track: unknown;
  type: unknown;
  confidence: unknown;
  left: unknown;
  top: unknown;
  right: unknown;
  bottom: unknown;
}

const minimal: RowPlan = boxes({
  readClass: field('type'),
  readConfidence: field('confidence'),
  readTrack: field('track'),
  box: { convention: 'corners', units: 'auto', read: fourFields(['left', 'top', 'right', 'bottom']) },
});

const full: RowPlan = boxes({
  readClass: field('type'),
  readConfidence: field('confidence'),
  readTrack: field('track'),
  box: {
    convention: 'corners',
    units: 'auto',
    read: fourFields(['topleftx', 'toplefty', 'bottomrightx', 'bottomrighty'], 'bbox'),
  },
});

/** `trackingId|left|top|right|bottom|type|#|attributes…|confidence`; the part from # on is optional. */
function unpack(text: unknown): UnpackedObject | undefined {
  if (typeof text !== 'string') return undefined;
  const [track, left, top, right, bottom, type, mark, ...attributes] = text.split('|');
  const confidence = mark === '#' ? attributes.at(-1) : undefined;
  return { track, type, confidence, left, top, right, bottom };
}

/** Parts of a full object that describe where it is, not what. */
const NOT_A_CLASS = ['bbox', 'bbox3d', 'location', 'coordinate', 'pose', 'embedding', 'gaze', 'lipActivity'];

/** The class is the name of the inner object: `vehicle`, `person`, `face`, … */
function unpackFull(object: JsonObject): JsonObject {
  const type = Object.keys(object).find((key) => !NOT_A_CLASS.includes(key) && isObject(object[key]));
  const confidence = type === undefined ? undefined : own(object[type], 'confidence');
  return { track: object.id, type, confidence: confidence ?? object.confidence, bbox: object.bbox };
}

function isMinimal(payload: unknown): boolean {
  return has(payload, 'sensorId') && everyText(payload.objects, (text) => text.includes('|'));
}

function matches(payload: unknown): boolean {
  if (!has(payload, '@timestamp')) return false;
  return isMinimal(payload) || (has(payload, 'mdsversion') && isObject(payload.object));
}

function read(payload: unknown): Reading | undefined {
  const rows = ownArray(payload, 'objects');
  if (rows) return { images: [{ groups: [{ rows: rows.map(unpack), plan: minimal }] }] };
  const object = ownObject(payload, 'object');
  return object && { images: [{ groups: [{ rows: [unpackFull(object)], plan: full }] }], single: {} };
}

export const deepstream: Adapter = {
  id: 'deepstream',
  label: 'NVIDIA DeepStream',
  needs: ["source size when the picture is not of the stream muxer's size"],
  keys: ['@timestamp'],
  matches,
  read,
  metadata: (payload) => ({
    sensorId: payload.sensorId ?? own(payload.sensor, 'id'),
    track_id: own(payload.object, 'id'),
  }),
};
