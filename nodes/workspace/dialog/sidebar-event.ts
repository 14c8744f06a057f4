import type { LiveAnswer, LiveState } from '../../shared/live-event';

/** An event as the runtime answers it. */
export type LiveEvent = LiveAnswer['events'][number];

export const LIVE_STATES: readonly LiveState[] = [
  'built',
  'queued',
  'delivered',
  'held',
  'refused',
  'failed',
];

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
