import { DetectionError } from '../detection-error';
import { boxes, classes, field, putFour } from '../reading';
import type { Adapter, BoxPlan, ImageReading, RowPlan } from '../reading';
import { has, isObject, isText, own, ownArray, toNumber } from '../values';
import type { JsonObject } from '../values';

/**
 * Google Cloud Vision: object localisation (fractions) and labels, one answer or the REST envelope `{responses: []}`.
 * Coordinates of 0 are left out of the JSON: `{}` is the corner 0, 0.
 */

const readBox: BoxPlan['read'] = (row, out) => {
  const vertices = ownArray(own(row, 'boundingPoly'), 'normalizedVertices');
  if (!vertices || vertices.length === 0) return false;
  const xs = vertices.map((vertex) => coordinate(vertex, 'x'));
  const ys = vertices.map((vertex) => coordinate(vertex, 'y'));
  return putFour(out, Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
};

function coordinate(vertex: unknown, axis: 'x' | 'y'): number {
  const value = own(vertex, axis);
  return value === undefined ? 0 : toNumber(value);
}

const objects: RowPlan = boxes({
  readClass: field('name'),
  readConfidence: field('score'),
  box: { convention: 'corners', units: 'fraction', read: readBox },
});
const labels: RowPlan = classes({ readClass: field('description'), readConfidence: field('score') });

function isAnswer(value: unknown): value is JsonObject {
  return (
    ownArray(value, 'localizedObjectAnnotations') !== undefined ||
    ownArray(value, 'labelAnnotations') !== undefined
  );
}

/** An answer inside the envelope may also hold nothing, an error, or other annotations. */
function isEnvelopedAnswer(value: unknown): value is JsonObject {
  return (
    isObject(value) &&
    Object.keys(value).every((key) => /Annotations?$/.test(key) || key === 'error' || key === 'context')
  );
}

function matches(payload: unknown): boolean {
  const responses = ownArray(payload, 'responses');
  return (
    isAnswer(payload) ||
    (responses !== undefined && responses.length > 0 && responses.every(isEnvelopedAnswer))
  );
}

function readImage(answer: unknown): ImageReading {
  const error = own(answer, 'error');
  if (isObject(error) && Object.keys(error).length > 0) {
    const reason = isText(error.message) ? error.message : `code ${String(error.code)}`;
    throw new DetectionError(
      'detector-reported-error',
      `Google Vision reports a failure: ${reason.slice(0, 200)}`,
    );
  }
  return {
    groups: [
      { rows: ownArray(answer, 'localizedObjectAnnotations') ?? [], plan: objects },
      { rows: ownArray(answer, 'labelAnnotations') ?? [], plan: labels },
    ],
  };
}

export const googleVision: Adapter = {
  id: 'google-vision',
  label: 'Google Cloud Vision',
  needs: ['size of the picture'],
  keys: ['localizedObjectAnnotations', 'labelAnnotations', 'responses'],
  matches,
  read(payload) {
    const responses = ownArray(payload, 'responses');
    if (responses?.every(isObject))
      return { images: responses.length > 0 ? responses.map(readImage) : [{ groups: [] }] };
    return isAnswer(payload) || has(payload, 'error') ? { images: [readImage(payload)] } : undefined;
  },
};
