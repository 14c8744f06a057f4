import type { NodeAPI } from 'node-red';
import { outboxCommand, outboxState, refusedEventCommand } from './admin-outbox';
import { AdminRoutes, DEPLOY_PERMISSION } from './admin-route';
import { createUseCase, listUseCases, useCaseSchema } from './admin-use-cases';
import { checkConnection } from './check-connection';
import { lastMessage, tryEvent } from './try-event';

/** Everything that the dialogs ask of the runtime. Call once, when the nodes are registered. */
export function registerAdminRoutes(RED: NodeAPI): void {
  const routes = new AdminRoutes(RED);
  const workspace = '/vision-events/workspaces/:id';
  routes.get(`${workspace}/outbox`, (request) => outboxState(RED, request));
  routes.post(`${workspace}/outbox/:command`, (request) => outboxCommand(RED, request));
  routes.post(`${workspace}/outbox/refused/:refused/:command`, (request) =>
    refusedEventCommand(RED, request),
  );
  routes.get(`${workspace}/use-cases`, (request) => listUseCases(RED, request));
  routes.post(`${workspace}/use-cases`, (request) => createUseCase(RED, request));
  routes.get(`${workspace}/metadata-schema/:useCase`, (request) => useCaseSchema(RED, request));
  routes.get('/vision-events/nodes/:id/last-message', (request) => lastMessage(RED, request));
  routes.post('/vision-events/check-connection', (request) => checkConnection(RED, request), [
    DEPLOY_PERMISSION,
  ]);
  routes.post('/vision-events/try', (request) => tryEvent(RED, request), [DEPLOY_PERMISSION]);
}
