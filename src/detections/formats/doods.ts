import { DetectionError } from '../detection-error';
import { boxes, field, fourFields } from '../reading';
import type { Adapter, RowPlan } from '../reading';
import { has, isList, isText, own, someRow } from '../values';
import type { JsonObject } from '../values';

/**
 * DOODS and DOODS2 (snowzach/doods2): edges in fractions, confidence 0 to 100; `detections: null` is its way to say
 * none.
 */
const detections: RowPlan = boxes({
  readClass: field('label'),
  readConfidence: field('confidence'),
  confidenceUnit: 'percent',
  box: { convention: 'corners', units: 'fraction', read: fourFields(['left', 'top', 'right', 'bottom']) },
});

function isRow(row: JsonObject): boolean {
  return 'top' in row && 'left' in row && 'bottom' in row && 'right' in row && 'label' in row;
}

function matches(payload: unknown): boolean {
  if (!has(payload, 'id') || !Object.hasOwn(payload, 'error') || !Object.hasOwn(payload, 'detections'))
    return false;
  const rows = payload.detections;
  return rows === null || (isList(rows) && rows.length === 0) || someRow(rows, isRow);
}

export const doods: Adapter = {
  id: 'doods',
  label: 'DOODS, DOODS2',
  needs: ['size of the picture'],
  keys: ['detections'],
  matches,
  read(payload) {
    const error = own(payload, 'error');
    if (isText(error)) {
      throw new DetectionError(
        'detector-reported-error',
        `Check DOODS and the request to it: it reports a failure: ${error.slice(0, 200)}`,
      );
    }
    if (!has(payload, 'detections')) return undefined;
    const rows = payload.detections;
    if (rows !== null && !isList(rows)) return undefined;
    return { images: [{ groups: [{ rows: rows ?? [], plan: detections }] }] };
  },
};
