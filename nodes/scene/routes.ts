import type { NodeAPI } from 'node-red';
import { AdminRoutes, DEPLOY_PERMISSION } from '../shared/admin-route';
import { keepsNothing } from '../shared/keeps-nothing';
import type * as Answers from './dialog-answers';
import { sceneRecorder } from './recorder';

const answers = () => require('./dialog-answers') as typeof Answers;

/** What the dialog asks of the runtime. Call once, when the node type is registered. */
export function registerSceneRoutes(RED: NodeAPI): void {
  const routes = new AdminRoutes(RED);
  if (keepsNothing(RED)) sceneRecorder.switchOff();
  routes.get('/vision-events/scenes/:id/view', (request) => answers().view(RED, request));
  routes.post(
    '/vision-events/scenes/replay',
    (bodies) => bodies.replay,
    (request) => answers().replayed(RED, request),
    [DEPLOY_PERMISSION],
  );
}
