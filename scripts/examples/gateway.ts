import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

/** Devices publish events to a broker; gateways take them from there and deliver them. */
export function gateway(): ExampleFlow {
  const flow = new ExampleFlow('gateway');
  const broker = flow.mqttBroker('Broker of the plant');
  addEdge(flow, broker);
  const workspace = standInWorkspace(flow, 'gateway', '');
  addGateway(flow, broker, workspace);
  addStandInApi(flow, { path: 'gateway', takesBatches: true });
  return flow;
}

function addEdge(flow: ExampleFlow, broker: string): void {
  flow.tab('Edge device', 'Builds vision events and publishes them. It needs no key and no way to the cloud.');
  flow.comments(
    [
      '1. You need an MQTT broker, such as Mosquitto. Here it is expected on this computer, port 1883',
      'Open an mqtt node and press the pencil beside Server to enter another address.',
    ],
    [
      '2. This tab belongs on each device, the next one on the gateway. For a trial both run in one Node-RED',
      'Give each device a name of its own: "Device id" in the vision event node, and the end of the topic.',
    ],
  );
  const publish = flow.node(
    'mqtt out',
    'to the gateway',
    [830, 180],
    {
      topic: 'vision-events/camera-1',
      qos: '1',
      retain: 'false',
      respTopic: '',
      contentType: '',
      userProps: '',
      correl: '',
      expiry: '',
      broker,
    },
    [],
  );
  const text = flow.json('as JSON', [660, 180], [[publish]]);
  const build = flow.visionEvent(
    'only build',
    [490, 180],
    {
      delivery: 'build',
      eventType: 'quality_check',
      useCase: 'quality-line-1',
      result: 'scratch',
      resultType: 'detected',
      deviceId: 'camera-1',
    },
    [[text]],
  );
  const camera = flow.functionNode('line camera', [310, 180], 'line-camera.js', [[build]]);
  flow.inject('every 5 s', [120, 180], 5, [[camera]]);
  flow.errors([150, 260]);
}

function addGateway(flow: ExampleFlow, broker: string, workspace: string): void {
  exampleTab(flow, 'gateway', 'Gateway', 'Takes the events of all devices from the broker, stores and delivers them.');
  flow.comments(
    ...firstSteps('gateway', 'Deploy: what the devices publish is stored on disk and delivered', [
      'Several gateways share the work: run this tab in each of them',
      'The topic begins with $share/gateways/: the broker gives each event to one of them. See docs/scaling.md for what is promised when one fails.',
    ]),
  );
  const report = flow.debug('stored', [630, 240], 'visionEvent');
  const relay = flow.send('store and deliver', [420, 240], { workspace, delivery: 'queue' }, [[report]]);
  flow.node(
    'mqtt in',
    'events of all devices',
    [160, 240],
    {
      topic: '$share/gateways/vision-events/+',
      qos: '1',
      datatype: 'auto-detect',
      broker,
      nl: false,
      rap: true,
      rh: 0,
      inputs: 0,
    },
    [[relay]],
  );
  flow.errors([150, 320]);
}
