import { DetectionError } from '../detection-error';
import { boxes, classes, field, putFour } from '../reading';
import type { Adapter, Reading, RowGroup, RowPlan } from '../reading';
import type { DetectionSettings, NoteCode } from '../types';
import { isObject } from '../../json-object';
import { everyRow, isList, isText, own, ownArray, ownRows, someRow } from '../values';
import type { JsonObject } from '../values';

/**
 * DeepStack and CodeProject.AI, and what Blue Iris and AITool pass on of them: corners in pixels of the picture that
 * was sent. A failure comes with HTTP status 200 and `success: false`.
 */

interface DeepstackRow {
  label?: unknown;
  plate?: unknown;
  userid?: unknown;
  confidence?: unknown;
  x_min?: unknown;
  y_min?: unknown;
  x_max?: unknown;
  y_max?: unknown;
}

/** The names of persons and the signs of plates are personal data: what was seen is a face or a plate. */
function anonymousClass(row: unknown): unknown {
  const { plate, userid, label } = row as DeepstackRow;
  if (isText(plate)) return 'license_plate';
  return isText(userid) ? 'face' : label;
}

function namedClass(row: unknown): unknown {
  const { plate, userid, label } = row as DeepstackRow;
  return plate ?? userid ?? label;
}

function rowPlan(readClass: RowPlan['readClass'], fallbackClass?: string): RowPlan {
  return boxes({
    readClass,
    fallbackClass,
    readConfidence: (row) => (row as DeepstackRow).confidence,
    box: {
      convention: 'corners',
      units: 'auto',
      read(row, out) {
        const { x_min, y_min, x_max, y_max } = row as DeepstackRow;
        return putFour(out, x_min, y_min, x_max, y_max);
      },
    },
  });
}

const PLANS = {
  anonymous: { faces: rowPlan(anonymousClass, 'face'), others: rowPlan(anonymousClass) },
  named: { faces: rowPlan(namedClass, 'face'), others: rowPlan(namedClass) },
};

function planFor(module: string, { personalNames }: DetectionSettings): RowPlan {
  return PLANS[personalNames ? 'named' : 'anonymous'][/face/i.test(module) ? 'faces' : 'others'];
}

const scene: RowPlan = classes({ readClass: field('label'), readConfidence: field('confidence') });

function isCornerRow(row: JsonObject): boolean {
  return 'x_min' in row && 'y_min' in row && 'x_max' in row && 'y_max' in row && !('class_name' in row);
}

function isDeepstackRow(row: JsonObject): boolean {
  return isCornerRow(row) && ('label' in row || 'userid' in row || 'plate' in row);
}

/** The server's own answer: rows, one class of the whole picture, or a failure. */
function isAnswer(value: unknown): value is JsonObject {
  if (!isObject(value) || typeof value.success !== 'boolean') return false;
  if (isList(value.predictions) || ('label' in value && 'confidence' in value)) return true;
  return !value.success && typeof value.error === 'string';
}

/** Many servers answer `success` and `predictions`: the rows tell whose they are. */
function hasOwnRows({ success, predictions }: JsonObject): boolean {
  if (!success || !isList(predictions) || predictions.length === 0) return true;
  return someRow(predictions, isCornerRow);
}

/** Blue Iris: `[{api, found: answer}]`, alone or under a key of the user's MQTT text, usually `json`. */
function isBlueIrisList(value: unknown): value is readonly JsonObject[] {
  return everyRow(value, (entry) => 'api' in entry && isObject(entry.found));
}

function blueIrisList(payload: unknown): readonly JsonObject[] | undefined {
  if (isBlueIrisList(payload)) return payload;
  if (!isObject(payload)) return undefined;
  let found: readonly JsonObject[] | undefined;
  for (const key in payload) {
    const value = payload[key];
    if (!isList(value) || !isBlueIrisList(value)) continue;
    if (found) return undefined;
    found = value;
  }
  return found;
}

function matches(payload: unknown): boolean {
  if (isList(payload)) return everyRow(payload, isDeepstackRow) || isBlueIrisList(payload);
  return (
    (isAnswer(payload) && hasOwnRows(payload)) ||
    everyRow(own(payload, 'detections'), isDeepstackRow) ||
    blueIrisList(payload) !== undefined
  );
}

function read(payload: unknown, settings: DetectionSettings): Reading | undefined {
  const notes = new Set<NoteCode>();
  const blueIris = blueIrisList(payload);
  const answers = blueIris?.filter(({ found }) => own(found, 'success') !== false);
  const groups = readGroups(payload, answers?.length ? answers : blueIris, settings, notes);
  const leftOut = answers?.length ? (blueIris?.length ?? 0) - answers.length : 0;
  if (leftOut > 0) notes.add('module-failed');
  return groups && { images: [{ groups }], notes: Array.from(notes), leftOut };
}

function readGroups(
  payload: unknown,
  blueIris: readonly JsonObject[] | undefined,
  settings: DetectionSettings,
  notes: Set<NoteCode>,
): RowGroup[] | undefined {
  if (blueIris) {
    return blueIris.map(({ api, found }) =>
      answerGroup(found as JsonObject, isText(api) ? api : '', settings, notes),
    );
  }
  if (isAnswer(payload)) return [answerGroup(payload, moduleOf(payload), settings, notes)];
  const rows = isList(payload)
    ? payload
    : (ownArray(payload, 'detections') ?? ownArray(payload, 'predictions'));
  return rows && [{ rows, plan: planFor('', settings) }];
}

function moduleOf(answer: JsonObject): string {
  return [answer.moduleId, answer.command].filter(isText).join(' ');
}

function answerGroup(
  answer: JsonObject,
  module: string,
  settings: DetectionSettings,
  notes: Set<NoteCode>,
): RowGroup {
  if (answer.success === false) {
    const reason = isText(answer.error)
      ? answer.error
      : isText(answer.message)
        ? answer.message
        : 'no reason given';
    throw new DetectionError(
      'detector-reported-error',
      `Check the detector and the request to it: it reports a failure: ${reason.slice(0, 200)}`,
    );
  }
  const rows = ownRows(answer, 'predictions');
  if (!rows) return { rows: [answer], plan: scene };
  if (typeof answer.count === 'number' && answer.count !== rows.length) notes.add('count-mismatch');
  if (/ocr/i.test(module) && rows.length > 0) notes.add('text-as-class');
  return { rows, plan: planFor(module, settings) };
}

export const deepstack: Adapter = {
  id: 'deepstack',
  label: 'DeepStack, CodeProject.AI, Blue Iris, AITool',
  keys: 'any',
  matches,
  read,
  metadata: ({ moduleId, inferenceMs, camera }) => ({ moduleId, inferenceMs, camera }),
};
