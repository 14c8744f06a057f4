import { ExampleFlow } from './flow-parts';
import { addLinkButtons, addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

/** How much waits and for how long, in words on the canvas, and an alarm. */
export function backlog(): ExampleFlow {
  const flow = new ExampleFlow('backlog');
  const workspace = standInWorkspace(flow, 'backlog', 'edge-8');
  exampleTab(flow, 'backlog', 'Backlog', 'Shows by core nodes what the outbox holds, and raises an alarm.');
  flow.comments(
    ...firstSteps('backlog', 'Deploy: what waits stands in words below the node "backlog"', [
      'Press "cut the link" and watch the backlog grow; after 20 s there is an alarm',
      'After "restore it" the next attempt comes within a minute. Put a mail, chat or lamp node behind "waits too long". The numbers suit a gauge or chart of a dashboard as they are.',
    ]),
  );
  addEvents(flow, workspace);
  addBacklog(flow, workspace);
  const linkSwitch = addLinkButtons(flow, 520);
  flow.errors([540, 540]);
  addStandInApi(flow, { path: 'backlog', takesBatches: true, linkSwitch });
  return flow;
}

function addEvents(flow: ExampleFlow, workspace: string): void {
  const count = flow.visionEvent(
    'parts on the line',
    [550, 240],
    {
      workspace,
      delivery: 'queue',
      eventType: 'inventory_count',
      useCase: 'dock-count',
      classes: 'part',
      location: 'line 1',
      itemType: 'part',
    },
    [[]],
  );
  const camera = flow.functionNode('line camera', [310, 240], 'line-camera.js', [[count]]);
  flow.inject('every 2 s', [120, 240], 2, [[camera]]);
  const shown = flow.debug('status of the node', [750, 300], 'status.text');
  flow.node('status', 'its status', [530, 300], { scope: [count] }, [[shown]]);
}

function addBacklog(flow: ExampleFlow, workspace: string): void {
  const numbers = flow.debug('numbers', [790, 360], 'payload');
  const alarm = flow.debug('alarm', [780, 440], 'payload');
  const tooLong = flow.functionNode('waits too long', [590, 440], 'waits-too-long.js', [[alarm]]);
  const words = flow.functionNode('backlog', [570, 360], 'backlog-in-words.js', [[numbers]]);
  const outbox = flow.outbox('outbox', [370, 400], workspace, [[], [], [words, tooLong]]);
  flow.inject('ask every 5 s', [140, 400], 5, [[outbox]], { payload: 'state', payloadType: 'str' });
}
