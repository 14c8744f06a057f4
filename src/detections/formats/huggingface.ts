import { DetectionError } from '../detection-error';
import { alternatives, boxes, putFour } from '../reading';
import type { Adapter, Reading, RowPlan } from '../reading';
import { everyRow, has, hasKeyCount, ownArray } from '../values';
import type { JsonObject } from '../values';

/**
 * Hugging Face inference, transformers.js and nodes that pass them on. Object detection in pixels, or in fractions
 * under the same names with `percentage: true`; image classification; segmentation only as pictures of masks. Other
 * servers that run these models put the rows under a key; such an answer must be chosen.
 */

interface HuggingFaceRow {
  label?: unknown;
  score?: unknown;
  box?: { xmin?: unknown; ymin?: unknown; xmax?: unknown; ymax?: unknown } | null;
}

const common = {
  readClass: (row: unknown) => (row as HuggingFaceRow | null)?.label,
  readConfidence: (row: unknown) => (row as HuggingFaceRow | null)?.score,
};

const objects: RowPlan = boxes({
  ...common,
  hasMask: (row) => has(row, 'mask'),
  box: {
    convention: 'corners',
    units: 'auto',
    read(row, out) {
      const { box } = row as HuggingFaceRow;
      return typeof box === 'object' && box !== null && putFour(out, box.xmin, box.ymin, box.xmax, box.ymax);
    },
  },
});
const classification: RowPlan = alternatives(common);

function isLabelled(row: JsonObject): boolean {
  return typeof row.label === 'string' && 'score' in row;
}

function isKeyOfClass(key: string): boolean {
  return key === 'label' || key === 'score';
}

function isObjectRow(row: JsonObject): boolean {
  const { box } = row as HuggingFaceRow;
  if (!isLabelled(row) || typeof box !== 'object' || box === null) return false;
  return 'xmin' in box && 'ymin' in box && 'xmax' in box && 'ymax' in box;
}

function matches(payload: unknown): boolean {
  return (
    everyRow(payload, isObjectRow) ||
    everyRow(payload, (row) => isLabelled(row) && hasKeyCount(row, 2)) ||
    everyRow(payload, (row) => isLabelled(row) && 'mask' in row && hasKeyCount(row, 3))
  );
}

/** Where servers that run such a model put its rows. */
const ROWS_UNDER = ['results', 'predictions', 'outputs', 'output', 'data'];

function readRows(rows: readonly unknown[]): Reading | undefined {
  if (rows.some((row) => has(row, 'box'))) return { images: [{ groups: [{ rows, plan: objects }] }] };
  if (rows.some((row) => has(row, 'mask'))) {
    throw new DetectionError(
      'unsupported-mask-image',
      'Use an object detection model, or convert the masks before: they are pictures (base64 PNG) without boxes; polygons cannot be read from them.',
    );
  }
  // a row with more than these is a detection whose place is missing
  return rows.every((row) => has(row, 'label') && Object.keys(row).every(isKeyOfClass))
    ? { images: [{ groups: [{ rows, plan: classification }] }] }
    : undefined;
}

export const huggingface: Adapter = {
  id: 'huggingface',
  label: 'Hugging Face, transformers.js',
  needs: ['units and size of the picture for percentages'],
  keys: ['label'],
  matches,
  read(payload) {
    if (everyRow(payload, () => true)) return readRows(payload as JsonObject[]);
    const rows = ROWS_UNDER.map((key) => ownArray(payload, key)).find((list) => list !== undefined);
    if (!rows) return undefined;
    return rows.length === 0 ? { images: [{ groups: [] }] } : readRows(rows);
  },
};
