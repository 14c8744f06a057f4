import type { NodeAPI } from 'node-red';
import type { RefusedEventBody } from '../shared/admin-bodies';
import { AdminRefusal, type AdminRequest, type ShownPicture } from '../shared/admin-route';
import { liveEvents } from '../shared/live-events';
import { commandOf, openDelivery, outboxState, REFUSED_EVENT_COMMANDS, shownState } from './admin-outbox';
import { eachWorkspace } from './workspace-node';

/** What happened since the editor's last question, which also says that somebody looks. */
export const liveNews = ({ query }: AdminRequest) => liveEvents.look(query['since']);

/** @throws AdminRefusal `NO_PICTURE` */
export function livePicture({ params }: AdminRequest): ShownPicture {
  const picture = liveEvents.picture(Number(params['event']));
  if (picture) return picture;
  throw new AdminRefusal(404, 'NO_PICTURE', 'This picture is no longer kept.');
}

/** What the sidebar shows of each deployed workspace. It does not say that somebody looks at the events. */
export function liveWorkspaces(RED: NodeAPI) {
  const workspaces: object[] = [];
  eachWorkspace(RED, ({ name, delivery, delivered }, id) => {
    const rejecting = delivery.state()?.rejecting ?? [];
    workspaces.push({ id, name, minutes: delivered.list(), rejecting, ...shownState(delivery) });
  });
  return { workspaces };
}

/**
 * Retries or discards the refused events with an event id: the list of the sidebar knows no other. `count` is 0 when
 * they are gone.
 *
 * @throws AdminRefusal `UNKNOWN_COMMAND`, `NOT_OPEN`
 */
export async function liveEventCommand(RED: NodeAPI, request: AdminRequest<RefusedEventBody>) {
  const perform = commandOf(REFUSED_EVENT_COMMANDS, request);
  const { eventId } = request.body;
  const delivery = openDelivery(RED, request);
  const ids = await delivery.refusedIdsOf([eventId]);
  const count = ids.length > 0 ? await perform(delivery, ids) : 0;
  const isQueued = count > 0 && request.params['command'] === 'retry';
  liveEvents.ordered(request.params['id'] ?? '', eventId, isQueued);
  return { count, ...(await outboxState(RED, request)) };
}
