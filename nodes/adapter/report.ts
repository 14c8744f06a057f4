import type { EventWarning, Mended } from '../../src/event/types';

/** `msg.visionEvent`: what became of the event. Its names are a contract with every flow. */
export interface EventReport {
  eventId?: string;
  state?: 'created' | 'queued' | 'built' | 'throttled';
  /** predicted here, before anything is sent; at most 200 are listed */
  warnings: EventWarning[];
  /** the true number of warnings, when there are more than are listed */
  warningCount?: number;
  /** as the API answered */
  serverWarnings?: EventWarning[];
  deprecations?: unknown[];
  repaired?: Mended[];
  detections?: { format: string; count: number; dropped: number; notes: string[] };
  images?: { role: 'output' | 'input'; sourceId: string; url?: string; bytes: number }[];
  /** pictures that failed while the node may send without them */
  imagesLeftOut?: { role: 'output' | 'input'; message: string }[];
  statusCode?: number;
  attempts?: number;
  durationMs?: number;
}
