import type { NodeAPI } from 'node-red';
import { AdminRoutes, DEPLOY_PERMISSION } from '../shared/admin-route';
import { keepsNothing } from '../shared/keeps-nothing';
import { lastMessages } from '../shared/last-messages';
import type * as Trial from './try-event';

const trial = () => require('./try-event') as typeof Trial;

/** What "Try it" asks of the runtime. Call once, when the node type is registered. */
export function registerTryRoutes(RED: NodeAPI): void {
  const routes = new AdminRoutes(RED);
  if (keepsNothing(RED)) lastMessages.switchOff();
  routes.get('/vision-events/editor', () => lastMessages.editorIsOpen());
  routes.get('/vision-events/nodes/:id/last-message', (request) => trial().lastMessage(RED, request));
  routes.get('/vision-events/nodes/:id/last-payload', (request) => trial().lastPayload(RED, request));
  routes.post(
    '/vision-events/try',
    (bodies) => bodies.trial,
    (request) => trial().tryEvent(RED, request),
    [DEPLOY_PERMISSION],
  );
}
