import { filmTheBelt, standInDetector } from './belt';
import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

/** All three events show the same picture; it is uploaded once. */
const PICTURE = { inputImage: 'image', inputImageType: 'msg' };

/** Quality check, count and safety alert over a drawn scene, with a stand-in for the API on its own tab. */
export function conveyor(): ExampleFlow {
  const flow = new ExampleFlow('conveyor');
  const workspace = standInWorkspace(flow, '', 'belt-camera-1');
  exampleTab(flow, '', 'Conveyor',
    'A drawn scene, a stand-in detector, and three vision events of each picture: a quality check, a count, and an alert when somebody wears no helmet.',
  );
  flow.comments(...firstSteps('', 'Deploy: events go to the stand-in on the next tab'));
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
  flow.errors([210, 380]);
  addStandInApi(flow);
  return flow;
}
