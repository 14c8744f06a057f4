import { filmTheBelt } from './belt';
import { ExampleFlow } from './flow-parts';
import { addStandInApi, firstSteps, standInUrl, standInWorkspace } from './stand-in-api';

/** Asks a Roboflow inference server about each picture. */
export function inference(): ExampleFlow {
  const flow = new ExampleFlow('inference');
  const workspace = standInWorkspace(flow, 'inference', 'inference-camera');
  flow.tab('Roboflow inference', 'A picture goes to an inference server; its answer becomes a quality check.');
  flow.comments(
    ...firstSteps('inference', 'Deploy: a stand-in for the inference server on the next tab finds scratches', [
      'Your inference server: in "inference server" the address http://<host>:9001/infer/object_detection, in "ask the model" the model',
      'The server wants an API key of its own: start Node-RED with the environment variable ROBOFLOW_API_KEY.',
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
  const server = flow.node(
    'http request',
    'inference server',
    [650, 260],
    {
      method: 'POST',
      ret: 'obj',
      paytoqs: 'ignore',
      url: `${standInUrl('inference')}/infer/object_detection`,
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
  const ask = flow.functionNode('ask the model', [450, 260], 'ask-the-model.js', [[server]]);
  const film = filmTheBelt(flow, [270, 260], [[ask]]);
  flow.inject('every 5 s', [110, 260], 5, [[film]]);
  flow.errors([150, 340]);
  addStandInApi(flow, { path: 'inference', label: 'inference', infers: true });
  return flow;
}
