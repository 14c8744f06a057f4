import type { PicturePlace } from '../../src/event/picture-place';
import type { EventWarning, Repaired } from '../../src/event/types';

/** `msg.visionEvent`: what became of the event. Its names are a contract with every flow. */
export interface EventReport {
  eventId?: string;
  state?: 'created' | 'queued' | 'built' | 'throttled';
  /** predicted here, before anything is sent; at most 200 are listed */
  warnings: EventWarning[];
  /** the true number of warnings, when there are more than are listed */
  warningCount?: number;
  /** as the API answered; at most 1,000 are listed */
  serverWarnings?: EventWarning[];
  /** the true number of them, when there are more than are listed */
  serverWarningCount?: number;
  deprecations?: unknown[];
  repaired?: Repaired[];
  /** fields of eventData whose value would follow from the detections, left out since rows of the payload could not be read */
  uncertain?: string[];
  detections?: { format: string; count: number; dropped: number; notes: string[] };
  /** `sourceId` and `url` when the picture was uploaded by itself, not together with the event */
  images?: (PicturePlace & { sourceId?: string; url?: string; bytes: number })[];
  /** pictures that failed while the node may send without them; without a role, the whole list of pictures */
  imagesLeftOut?: (Partial<PicturePlace> & { message: string })[];
  /**
   * `bundle-too-large`: event and pictures did not fit into one bundle and went separately. `picture-metadata-left-out`: the Local Event
   * Store has no place for it. `picture-format-kept`: a picture of a format that cannot be decoded here went as it is. `timestamp-…`: the time was given as RFC 1123 text or as an epoch in that unit
   */
  notes?: (
    | 'bundle-too-large'
    | 'picture-metadata-left-out'
    | 'picture-format-kept'
    | 'timestamp-rfc-1123'
    | 'timestamp-microseconds'
    | 'timestamp-nanoseconds'
  )[];
  /** the Local Event Store's own id of the event */
  storeId?: string;
  /** the answer of the Local Event Store was lost: the event may be stored although this failed */
  doubt?: true;
  statusCode?: number;
  attempts?: number;
  durationMs?: number;
}

/** How many warnings the status of a node tells of. */
export function warningsOf(report: EventReport): number {
  const predicted = report.warningCount ?? report.warnings.length;
  return Math.max(predicted, report.serverWarningCount ?? report.serverWarnings?.length ?? 0);
}

/** The one that the status names. */
export function firstWarning(report: EventReport): EventWarning | undefined {
  return report.warnings[0] ?? report.serverWarnings?.[0];
}
