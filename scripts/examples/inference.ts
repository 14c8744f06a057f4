import { filmTheBelt } from './belt';
import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

/** Asks a Roboflow inference server about each picture. */
export function inference(): ExampleFlow {
  const flow = new ExampleFlow('inference');
  const workspace = standInWorkspace(flow, 'inference', 'inference-camera');
  exampleTab(flow, 'inference', 'Inference', 'A picture goes to an inference server; its answer becomes a quality check.');
  flow.comments(
    ...firstSteps('inference', 'Deploy: a stand-in for the inference server on the next tab finds scratches', [
      'Your inference server: enable the node "inference server" and enter its address, in "ask the model" the model',
      'To enable: its dialog, lower left corner. Then delete "stand-in for the server". The server wants an API key of its own: start Node-RED with the environment variable ROBOFLOW_API_KEY.',
    ]),
  );
  const report = flow.debug('reports', [1090, 260], 'visionEvent');
  const check = flow.visionEvent(
    'scratched parts fail',
    [880, 260],
    {
      workspace,
      eventType: 'quality_check',
      useCase: 'quality-line-1',
      format: 'roboflow',
      result: 'scratch',
      resultType: 'detected',
      inputImage: 'image',
      inputImageType: 'msg',
    },
    [[report]],
  );
  // The stand-in answers a link: an http request node would have to know the port of this Node-RED.
  const toStandIn = flow.node(
    'link call',
    'stand-in for the server',
    [650, 300],
    { links: [] as string[], linkType: 'static', timeout: '30' },
    [[check]],
  );
  const server = flow.node(
    'http request',
    'inference server',
    [650, 240],
    {
      d: true,
      method: 'POST',
      ret: 'obj',
      paytoqs: 'ignore',
      url: 'http://<host>:9001/infer/object_detection',
      tls: '',
      persist: false,
      proxy: '',
      insecureHTTPParser: false,
      authType: '',
      senderr: false,
      headers: [],
    },
    [[check]],
  );
  const ask = flow.functionNode('ask the model', [430, 260], 'ask-the-model.js', [[server, toStandIn]]);
  const film = filmTheBelt(flow, [260, 260], [[ask]]);
  flow.inject('every 5 s', [110, 260], 5, [[film]]);
  flow.errors([150, 380]);
  addStandInApi(flow, { path: 'inference' });
  addInferenceServer(flow, toStandIn);
  return flow;
}

/** On the tab of the stand-in. */
function addInferenceServer(flow: ExampleFlow, linkCall: string): void {
  const answer = flow.node('link out', 'the answer', [710, 520], { mode: 'return', links: [], l: true }, []);
  const files = ['stand-in-inference.js', 'read-png.js'];
  const infer = flow.functionNode('look for scratches', [480, 520], files, [[answer]]);
  flow.linkIn('inference server', [160, 520], linkCall, [[infer]]);
}
