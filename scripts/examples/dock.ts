import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

/** Counts boxes at the dock and tells only of changes. */
export function dock(): ExampleFlow {
  const flow = new ExampleFlow('dock');
  const workspace = standInWorkspace(flow, 'dock', 'dock-camera-3');
  exampleTab(flow, 'dock', 'Dock', 'A camera counts boxes; an event is sent whenever the number changes.');
  flow.comments(
    ...firstSteps('dock', 'Deploy: a stand-in for a camera sees boxes come and go', [
      'Your own camera: wire it in place of "dock camera"',
      'The camera here answers as Ultralytics YOLO does. The vision event node recognises many other detectors by itself.',
    ]),
  );
  const report = flow.debug('reports', [990, 240], 'visionEvent');
  const count = flow.visionEvent(
    'boxes at dock 3',
    [800, 240],
    {
      workspace,
      eventType: 'inventory_count',
      useCase: 'dock-count',
      classes: 'box',
      minConfidence: '0.5',
      location: 'dock 3',
      itemCountType: 'count',
      itemType: 'box',
    },
    [[report]],
  );
  const changed = flow.node(
    'rbe',
    'only when the number changes',
    [560, 240],
    {
      func: 'rbe',
      gap: '',
      start: '',
      inout: 'out',
      septopics: true,
      property: 'payload.length',
      topi: 'topic',
    },
    [[count]],
  );
  const camera = flow.functionNode('dock camera', [310, 240], 'dock-camera.js', [[changed]]);
  flow.inject('every 3 s', [120, 240], 3, [[camera]]);
  flow.errors([150, 320]);
  addStandInApi(flow, { path: 'dock' });
  return flow;
}
