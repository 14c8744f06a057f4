import type { NodeAPI } from 'node-red';
import type * as Live from './admin-live';
import type * as Outbox from './admin-outbox';
import type * as Bodies from '../shared/admin-bodies';
import { AdminRoutes, DEPLOY_PERMISSION } from '../shared/admin-route';
import type * as UseCases from './admin-use-cases';
import type * as Connection from './check-connection';
import { startLiveView } from './live-view';

// Each is loaded by the first question of a dialog.
const live = () => require('./admin-live') as typeof Live;
const outbox = () => require('./admin-outbox') as typeof Outbox;
const useCases = () => require('./admin-use-cases') as typeof UseCases;
const connection = () => require('./check-connection') as typeof Connection;

/** What the dialogs ask of a workspace. Call once, when the node type is registered. */
export function registerAdminRoutes(RED: NodeAPI): void {
  const routes = new AdminRoutes(RED);
  const workspace = '/vision-events/workspaces/:id';
  routes.get(`${workspace}/outbox`, (request) => outbox().outboxState(RED, request));
  routes.post(`${workspace}/outbox/:command`, noBody, (request) => outbox().outboxCommand(RED, request));
  routes.post(`${workspace}/outbox/refused/:refused/:command`, noBody, (request) =>
    outbox().refusedEventCommand(RED, request),
  );
  routes.get(`${workspace}/outbox/refused/:refused`, (request) => outbox().refusedEvent(RED, request));
  startLiveView(RED);
  routes.get('/vision-events/live', (request) => live().liveNews(request));
  routes.get('/vision-events/live/workspaces', () => live().liveWorkspaces(RED));
  routes.getPicture('/vision-events/live/:event/picture', (request) => live().livePicture(request));
  routes.post(
    `${workspace}/live/:command`,
    ({ refusedEvent: body }) => body,
    (request) => live().liveEventCommand(RED, request),
  );
  routes.get(`${workspace}/metadata-schema/:useCase`, (request) => useCases().useCaseSchema(RED, request));
  routes.post(
    '/vision-events/check-connection',
    ({ connectionAndDatabase }) => connectionAndDatabase,
    (request) => connection().checkConnection(RED, request),
    [DEPLOY_PERMISSION],
  );
  routes.post(
    '/vision-events/use-cases/list',
    ({ connection }) => connection,
    (request) => useCases().listUseCases(RED, request),
    [DEPLOY_PERMISSION],
  );
  routes.post(
    '/vision-events/use-cases/create',
    ({ newUseCase }) => newUseCase,
    (request) => useCases().createUseCase(RED, request),
    [DEPLOY_PERMISSION],
  );
  routes.post(
    '/vision-events/test-event',
    ({ testEvent }) => testEvent,
    (request) => useCases().sendTestEvent(RED, request),
    [DEPLOY_PERMISSION],
  );
}

/** A command says all in its address. */
const noBody = ({ nothing }: typeof Bodies) => nothing;
