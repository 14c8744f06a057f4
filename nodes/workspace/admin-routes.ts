import type { NodeAPI } from 'node-red';
import { liveEventCommand, liveNews, livePicture, liveWorkspaces, startLiveView } from './admin-live';
import { outboxCommand, outboxState, refusedEvent, refusedEventCommand } from './admin-outbox';
import type * as Bodies from '../shared/admin-bodies';
import { AdminRoutes, DEPLOY_PERMISSION } from '../shared/admin-route';
import { createUseCase, listUseCases, sendTestEvent, useCaseSchema } from './admin-use-cases';
import { checkConnection } from './check-connection';

/** What the dialogs ask of a workspace. Call once, when the node type is registered. */
export function registerAdminRoutes(RED: NodeAPI): void {
  const routes = new AdminRoutes(RED);
  const workspace = '/vision-events/workspaces/:id';
  routes.get(`${workspace}/outbox`, (request) => outboxState(RED, request));
  routes.post(`${workspace}/outbox/:command`, noBody, (request) => outboxCommand(RED, request));
  routes.post(`${workspace}/outbox/refused/:refused/:command`, noBody, (request) =>
    refusedEventCommand(RED, request),
  );
  routes.get(`${workspace}/outbox/refused/:refused`, (request) => refusedEvent(RED, request));
  startLiveView(RED);
  routes.get('/vision-events/live', liveNews);
  routes.get('/vision-events/live/workspaces', () => liveWorkspaces(RED));
  routes.getPicture('/vision-events/live/:event/picture', livePicture);
  routes.post(
    `${workspace}/live/:command`,
    ({ refusedEvent: body }) => body,
    (request) => liveEventCommand(RED, request),
  );
  routes.get(`${workspace}/metadata-schema/:useCase`, (request) => useCaseSchema(RED, request));
  routes.post(
    '/vision-events/check-connection',
    ({ connectionAndDatabase }) => connectionAndDatabase,
    (request) => checkConnection(RED, request),
    [DEPLOY_PERMISSION],
  );
  routes.post(
    '/vision-events/use-cases/list',
    ({ connection }) => connection,
    (request) => listUseCases(RED, request),
    [DEPLOY_PERMISSION],
  );
  routes.post(
    '/vision-events/use-cases/create',
    ({ newUseCase }) => newUseCase,
    (request) => createUseCase(RED, request),
    [DEPLOY_PERMISSION],
  );
  routes.post(
    '/vision-events/test-event',
    ({ testEvent }) => testEvent,
    (request) => sendTestEvent(RED, request),
    [DEPLOY_PERMISSION],
  );
}

/** A command says all in its address. */
const noBody = ({ nothing }: typeof Bodies) => nothing;
