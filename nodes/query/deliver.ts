import type { NodeAPI } from 'node-red';
import type { JsonObject } from '../../src/api/json';
import { MAX_QUERY_EVENTS } from '../../src/api/query';
import type { VisionEventQueryProperties } from '../shared/properties';
import type { FlowMessage, Send } from '../shared/guarded-input';
import type { ReadPage } from '../../src/api/query-pages';

/** `msg.visionEvent` of a query; in a part, as far as it was read then. */
export interface QueryReport {
  count: number;
  pages: number;
  /** the days back that the workspace can be asked for, when the API told */
  lookbackDays?: number;
  /** every event that matches was read */
  complete: boolean;
  warnings?: string[];
}

/** How the events of one query leave the node. */
export interface QueryDelivery {
  /** takes a page; the report already counts it */
  take(page: ReadPage, report: QueryReport): void;
  /** after a failure: sends what was read and counted, but still waits to be sent */
  release?(report: QueryReport): void;
}

type Outlet = (RED: NodeAPI, message: FlowMessage, send: Send) => QueryDelivery;

export const DELIVERIES: Record<VisionEventQueryProperties['deliver'], Outlet> = {
  array: (_RED, message, send) => new ArrayDelivery(message, send),
  page: (RED, message, send) => new PageDelivery(new PartSender(RED, message, send)),
  event: (RED, message, send) => new EventDelivery(new PartSender(RED, message, send)),
};

/** All events in one message, after the last page: the only way that keeps more than a page in memory. */
class ArrayDelivery implements QueryDelivery {
  private readonly events: JsonObject[] = [];

  constructor(
    private readonly message: FlowMessage,
    private readonly send: Send,
  ) {}

  take({ events, ending }: ReadPage, report: QueryReport): void {
    for (const event of events) this.events.push(event);
    if (ending === undefined) return;
    this.message.payload = this.events;
    this.message['visionEvent'] = report;
    this.send(this.message);
  }
}

/** A message for each page; `len` makes the join node give back one flat list of events. */
class PageDelivery implements QueryDelivery {
  constructor(private readonly parts: PartSender) {}

  take({ events, ending }: ReadPage, report: QueryReport): void {
    this.parts.send(events, report, ending !== undefined, { len: MAX_QUERY_EVENTS });
  }
}

/**
 * A message for each event. The last event of a page waits until the next page is there: only then is known whether it
 * is the last of all, which has to carry the count.
 */
class EventDelivery implements QueryDelivery {
  private waiting: JsonObject | undefined;

  constructor(private readonly parts: PartSender) {}

  take({ events, ending }: ReadPage, report: QueryReport): void {
    for (const event of events) {
      if (this.waiting !== undefined) this.parts.send(this.waiting, report, false);
      this.waiting = event;
    }
    if (ending !== undefined) this.sendWaiting(report, true);
  }

  release(report: QueryReport): void {
    this.sendWaiting(report, false);
  }

  private sendWaiting(report: QueryReport, isLast: boolean): void {
    if (this.waiting !== undefined) this.parts.send(this.waiting, report, isLast);
    this.waiting = undefined;
  }
}

/** Sends copies of the incoming message with `msg.parts`, as the split node does and the join node reads. */
class PartSender {
  private readonly id: string;
  private readonly base: FlowMessage;
  private readonly outerParts: { parts?: unknown };
  private index = 0;

  constructor(
    private readonly RED: NodeAPI,
    message: FlowMessage,
    private readonly sendMessage: Send,
  ) {
    this.id = RED.util.generateId();
    // The payload asked for the query and goes no further; a large one would be copied for every part.
    const { payload: _payload, parts, ...base } = message;
    this.base = base;
    this.outerParts = parts === undefined ? {} : { parts };
  }

  send(payload: unknown, report: QueryReport, isLast: boolean, more: object = {}): void {
    const parts = {
      ...this.outerParts,
      id: this.id,
      type: 'array',
      index: this.index++,
      ...more,
      ...(isLast && { count: this.index }),
    };
    this.sendMessage({
      ...this.RED.util.cloneMessage(this.base),
      payload,
      parts,
      visionEvent: { ...report },
    });
  }
}
