import type { NodeAPI } from 'node-red';
import { AdminRefusal, deployedWorkspace, type AdminRequest } from '../shared/admin-route';
import type { WorkspaceDelivery } from './delivery';
import { stateMessage } from './state-message';

const MAX_REFUSED_SHOWN = 50;
const MAX_REASON = 500;
const MAX_WORKERS_SHOWN = 50;

const COMMANDS: Record<string, (delivery: WorkspaceDelivery) => Promise<unknown>> = {
  pause: (delivery) => delivery.pause(),
  resume: (delivery) => delivery.resume(),
  'pause-all': (delivery) => delivery.setPausedForAll(true),
  'resume-all': (delivery) => delivery.setPausedForAll(false),
  flush: (delivery) => delivery.flush(),
  'retry-refused': (delivery) => delivery.retryRefused(),
  'discard-refused': (delivery) => delivery.discardRefused(),
};

export const REFUSED_EVENT_COMMANDS: Record<
  string,
  (delivery: WorkspaceDelivery, ids: string[]) => Promise<number>
> = {
  retry: (delivery, ids) => delivery.retryRefused(ids),
  discard: (delivery, ids) => delivery.discardRefused(ids),
};
/** The outbox's own ids (docs/store-and-forward.md), bounded. */
const REFUSED_ID = /^[\da-f-]{1,64}$/;

/**
 * What the outbox panel shows. Looking never opens an outbox: `open` is false while no node of the workspace stores, or
 * while it cannot be opened, which `lastError` tells.
 */
export async function outboxState(RED: NodeAPI, { params }: AdminRequest) {
  const { delivery } = deployedWorkspace(RED, params['id']);
  const refused = (delivery.state()?.deadLetters ?? 0) > 0 ? await refusedEvents(delivery) : [];
  const state = shownState(delivery);
  if (!state.open) return state;
  const pausedForAll = delivery.isPausedForAll ?? null;
  return { ...state, refusedEvents: refused, pausedForAll, workers: await workers(delivery) };
}

/** The state without the refused events themselves. */
export function shownState(delivery: WorkspaceDelivery) {
  const { folder } = delivery;
  const state = delivery.state();
  if (!state) return { open: false, folder, lastError: openingError(delivery) };
  return { open: true, folder, forgets: state.forgets ?? null, ...stateMessage(state) };
}

function openingError(delivery: WorkspaceDelivery) {
  const error = delivery.openingError();
  return error ? { code: error.code, message: error.message } : null;
}

/** @throws AdminRefusal `UNKNOWN_COMMAND`, `NOT_OPEN` */
export async function outboxCommand(RED: NodeAPI, request: AdminRequest) {
  const perform = commandOf(COMMANDS, request);
  await perform(openDelivery(RED, request));
  return outboxState(RED, request);
}

/**
 * Retries or discards one refused event, named by the outbox's own id. `count` is 0 when it is gone already, by a
 * double click or another browser: that is not an error, and the state that comes with it shows what there still is.
 *
 * @throws AdminRefusal `UNKNOWN_COMMAND`, `BAD_REQUEST`, `NOT_OPEN`
 */
export async function refusedEventCommand(RED: NodeAPI, request: AdminRequest) {
  const perform = commandOf(REFUSED_EVENT_COMMANDS, request);
  const id = refusedId(request);
  const count = await perform(openDelivery(RED, request), [id]);
  return { count, ...(await outboxState(RED, request)) };
}

function refusedId({ params }: AdminRequest): string {
  const id = params['refused'] ?? '';
  if (REFUSED_ID.test(id)) return id;
  throw new AdminRefusal(400, 'BAD_REQUEST', 'This is not an id of a refused event.');
}

/**
 * One of the refused events that are listed, as it was stored.
 * @throws AdminRefusal `BAD_REQUEST`, `NOT_OPEN`, `NO_EVENT`
 */
export async function refusedEvent(RED: NodeAPI, request: AdminRequest) {
  const id = refusedId(request);
  const letters = await openDelivery(RED, request).refused(MAX_REFUSED_SHOWN);
  const letter = letters.find((one) => one.id === id);
  if (letter) return { event: letter.event ?? null };
  throw new AdminRefusal(404, 'NO_EVENT', 'This event is no longer among the refused events.');
}

export function commandOf<Command>(commands: Record<string, Command>, { params }: AdminRequest): Command {
  const name = params['command'] ?? '';
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command;
  throw new AdminRefusal(404, 'UNKNOWN_COMMAND', `Commands: ${Object.keys(commands).join(', ')}.`);
}

export function openDelivery(RED: NodeAPI, { params }: AdminRequest): WorkspaceDelivery {
  const { delivery } = deployedWorkspace(RED, params['id']);
  if (delivery.state()) return delivery;
  throw (
    delivery.openingError() ??
    new AdminRefusal(409, 'NOT_OPEN', 'No deployed node stores events in this workspace.')
  );
}

/** None are told while the database does not answer. */
async function workers(delivery: WorkspaceDelivery) {
  const found = await delivery.workers().catch(() => []);
  return found?.slice(0, MAX_WORKERS_SHOWN) ?? null;
}

/** Why, but not the events themselves: they may be large, and are asked for one by one. */
async function refusedEvents(delivery: WorkspaceDelivery) {
  const letters = await delivery.refused(MAX_REFUSED_SHOWN);
  return letters.map(({ id, eventId, code, statusCode, why, diedAt }) => ({
    id,
    eventId: String(eventId).slice(0, 256),
    code,
    statusCode: statusCode ?? null,
    reason: why.slice(0, MAX_REASON),
    refusedAt: diedAt,
  }));
}
