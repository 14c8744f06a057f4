import { ExampleFlow } from './flow-parts';
import { addLinkButtons, addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

/** Events are kept on disk while the link is down, and delivered when it is back. */
export function badLink(): ExampleFlow {
  const flow = new ExampleFlow('bad-link');
  const workspace = standInWorkspace(flow, 'bad-link', 'edge-7');
  exampleTab(flow, 'bad-link', 'Bad link', 'Events are stored on disk and delivered in the background.');
  flow.comments(
    ...firstSteps('bad-link', 'Deploy: every 2 s an event is stored, and delivered a moment later', [
      'Press "cut the link": the events wait on disk, and survive a restart. Press "restore it" and "flush": they arrive',
      'Without "flush" they arrive too: the waiting time between two attempts grows up to a minute.',
    ]),
  );
  addEvents(flow, workspace);
  addOutbox(flow, workspace);
  const linkSwitch = addLinkButtons(flow, 540);
  flow.errors([540, 560]);
  addStandInApi(flow, { path: 'bad-link', takesBatches: true, linkSwitch });
  return flow;
}

function addEvents(flow: ExampleFlow, workspace: string): void {
  const report = flow.debug('stored', [760, 240], 'visionEvent.state');
  const event = flow.visionEvent(
    'store and deliver',
    [550, 240],
    {
      workspace,
      delivery: 'queue',
      eventType: 'quality_check',
      useCase: 'quality-line-1',
      result: 'scratch',
      resultType: 'detected',
    },
    [[report]],
  );
  const camera = flow.functionNode('line camera', [310, 240], 'line-camera.js', [[event]]);
  flow.inject('every 2 s', [120, 240], 2, [[camera]]);
}

function addOutbox(flow: ExampleFlow, workspace: string): void {
  const delivered = flow.debug('delivered', [770, 340], 'payload');
  const refused = flow.debug('refused', [760, 400], 'payload');
  const state = flow.debug('state', [750, 460], 'payload');
  const outbox = flow.outbox('outbox', [530, 400], workspace, [[delivered], [refused], [state]]);
  const commands = ['flush', 'pause', 'resume', 'state'];
  for (const [row, command] of commands.entries()) {
    flow.button(command, [110, 340 + row * 40], command, [[outbox]]);
  }
}
