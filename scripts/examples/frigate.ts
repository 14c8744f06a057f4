import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

/** Frigate's MQTT messages, from a button so that it works without a broker. */
export function frigate(): ExampleFlow {
  const flow = new ExampleFlow('frigate');
  const workspace = standInWorkspace(flow, 'frigate', 'frigate-nvr');
  const broker = flow.mqttBroker('Broker of Frigate');
  exampleTab(flow, 'frigate', 'Frigate', 'Each object that Frigate has followed to its end becomes one safety alert.');
  flow.comments(
    ...firstSteps('frigate', 'Deploy, then press the button: it sends what Frigate would send', [
      'Your Frigate: enable the node "frigate/events" (in its dialog, lower left corner) and set its broker',
      'It is disabled here so that the example works without a broker. Then delete the button. Is the snapshot larger than the detect stream? In the vision event node, under "Format settings", enter the size of the detect stream as "Size the detector saw".',
    ]),
  );
  const report = flow.debug('reports', [990, 260], 'visionEvent');
  const event = flow.visionEvent(
    'object seen by Frigate',
    [780, 260],
    {
      workspace,
      eventType: 'safety_alert',
      useCase: 'site-safety',
      format: 'frigate',
      alertTypeType: 'topClass',
      severity: 'medium',
      description: '"Seen by Frigate in " & $join(payload.after.entered_zones, ", ")',
      descriptionType: 'jsonata',
      streamId: 'payload.after.camera',
      streamIdType: 'msg',
      detectionMetadata: true,
    },
    [[report]],
  );
  const ended = flow.switchNode(
    'object is gone?',
    [540, 260],
    'payload.type',
    [{ t: 'eq', v: 'end', vt: 'str' }],
    [[event]],
  );
  const parsed = flow.json('read JSON', [350, 260], [[ended]]);
  flow.button('somebody walked by', [150, 240], JSON.stringify(FRIGATE_EVENT), [[parsed]]);
  flow.node(
    'mqtt in',
    'frigate/events',
    [130, 300],
    {
      d: true,
      topic: 'frigate/events',
      qos: '1',
      datatype: 'utf8',
      broker,
      nl: false,
      rap: true,
      rh: 0,
      inputs: 0,
    },
    [[parsed]],
  );
  flow.errors([150, 380]);
  addStandInApi(flow, { path: 'frigate' });
  return flow;
}

const SEEN = {
  id: '1767225600.123456-abc123',
  camera: 'yard',
  label: 'person',
  sub_label: null,
  score: 0.87,
  top_score: 0.91,
  false_positive: false,
  stationary: false,
  frame_time: 1767225612.5,
  start_time: 1767225600.12,
  end_time: 1767225612.5,
  box: [424, 500, 536, 712],
  area: 23744,
  region: [264, 450, 667, 853],
  current_zones: [],
  entered_zones: ['yard', 'gate'],
  has_snapshot: true,
  has_clip: true,
  snapshot: { frame_time: 1767225606.2, box: [430, 480, 540, 700], area: 24200, score: 0.91 },
};

/** What Frigate publishes on frigate/events when an object has left the picture. */
const FRIGATE_EVENT = { type: 'end', before: { ...SEEN, end_time: null }, after: SEEN };
