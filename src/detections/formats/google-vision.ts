import { DetectionError } from '../detection-error';
import { boxes, classes, field, putFour } from '../reading';
import type { Adapter, BoxPlan, ImageReading, RowPlan } from '../reading';
import { isObject } from '../../json-object';
import { has, isText, own, ownArray, ownRows, toNumber } from '../values';
import type { JsonObject } from '../values';

/**
 * Google Cloud Vision: object localisation (fractions), labels, faces, logos and landmarks (pixels), one answer or the
 * REST envelope `{responses: []}`. Coordinates of 0 are left out of the JSON: `{}` is the corner 0, 0.
 */

function boxAround(corners: 'vertices' | 'normalizedVertices'): BoxPlan['read'] {
  return (row, out) => {
    const vertices = ownArray(own(row, 'boundingPoly'), corners);
    if (!vertices || vertices.length === 0) return false;
    const xs = vertices.map((vertex) => coordinate(vertex, 'x'));
    const ys = vertices.map((vertex) => coordinate(vertex, 'y'));
    return putFour(out, Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
  };
}

function coordinate(vertex: unknown, axis: 'x' | 'y'): number {
  if (!isVertex(vertex)) return NaN;
  const value = own(vertex, axis);
  return value === undefined ? 0 : toNumber(value);
}

/** With other keys than the coordinates it is not one of which zeros were left out. */
function isVertex(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const key in value) if (key !== 'x' && key !== 'y') return false;
  return true;
}

const inPixels = { convention: 'corners', units: 'auto', read: boxAround('vertices') } as const;
const described = { readClass: field('description'), readConfidence: field('score') };

/** What an answer may list of things that were seen. */
const PLANS: Readonly<Record<string, RowPlan>> = {
  localizedObjectAnnotations: boxes({
    readClass: field('name'),
    readConfidence: field('score'),
    box: { convention: 'corners', units: 'fraction', read: boxAround('normalizedVertices') },
  }),
  labelAnnotations: classes(described),
  faceAnnotations: boxes({
    readClass: () => 'face',
    readConfidence: field('detectionConfidence'),
    box: inPixels,
  }),
  logoAnnotations: boxes({ ...described, box: inPixels }),
  landmarkAnnotations: boxes({ ...described, box: inPixels }),
};
const LISTS = Object.keys(PLANS);

function isAnswer(value: unknown): value is JsonObject {
  return LISTS.some((list) => ownArray(value, list) !== undefined);
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

/**
 * An empty answer says that nothing was found; one of other annotations (texts, colours, safe search) says nothing of
 * it.
 */
function readImage(answer: JsonObject): ImageReading {
  const { error } = answer;
  if (isText(error) || (isObject(error) && Object.keys(error).length > 0)) {
    const reason = isText(error)
      ? error
      : isText(error.message)
        ? error.message
        : `code ${String(error.code)}`;
    throw new DetectionError(
      'detector-reported-error',
      `Check the request to Google Vision: it reports a failure: ${reason.slice(0, 200)}`,
    );
  }
  const others = Object.keys(answer).filter((key) => /Annotations?$/.test(key) && !(key in PLANS));
  if (others.length > 0 && !isAnswer(answer)) {
    throw new DetectionError(
      'no-geometry',
      `Ask Google Vision for objects, labels, faces, logos or landmarks: its answer holds only ${others.join(', ')}.`,
    );
  }
  return {
    groups: Object.entries(PLANS).map(([list, plan]) => ({ rows: ownRows(answer, list) ?? [], plan })),
  };
}

/** What stands in the envelope without being an answer counts as a row that cannot be read. */
function readEnveloped(answer: JsonObject): ImageReading {
  return isEnvelopedAnswer(answer)
    ? readImage(answer)
    : { groups: [{ rows: [undefined], plan: classes(described) }] };
}

export const googleVision: Adapter = {
  id: 'google-vision',
  label: 'Google Cloud Vision',
  needs: ['size of the picture'],
  keys: [...LISTS, 'responses'],
  matches,
  read(payload) {
    const responses = ownArray(payload, 'responses');
    if (responses?.every(isObject))
      return { images: responses.length > 0 ? responses.map(readEnveloped) : [{ groups: [] }] };
    return isAnswer(payload) || has(payload, 'error') ? { images: [readImage(payload)] } : undefined;
  },
};
