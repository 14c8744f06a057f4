import { filmTheBelt, standInDetector } from './belt';
import { ExampleFlow, STAND_IN_KEY } from './flow-parts';
import { addStandInApi, PORT_NOTE, standInUrl } from './stand-in-api';

/** All three events show the same picture; it is uploaded once. */
const PICTURE = { inputImage: 'image', inputImageType: 'msg' };

/** Quality check, count and safety alert over a drawn scene, with a stand-in for the API on its own tab. */
export function conveyor(): ExampleFlow {
  const flow = new ExampleFlow('conveyor');
  const workspace = flow.workspace('Stand-in workspace', {
    baseUrl: standInUrl(),
    deviceId: 'belt-camera-1',
    credentials: { apiKey: STAND_IN_KEY },
  });
  flow.tab(
    'Conveyor',
    'A drawn scene, a stand-in detector, and three vision events of each picture: a quality check, a count, and an alert when somebody wears no helmet.',
  );
  flow.comment(
    '1. Deploy: events go to the stand-in on the next tab',
    `Nothing leaves this computer. See what arrives at ${standInUrl()}. ${PORT_NOTE}`,
    [220, 40],
  );
  flow.comment(
    '2. To Roboflow: base URL https://api.roboflow.com and your key, in the workspace',
    'Open one of the three vision event nodes, press the pencil beside Workspace, enter both, and choose your use case in each node.',
    [300, 80],
  );
  const report = flow.debug('reports', [960, 240], 'visionEvent');
  const quality = flow.visionEvent(
    'scratched parts fail',
    [770, 180],
    {
      workspace,
      eventType: 'quality_check',
      ...PICTURE,
      useCase: 'quality-line-1',
      result: 'scratch',
      resultType: 'detected',
      metadata: [{ key: 'line', value: 'A1', valueType: 'str' }],
    },
    [[report]],
  );
  const count = flow.visionEvent(
    'parts on the belt',
    [770, 240],
    {
      workspace,
      eventType: 'inventory_count',
      ...PICTURE,
      useCase: 'dock-count',
      classes: 'part',
      location: 'belt 1',
      itemCountType: 'count',
      itemType: 'part',
    },
    [[report]],
  );
  const alert = flow.visionEvent(
    'no helmet',
    [810, 300],
    {
      workspace,
      eventType: 'safety_alert',
      ...PICTURE,
      useCase: 'site-safety',
      classes: 'no_helmet',
      alertTypeType: 'topClass',
      severity: 'high',
      description: 'Somebody walks beside the belt without a helmet.',
      cooldown: '30',
    },
    [[report]],
  );
  const bareHead = flow.functionNode('bare head?', [640, 300], 'any-without-helmet.js', [[alert]]);
  const detector = standInDetector(flow, [450, 240], [[quality, count, bareHead]]);
  const film = filmTheBelt(flow, [270, 240], [[detector]]);
  flow.inject('every 5 s', [110, 240], 5, [[film]]);
  const failed = flow.debug('failed', [450, 380], 'error');
  flow.node('catch', 'events that failed', [210, 380], { scope: null, uncaught: false }, [[failed]]);
  addStandInApi(flow);
  return flow;
}
