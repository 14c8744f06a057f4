import type { PicturePlace } from '../../src/event/picture-place';
import type { EventWarning, Repaired } from '../../src/event/types';

/** What the steps from message to event found. */
export interface Findings {
  eventId?: string;
  /** predicted here, before anything is sent; at most 200 are listed */
  warnings: EventWarning[];
  /** the true number of warnings, when there are more than are listed */
  warningCount?: number;
  repaired?: Repaired[];
  /**
   * fields of eventData whose value would follow from the detections, left out since rows of the payload could not be
   * read
   */
  uncertain?: string[];
  detections?: {
    format: string;
    count: number;
    dropped: number;
    notes: string[];
    /** of an event that is only built: what the coordinates of each image count in, null where that is not known */
    sizes?: ({ width: number; height: number } | null)[];
    /** of such an event as well: why nothing can be hidden by these detections */
    doubt?: string;
  };
  /** `sourceId` and `url` when the picture was uploaded by itself, not together with the event */
  images?: (PicturePlace & { sourceId?: string; url?: string; bytes: number })[];
  /** pictures that failed while the node may send without them; without a role, the whole list of pictures */
  imagesLeftOut?: (Partial<PicturePlace> & { message: string })[];
  /**
   * `bundle-too-large`: event and pictures did not fit into one bundle and went separately.
   * `picture-metadata-left-out`: the Local Event Store has no place for it. `picture-format-kept`: a picture of a
   * format that cannot be decoded here went as it is. `timestamp-…`: the time was given as RFC 1123 text or as an epoch
   * in that unit
   */
  notes?: (
    | 'bundle-too-large'
    | 'picture-metadata-left-out'
    | 'picture-format-kept'
    | 'timestamp-rfc-1123'
    | 'timestamp-microseconds'
    | 'timestamp-nanoseconds'
  )[];
}

/** The target took the event. */
export interface CreatedReport extends Findings {
  state: 'created';
  statusCode?: number;
  attempts?: number;
  durationMs?: number;
  /** as the API answered; at most 1,000 are listed */
  serverWarnings?: EventWarning[];
  /** the true number of them, when there are more than are listed */
  serverWarningCount?: number;
  deprecations?: unknown[];
  /** the Local Event Store's own id of the event */
  storeId?: string;
}

/** It is in the outbox, was only built, or held back by the cooldown. */
export interface KeptReport extends Findings {
  state: 'queued' | 'built' | 'throttled';
}

/** An error ended it: what was found until then. */
export interface UnfinishedReport extends Findings {
  state?: undefined;
  /** the answer of the Local Event Store was lost: the event may be stored although this failed */
  doubt?: true;
}

/** `msg.visionEvent`: what became of the event. Its names are a contract with every flow. */
export type EventReport = CreatedReport | KeptReport | UnfinishedReport;

/** An error that ended a step, and what the step had found until then. */
export class StepError extends Error {
  constructor(
    readonly reason: unknown,
    readonly found: Partial<UnfinishedReport>,
  ) {
    super('A step failed.');
  }
}

/** @param error of any step: not all of them find something before they fail */
export function stepError(error: unknown): StepError {
  return error instanceof StepError ? error : new StepError(error, {});
}

const LISTS = ['repaired', 'uncertain', 'images', 'imagesLeftOut', 'notes'] as const;

/** What several steps found: lists of a later one follow those of the earlier ones, of other values the last counts. */
export function together<Last extends object>(
  ...steps: [...Partial<Findings>[], Last]
): Partial<Findings> & Last {
  const found = Object.assign({}, ...steps) as Partial<Findings> & Last;
  for (const list of LISTS) {
    if (found[list]) Object.assign(found, { [list]: listOfAll(list, steps) });
  }
  return found;
}

function listOfAll(list: (typeof LISTS)[number], steps: readonly Partial<Findings>[]): unknown[] {
  return steps.flatMap((step): unknown[] => step[list] ?? []);
}

/** @param steps what they found @param end how it ended */
export function reportOf<End extends object>(steps: readonly Partial<Findings>[], end: End): Findings & End {
  return together({ warnings: [] }, ...steps, end) as Findings & End;
}

/** How many warnings the status of a node tells of. */
export function warningsOf(report: EventReport): number {
  const predicted = report.warningCount ?? report.warnings.length;
  if (report.state !== 'created') return predicted;
  return Math.max(predicted, report.serverWarningCount ?? report.serverWarnings?.length ?? 0);
}

/** The one that the status names. */
export function firstWarning(report: EventReport): EventWarning | undefined {
  return report.warnings[0] ?? (report.state === 'created' ? report.serverWarnings?.[0] : undefined);
}
