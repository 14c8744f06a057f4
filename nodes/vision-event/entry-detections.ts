import { convertDetections, DetectionError } from '../../src/detections/convert';
import type {
  ConvertedImage,
  DetectionContext,
  DetectionResult,
  DetectionSettings,
} from '../../src/detections/types';

/** What one entry of the property `pictures` says of its detections. */
export interface EntryDetections {
  /** undefined: nobody looked at this picture */
  payload?: unknown;
  context: DetectionContext;
  /** names the entry in error texts */
  place: string;
}

/** The format of an empty list that any detector could have sent. */
const ANY_EMPTY = 'any-empty';

/**
 * The detections of each entry, converted by itself, as one result: an image for each entry, and what follows from all
 * of them.
 *
 * @throws DetectionError that names the entry
 */
export function convertEntries(
  entries: readonly EntryDetections[],
  settings: DetectionSettings,
): DetectionResult {
  const results = entries.map((entry) =>
    entry.payload === undefined ? undefined : convertEntry(entry, settings),
  );
  const known = results.filter((result) => result !== undefined);
  const sum = (field: 'count' | 'dropped' | 'unread') =>
    known.reduce((total, result) => total + result[field], 0);
  const passedOver = known.reduce((total, result) => total + (result.passedOver ?? 0), 0);
  const isSeen = known.every(({ seen }) => seen !== undefined);
  const metadata = commonMetadata(known);
  return {
    format: formatOf(known),
    images: results.map((result): ConvertedImage => result?.images[0] ?? { annotations: {} }),
    count: sum('count'),
    dropped: sum('dropped'),
    unread: sum('unread'),
    ...(isSeen && { seen: results.map((result) => result?.seen?.[0] ?? {}) }),
    ...(passedOver > 0 && { passedOver }),
    notes: [...new Set(known.flatMap(({ notes }) => notes))],
    ...(metadata && { metadata }),
  };
}

function convertEntry({ payload, context, place }: EntryDetections, settings: DetectionSettings) {
  try {
    const result = convertDetections(payload, settings, context);
    const { length } = result.images;
    if (length === 1) return result;
    throw new DetectionError(
      'ambiguous-format',
      `Give each picture an entry of its own: these detections speak of ${length} pictures.`,
    );
  } catch (error) {
    if (!(error instanceof DetectionError)) throw error;
    throw new DetectionError(error.code, `${error.message} (${place})`, error.candidates);
  }
}

function formatOf(results: readonly DetectionResult[]): string {
  const formats = new Set(results.map(({ format }) => format));
  if (formats.size > 1) formats.delete(ANY_EMPTY);
  return [...formats].join(', ');
}

/** What the detectors say of the event: a value that differs from picture to picture is none of it. */
function commonMetadata(results: readonly DetectionResult[]): DetectionResult['metadata'] {
  const all = results.map(({ metadata }) => metadata).filter((metadata) => metadata !== undefined);
  const [first, ...others] = all;
  if (!first) return undefined;
  const isCommon = ([key, value]: [string, unknown]) => others.every((other) => other[key] === value);
  return Object.fromEntries(Object.entries(first).filter(isCommon));
}
