import type { Node, NodeAPI } from 'node-red';
import type { DeliveredEvent } from '../../src/delivery/outbox/outbox';
import type { RefusedEvent } from '../../src/delivery/sender/types';
import type { EventWarning } from '../../src/event/types';
import type { VisionEventOutboxProperties } from '../shared/properties';
import { deliveryStatus } from '../shared/delivery-status';
import { toFlowError, type FlowError } from '../shared/flow-error';
import type { FlowMessage, Send } from '../shared/guarded-input';
import { StatusTexts } from '../shared/status-texts';
import { wrongInput } from '../shared/text-input';
import { ThrottledStatus } from '../shared/throttled-status';
import { workspaceOf } from '../workspace/workspace-node';
import type { WorkspaceDelivery } from '../workspace/delivery';
import { stateMessage } from '../workspace/state-message';

export const OUTBOX_COMMANDS = [
  'flush',
  'pause',
  'resume',
  'state',
  'retry-refused',
  'discard-refused',
] as const;
type OutboxCommand = (typeof OUTBOX_COMMANDS)[number];

/** The state goes out at most this often, and always after it came to rest. */
const STATE_INTERVAL_MS = 1000;

/**
 * What one `roboflow-vision-event-outbox` node does: tells what was delivered, refused and still waits; takes commands.
 */
export class OutboxWork {
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  private readonly leaveDelivery: () => void;
  private stateTimer: NodeJS.Timeout | undefined;
  private toldState = '';

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly config: VisionEventOutboxProperties,
  ) {
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.leaveDelivery = this.joinDelivery();
  }

  /** @throws FlowError `EVENT_INVALID` for an unknown command, `NOT_CONFIGURED` without a workspace */
  async handle(message: FlowMessage, send: Send): Promise<void> {
    const delivery = this.delivery();
    const command = commandOf(message.payload);
    const refused = () => refusedIds(delivery, message['eventIds']);
    if (command === 'retry-refused') message['count'] = await delivery.retryRefused(await refused());
    else if (command === 'discard-refused') message['count'] = await delivery.discardRefused(await refused());
    else if (command !== 'state') await delivery[command]();
    await delivery.ready();
    const state = delivery.state();
    if (!state) return;
    message.payload = stateMessage(state);
    send([null, null, message]);
  }

  showError(error: FlowError): void {
    this.status.show(this.texts.error(error));
  }

  close(): void {
    this.leaveDelivery();
    clearTimeout(this.stateTimer);
    this.status.clear();
  }

  private delivery(): WorkspaceDelivery {
    return workspaceOf(this.RED, this.config.workspace).delivery;
  }

  private joinDelivery(): () => void {
    try {
      return this.delivery().register(deliveryStatus(this.status, this.texts), {
        delivered: (events, warnings) => this.tellDelivered(events, warnings),
        refused: (events) => this.tellRefused(events),
        state: () => this.tellStateSoon(),
      });
    } catch (error) {
      this.showError(toFlowError(error));
      return () => undefined;
    }
  }

  private tellDelivered(events: DeliveredEvent[], batchWarnings: EventWarning[]): void {
    for (const event of events) {
      const warnings = event.warnings.length > 0 ? event.warnings : batchWarnings;
      this.node.send([{ payload: { ...event, warnings } }, null, null]);
    }
  }

  private tellRefused(events: RefusedEvent[]): void {
    for (const { event, eventId, code, statusCode, message } of events) {
      this.node.send([
        null,
        { payload: { event, eventId, code, statusCode: statusCode ?? null, message } },
        null,
      ]);
    }
  }

  private tellStateSoon(): void {
    this.stateTimer ??= setTimeout(() => this.tellState(), STATE_INTERVAL_MS).unref();
  }

  private tellState(): void {
    this.stateTimer = undefined;
    const state = this.delivery().state();
    if (!state) return;
    const payload = stateMessage(state);
    // A countdown alone is not news.
    const news = JSON.stringify({ ...payload, nextAttemptMs: null, oldestAgeMs: null });
    if (news === this.toldState) return;
    this.toldState = news;
    this.node.send([null, null, { payload }]);
  }
}

function commandOf(payload: unknown): OutboxCommand {
  const command = OUTBOX_COMMANDS.find((known) => known === payload);
  if (command) return command;
  const commands = OUTBOX_COMMANDS.join(', ');
  throw wrongInput(
    'msg.payload',
    `Send one of these texts in msg.payload, which holds no command: ${commands}.`,
  );
}

/** The refused events that a command is for; undefined (all) when `msg.eventIds` is not there. */
async function refusedIds(delivery: WorkspaceDelivery, eventIds: unknown): Promise<string[] | undefined> {
  if (eventIds === undefined) return undefined;
  // Not `every`, which passes over entries that are not there: a list may have billions of them.
  if (Array.isArray(eventIds) && eventIds.findIndex((id) => typeof id !== 'string') < 0) {
    return delivery.refusedIdsOf(eventIds as string[]);
  }
  throw wrongInput('msg.eventIds', 'msg.eventIds must be a list of texts: the ids of refused events.');
}
