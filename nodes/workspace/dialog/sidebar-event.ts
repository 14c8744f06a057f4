/** What the list of the sidebar shows of an event. Every text of it comes from elsewhere. */
export type LiveState = 'built' | 'queued' | 'delivered' | 'held' | 'refused' | 'failed';

export const LIVE_STATES: readonly LiveState[] = [
  'built',
  'queued',
  'delivered',
  'held',
  'refused',
  'failed',
];

/** As the runtime answers it: see `LiveEvent` there. */
export interface LiveEvent {
  id: number;
  /** epoch ms */
  at: number;
  state: LiveState;
  node: { id: string; type: string };
  workspace: string;
  eventId?: string;
  isKept: boolean;
  isCooling: boolean;
  isShortened: boolean;
  warnings: { path: string; type: string; value: string }[];
  warningCount: number;
  repaired: { path: string; from: string; to?: string }[];
  repairCount: number;
  error?: { code: string; message: string };
  size?: { width: number; height: number };
  picture: 'kept' | 'none' | 'too-large';
  /** may have any faults; null when it is not kept */
  event: unknown;
}

export interface LiveAnswer {
  cursor: string;
  isWhole: boolean;
  isPart: boolean;
  isOff: boolean;
  events: LiveEvent[];
}

/** A field of an event that may be anything. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** A value as a short text; empty for one that is no text, number or boolean. */
export function shortText(value: unknown): string {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value).slice(0, 120) : '';
}

/** As the canvas calls it, while it is there. */
export function nodeLabel({ id, type }: LiveEvent['node']): string {
  const node = RED.nodes.node(id);
  return node ? RED.utils.getNodeLabel(node, type) : type;
}
