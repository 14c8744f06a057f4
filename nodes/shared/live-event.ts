/**
 * `held`: by the cooldown, by "stop with an error", or refused once and tried again · `refused`: by the target, for
 * good · `failed`: an error ended it before, and the flow has it at its Catch node
 */
export type LiveState = 'built' | 'queued' | 'delivered' | 'held' | 'refused' | 'failed';

export interface Size {
  width: number;
  height: number;
}

export interface Finding {
  path: string;
  type: string;
  /** JSON, cut */
  value: string;
}

/** What the list of the sidebar shows of an event. Every text of it comes from elsewhere. */
export interface LiveEvent {
  /** ascending in the order in which the events were done with */
  id: number;
  /** wall clock, epoch ms */
  at: number;
  state: LiveState;
  /** of the flow: of a node inside a subflow, its template */
  node: { id: string; type: string };
  workspace: string;
  eventId?: string;
  /** the target refused it, and the outbox keeps it */
  isKept: boolean;
  /** held by the cooldown of its node */
  isCooling: boolean;
  /** without most of its detections, or missing altogether */
  isShortened: boolean;
  warnings: Finding[];
  /** the true number of them */
  warningCount: number;
  repaired: { path: string; from: string; to?: string }[];
  repairCount: number;
  error?: { code: string; message: string };
  size?: Size;
  picture: 'kept' | 'none' | 'too-large';
}

/** What changed since a cursor. `isWhole`: everything that is kept, in place of what the editor has. */
export interface LiveAnswer {
  cursor: string;
  isWhole: boolean;
  /** there is more: ask at once */
  isPart: boolean;
  isOff: boolean;
  /** each with the event itself, which may have any faults; null when it is not kept */
  events: (LiveEvent & { event: unknown })[];
}
