import type { NodeAPI } from 'node-red';
import { AdminRefusal, deployedWorkspace, type AdminRequest } from './admin-route';
import { stateMessage } from './outbox-work';
import type { WorkspaceDelivery } from './workspace-delivery';

const MAX_REFUSED_SHOWN = 50;
const MAX_REASON = 500;

const COMMANDS: Record<string, (delivery: WorkspaceDelivery) => Promise<unknown>> = {
  pause: (delivery) => delivery.pause(),
  resume: (delivery) => delivery.resume(),
  flush: (delivery) => delivery.flush(),
  'retry-refused': (delivery) => delivery.retryRefused(),
  'discard-refused': (delivery) => delivery.discardRefused(),
};

/** What the outbox panel shows. Looking never opens an outbox: `open` is false while no node of the workspace stores. */
export async function outboxState(RED: NodeAPI, { params }: AdminRequest) {
  const { delivery } = deployedWorkspace(RED, params['id']);
  const state = delivery.state();
  if (!state) return { open: false, folder: delivery.folder };
  return {
    open: true,
    folder: delivery.folder,
    ...stateMessage(state),
    refusedEvents: state.deadLetters > 0 ? await refusedEvents(delivery) : [],
  };
}

/** @throws AdminRefusal `UNKNOWN_COMMAND`, `NOT_OPEN` */
export async function outboxCommand(RED: NodeAPI, { params, query }: AdminRequest) {
  const command = params['command'] ?? '';
  const { delivery } = deployedWorkspace(RED, params['id']);
  const perform = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!perform)
    throw new AdminRefusal(404, 'UNKNOWN_COMMAND', `Commands: ${Object.keys(COMMANDS).join(', ')}.`);
  if (!delivery.state()) {
    throw new AdminRefusal(409, 'NOT_OPEN', 'No deployed node stores events in this workspace.');
  }
  await perform(delivery);
  return outboxState(RED, { params, body: {}, query });
}

/** Why, but not the events themselves: they hold what the plant sees. */
async function refusedEvents(delivery: WorkspaceDelivery) {
  const letters = await delivery.refused(MAX_REFUSED_SHOWN);
  return letters.map(({ eventId, code, statusCode, why, diedAt }) => ({
    eventId: String(eventId).slice(0, 256),
    code,
    statusCode: statusCode ?? null,
    reason: why.slice(0, MAX_REASON),
    refusedAt: diedAt,
  }));
}
