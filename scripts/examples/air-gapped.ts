import { filmTheBelt, standInDetector } from './belt';
import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

const FOLDER = 'vision-event-bundles';

/** A site without a network writes bundle files; a station with one uploads them. */
export function airGapped(): ExampleFlow {
  const flow = new ExampleFlow('air-gapped');
  addSite(flow);
  const workspace = standInWorkspace(flow, 'air-gapped', '');
  addStation(flow, workspace);
  addStandInApi(flow, { path: 'air-gapped', takesBundles: true });
  return flow;
}

function addSite(flow: ExampleFlow): void {
  flow.tab('Site', 'Each event and its picture become a file. No network and no key are needed.');
  flow.comments(
    [
      '1. Deploy: every 10 s an event is written as a file',
      'Nothing is sent. A vision event node that only builds needs no workspace.',
    ],
    [
      `2. The files lie in the folder "${FOLDER}", where Node-RED was started`,
      'In the event bundle node enter the folder that you want, such as one on a USB stick.',
    ],
    ['3. Carry the folder to a computer with a network, and go on at the next tab', ''],
  );
  const written = flow.debug('written', [1050, 220], 'payload');
  const bundle = flow.bundle(
    'write a bundle',
    [870, 220],
    { action: 'write', directory: FOLDER, inputImage: 'image', inputImageType: 'msg' },
    [[written]],
  );
  const build = flow.visionEvent(
    'only build',
    [660, 220],
    {
      delivery: 'build',
      eventType: 'quality_check',
      useCase: 'quality-line-1',
      result: 'scratch',
      resultType: 'detected',
      deviceId: 'belt-camera-1',
    },
    [[bundle]],
  );
  const detector = standInDetector(flow, [450, 220], [[build]]);
  const film = filmTheBelt(flow, [270, 220], [[detector]]);
  flow.inject('every 10 s', [110, 220], 10, [[film]]);
  flow.errors([140, 300]);
}

function addStation(flow: ExampleFlow, workspace: string): void {
  exampleTab(flow, 'air-gapped', 'Station', 'Uploads all bundle files of a folder. What was uploaded is removed.');
  flow.comments(
    ...firstSteps('air-gapped', 'Press the button: all files of the folder are uploaded', [
      'Refused files move to the folder "refused" beside them, each with its reason',
      'Files that could not be sent because the network failed stay where they are: press the button again.',
    ]),
  );
  const summary = flow.debug('summary', [520, 240], 'payload');
  const upload = flow.bundle(
    'upload the folder',
    [320, 240],
    { action: 'upload', directory: FOLDER, workspace },
    [[summary]],
  );
  flow.button('upload', [110, 240], '', [[upload]]);
  flow.errors([140, 320]);
}
