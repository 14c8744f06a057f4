import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

const SITE = 'site-1';
const TOPIC = `vision-events/${SITE}/state`;

/** Each site tells a broker how its outbox is; the broker itself tells when a site is gone. */
export function fleet(): ExampleFlow {
  const flow = new ExampleFlow('fleet');
  const workspace = standInWorkspace(flow, 'fleet', SITE);
  const broker = flow.mqttBroker('Broker, as the site', '', {
    willTopic: TOPIC,
    willQos: '1',
    willRetain: 'true',
    willPayload: JSON.stringify({ site: SITE, online: false }),
    // A site that is stopped in good order is as gone as one whose power failed.
    closeTopic: TOPIC,
    closeQos: '1',
    closeRetain: 'true',
    closePayload: JSON.stringify({ site: SITE, online: false }),
  });
  addSite(flow, broker, workspace);
  // With a connection of its own: the last will above is the site's.
  addOverview(flow, flow.mqttBroker('Broker, as the overview'));
  addStandInApi(flow, { path: 'fleet', takesBatches: true });
  return flow;
}

function addSite(flow: ExampleFlow, broker: string, workspace: string): void {
  exampleTab(
    flow,
    'fleet',
    'Fleet: a site',
    `What the outbox holds goes to ${TOPIC}, retained; the last will of the broker says when the site is gone.`,
  );
  flow.comments(
    ...firstSteps('fleet', 'You need an MQTT broker, such as Mosquitto. Here it is expected on this computer, port 1883', [
      `Each site has a name of its own: "${SITE}" in "state of the site" and in the messages of the broker's node`,
      'In the node "to the fleet" press the pencil beside Server. Connection: its address. Messages: the topic and the text of both messages for when it goes.',
    ]),
  );
  const report = flow.debug('stored', [740, 240], 'visionEvent.state');
  const check = flow.visionEvent(
    'store and deliver',
    [530, 240],
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
  const camera = flow.functionNode('line camera', [310, 240], 'line-camera.js', [[check]]);
  flow.inject('every 5 s', [120, 240], 5, [[camera]]);
  const publish = flow.node(
    'mqtt out',
    'to the fleet',
    [730, 320],
    { topic: '', qos: '1', retain: 'true', respTopic: '', contentType: '', userProps: '', correl: '', expiry: '', broker },
    [],
  );
  const state = flow.functionNode('state of the site', [510, 320], 'fleet-state.js', [[publish]]);
  const outbox = flow.outbox('outbox', [310, 320], workspace, [[], [], [state]]);
  flow.inject('every 10 s', [120, 320], 10, [[outbox]], { payload: 'state', payloadType: 'str' });
  flow.errors([150, 400]);
}

function addOverview(flow: ExampleFlow, broker: string): void {
  flow.tab('Fleet: all sites', 'The state of every site, from the broker. It belongs on one computer; for a trial both run in one Node-RED.');
  flow.comments([
    'How every site is: the status of "overview", and the list in the debug sidebar',
    'A broker keeps the last state of each site, so that this is complete right after a start.',
  ]);
  const shown = flow.debug('all sites', [570, 120], 'payload');
  const overview = flow.functionNode('overview', [360, 120], 'fleet-overview.js', [[shown]]);
  flow.node(
    'mqtt in',
    'state of every site',
    [140, 120],
    { topic: 'vision-events/+/state', qos: '1', datatype: 'json', broker, nl: false, rap: true, rh: 0, inputs: 0 },
    [[overview]],
  );
  flow.errors([150, 200]);
}
