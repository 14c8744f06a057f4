import { filmTheBelt, standInDetector } from './belt';
import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

/** Two pictures in one event, and a picture uploaded by itself. */
export function pictures(): ExampleFlow {
  const flow = new ExampleFlow('pictures');
  const workspace = standInWorkspace(flow, 'pictures', 'belt-camera-1');
  exampleTab(flow, 'pictures', 'Pictures', 'An event with the picture of the camera and one with marks, and a picture by itself.');
  flow.comments(
    ...firstSteps('pictures', 'Deploy: each event carries two pictures, the original and an annotated one'),
  );
  addEvent(flow, workspace);
  addUpload(flow, workspace);
  flow.errors([150, 460]);
  addStandInApi(flow, { path: 'pictures' });
  return flow;
}

function addEvent(flow: ExampleFlow, workspace: string): void {
  flow.comment(
    'An event with two pictures',
    'The "Picture" is what the model saw. The "Annotated picture" is what people look at; here it has a frame around each scratch.',
    [160, 180],
  );
  const report = flow.debug('reports', [1070, 220], 'visionEvent');
  const event = flow.visionEvent(
    'with both pictures',
    [870, 220],
    {
      workspace,
      eventType: 'quality_check',
      useCase: 'quality-line-1',
      result: 'scratch',
      resultType: 'detected',
      outputImage: 'marked',
      outputImageType: 'msg',
      inputImage: 'image',
      inputImageType: 'msg',
      imageLabel: 'belt 1',
      imageLabelType: 'str',
      metadata: [
        { key: 'shift', value: 'early', valueType: 'str' },
        { key: 'belt_speed', value: '0.4', valueType: 'num' },
      ],
    },
    [[report]],
  );
  const mark = flow.functionNode(
    'mark the scratches',
    [650, 220],
    ['mark-scratches.js', 'read-png.js', 'png.js'],
    [[event]],
  );
  const detector = standInDetector(flow, [440, 220], [[mark]]);
  const film = filmTheBelt(flow, [260, 220], [[detector]]);
  flow.inject('every 5 s', [110, 220], 5, [[film]]);
}

function addUpload(flow: ExampleFlow, workspace: string): void {
  flow.comment(
    'A picture by itself',
    'Answers with its sourceId, by which events can name the picture. The metadata can be searched in Roboflow.',
    [130, 300],
  );
  const uploaded = flow.debug('sourceId', [620, 340], 'payload');
  const upload = flow.image(
    'upload the picture',
    [440, 340],
    {
      workspace,
      image: 'image',
      imageType: 'msg',
      imageName: 'belt.png',
      metadata: [{ key: 'belt', value: '1', valueType: 'num' }],
    },
    [[uploaded]],
  );
  const film = filmTheBelt(flow, [260, 340], [[upload]]);
  flow.button('upload one', [110, 340], '', [[film]]);
}
