import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

/** One alert per camera and half a minute, however long somebody stands there. */
export function safety(): ExampleFlow {
  const flow = new ExampleFlow('safety');
  const workspace = standInWorkspace(flow, 'safety', 'site-cameras');
  exampleTab(flow, 'safety', 'Safety alert',
    'Two cameras see persons where none should be. Each camera raises at most one alert in 30 seconds.',
  );
  flow.comments(
    ...firstSteps('safety', 'Deploy: every 4 s somebody is seen, yet alerts come once in 30 s and camera', [
      'The pause is set in "person in the zone", section Delivery',
      'Cooldown 30 s, for each value of msg.camera. An event that is held back goes on with the state "throttled" and is not sent.',
    ]),
  );
  const sent = flow.debug('sent', [1010, 240], 'visionEvent');
  const held = flow.debug('held back', [1020, 300], 'visionEvent.state');
  const sentOrHeld = flow.switchNode(
    'sent or held back?',
    [830, 260],
    'visionEvent.state',
    [
      { t: 'eq', v: 'created', vt: 'str' },
      { t: 'eq', v: 'throttled', vt: 'str' },
    ],
    [[sent], [held]],
  );
  const alert = flow.visionEvent(
    'person in the zone',
    [610, 260],
    {
      workspace,
      eventType: 'safety_alert',
      useCase: 'site-safety',
      classes: 'person',
      minConfidence: '0.6',
      alertTypeType: 'topClass',
      severity: 'high',
      description: '"A person is in the zone of the " & camera & "."',
      descriptionType: 'jsonata',
      streamId: 'camera',
      streamIdType: 'msg',
      cooldown: '30',
      cooldownBy: 'camera',
      cooldownByType: 'msg',
    },
    [[sentOrHeld]],
  );
  const zone = flow.functionNode('zone camera', [390, 260], 'zone-camera.js', [[alert]]);
  for (const [row, camera] of ['gate', 'ramp'].entries()) {
    flow.inject(`${camera}, every 4 s`, [150, 240 + row * 60], 4, [[zone]], {
      props: [{ p: 'camera', v: camera, vt: 'str' }],
    });
  }
  flow.errors([150, 380]);
  addStandInApi(flow, { path: 'safety' });
  return flow;
}
