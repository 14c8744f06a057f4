import { alternatives, boxes, field, fourFields } from '../reading';
import type { Adapter, Reading, RowGroup, RowPlan } from '../reading';
import { isObject } from '../../json-object';
import { has, own, ownObject, ownRows, toNumber, toSize } from '../values';
import type { JsonObject } from '../values';

/**
 * Edge Impulse for Linux: corner boxes in pixels, of the original picture when the HTTP runner answers
 * (`resized.originalWidth`), of the model's input in the SDK's, websocket's and MQTT scripts' results, which the
 * payload does not tell: settings "Size the detector saw" and "Fitted by".
 */

const rows: RowPlan = boxes({
  readClass: field('label'),
  readConfidence: field('value'),
  readTrack: field('object_id'),
  box: { convention: 'corner', units: 'auto', read: fourFields(['x', 'y', 'width', 'height']) },
});

/** An anomaly's value is a distance, not a probability. */
const anomalies: RowPlan = { ...rows, confidenceUnit: 'score' };

const classification: RowPlan = alternatives({
  readClass: (_row, index, group) => group.names?.[index],
  readConfidence: (row) => row,
});

const TELLING_KEYS = ['bounding_boxes', 'classification', 'object_tracking', 'visual_anomaly_grid'];

function matches(payload: unknown): boolean {
  const result = ownObject(payload, 'result');
  return (
    result !== undefined &&
    TELLING_KEYS.some((key) => typeof own(result, key) === 'object' && own(result, key) !== null)
  );
}

function read(payload: unknown): Reading | undefined {
  const result = ownObject(payload, 'result');
  if (!result || !TELLING_KEYS.some((key) => has(result, key))) return undefined;
  const resized = ownObject(result, 'resized') ?? ownObject(payload, 'resized');
  const size = toSize(own(resized, 'originalWidth'), own(resized, 'originalHeight'));
  const inModelInput = !size && has(resized, 'newWidth');
  return {
    images: [{ size, groups: groupsOf(result) }],
    notes: inModelInput ? ['model-input-coordinates'] : [],
  };
}

function groupsOf(result: JsonObject): RowGroup[] {
  const groups: RowGroup[] = [];
  // tracked objects are the same boxes with a memory: both would double every object
  const found = ownRows(result, 'object_tracking') ?? ownRows(result, 'bounding_boxes');
  if (found) groups.push({ rows: found, plan: rows });
  const grid = ownRows(result, 'visual_anomaly_grid');
  if (grid) groups.push({ rows: grid, plan: anomalies });
  if (isObject(result.classification)) {
    const values = Object.entries(result.classification);
    groups.push({
      rows: values.map(([, value]) => value),
      names: values.map(([name, value]) => (Number.isNaN(toNumber(value)) ? undefined : name)),
      plan: classification,
    });
  } else if (result.classification !== undefined && result.classification !== null) {
    groups.push({ rows: [undefined], plan: classification });
  }
  return groups;
}

export const edgeImpulse: Adapter = {
  id: 'edge-impulse',
  label: 'Edge Impulse',
  needs: ['source size and fit for results in pixels of the model input'],
  keys: ['result'],
  matches,
  read,
  metadata: (payload) => {
    const result = ownObject(payload, 'result');
    return { anomaly: own(result, 'anomaly'), visual_anomaly_max: own(result, 'visual_anomaly_max') };
  },
};
