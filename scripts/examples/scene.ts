import type { visionEventSceneDefaults } from '../../nodes/shared/properties';
import { ExampleFlow, type Place } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

const PICTURE = { outputImage: 'image', outputImageType: 'msg' };

/** One event for each thing that happened: a person who stays, parts that pass, scratches, and what Frigate follows. */
export function scene(): ExampleFlow {
  const flow = new ExampleFlow('scene');
  const workspace = standInWorkspace(flow, 'scene', 'hall-camera');
  addHall(flow, workspace);
  addFrigate(flow, workspace);
  addStandInApi(flow, { path: 'scene' });
  return flow;
}

function addHall(flow: ExampleFlow, workspace: string): void {
  exampleTab(
    flow,
    'scene',
    'One event a thing',
    'A camera makes five frames a second. The scene nodes tell what happened in them: one event for each person, part and scratch.',
  );
  flow.comments(
    ...firstSteps('scene', 'Deploy: five frames a second, yet one event for each thing that happened', [
      'See and move the zones: open a scene node, section Zones',
      'The picture is the last one that the node saw. The moments of the last 30 seconds are below it.',
    ]),
  );
  const report = flow.debug('reports', [1010, 340], 'visionEvent');
  const staying = addPerson(flow, workspace, report);
  const parts = flow.visionEvent(
    'parts that passed',
    [780, 340],
    { workspace, eventType: 'inventory_count', useCase: 'dock-count', location: 'belt 1', itemType: 'part', ...PICTURE },
    [[report]],
  );
  const counted = addScene(flow, 'parts each minute', [520, 340], {
    ...FRAME,
    moments: ['count'],
    countEvery: '60',
    classes: 'part',
    anchor: 'center',
    zones: [{ name: 'end of the belt', kind: 'line', points: [[0.7, 1], [0.7, 0.6]], classes: 'part' }],
  }, parts);
  const quality = flow.visionEvent(
    'scratched part',
    [780, 420],
    { workspace, eventType: 'quality_check', useCase: 'quality-line-1', result: 'fail', resultType: 'str', ...PICTURE },
    [[report]],
  );
  // told when it has left: then the best of all frames is known
  const scratches = addScene(flow, 'each scratch once', [520, 420], { ...FRAME, moments: ['left'], classes: 'scratch' }, quality);
  const camera = flow.functionNode(
    'camera with detector',
    [280, 340],
    ['film-the-hall.js', 'png.js'],
    [[staying, counted, scratches]],
  );
  flow.inject('5 frames a second', [110, 280], 0.2, [[camera]]);
  flow.errors([130, 500]);
}

/** What each scene of the hall takes from the message. */
const FRAME = { image: 'image', imageType: 'msg', timestamp: 'at', timestampType: 'msg' };

/** Two events: an alert at once, and how long it took, with the best picture, when it is over. */
function addPerson(flow: ExampleFlow, workspace: string, report: string): string {
  const alert = flow.visionEvent(
    'stays for 10 s',
    [800, 220],
    { workspace, eventType: 'safety_alert', useCase: 'site-safety', severity: 'high', ...PICTURE },
    [[report]],
  );
  const over = flow.visionEvent(
    'is over',
    [780, 280],
    {
      workspace,
      eventType: 'safety_alert',
      useCase: 'site-safety',
      severity: 'low',
      description: '"Somebody was in the area for " & $round(moment.durationMs / 1000) & " s."',
      descriptionType: 'jsonata',
      ...PICTURE,
    },
    [[report]],
  );
  const long = flow.switchNode(
    'at least 10 s?',
    [720, 160],
    'moment.durationMs',
    [{ t: 'gte', v: '10000', vt: 'num' }],
    [[over]],
  );
  const which = flow.switchNode(
    'stayed or left?',
    [520, 160],
    'moment.kind',
    [
      { t: 'eq', v: 'stayed', vt: 'str' },
      { t: 'eq', v: 'left', vt: 'str' },
    ],
    [[alert], [long]],
  );
  return addScene(flow, 'who stays at the press', [540, 240], {
    ...FRAME,
    moments: ['stayed', 'left'],
    stayAfter: '10',
    classes: 'person',
    zones: [
      { name: 'press', kind: 'area', points: [[0.4, 0.42], [0.65, 0.42], [0.65, 0.59], [0.4, 0.59]], classes: 'person' },
    ],
  }, which);
}

function addFrigate(flow: ExampleFlow, workspace: string): void {
  flow.tab(
    'Frigate, no repeats',
    'Frigate tells of an object again and again while it follows it. The scene node makes one event of it, when it is gone.',
  );
  flow.comments([
    'Press the buttons in any order: one event for each object, when it is gone',
    'Put an "mqtt in" node with the topic frigate/events in place of the buttons. Nothing is confirmed or waited for: Frigate has done it.',
  ]);
  const report = flow.debug('reports of Frigate', [870, 160], 'visionEvent');
  const event = flow.visionEvent(
    'seen by Frigate',
    [650, 160],
    { workspace, eventType: 'safety_alert', useCase: 'site-safety', severity: 'medium' },
    [[report]],
  );
  const once = addScene(flow, 'each object once', [420, 160], { moments: ['left'], format: 'frigate' }, event);
  const messages: [name: string, type: string][] = [
    ['it appears', 'new'],
    ['it is still there', 'update'],
    ['it is gone', 'end'],
  ];
  for (const [row, [name, type]] of messages.entries())
    flow.button(name, [150, 100 + row * 60], JSON.stringify({ type, before: OBJECT, after: OBJECT }), [[once]], 'json');
  flow.errors([150, 300]);
}

function addScene(
  flow: ExampleFlow,
  name: string,
  place: Place,
  properties: Partial<typeof visionEventSceneDefaults>,
  next: string,
): string {
  return flow.scene(name, place, properties, [[next]]);
}

/** What Frigate says of an object. */
const OBJECT = {
  id: '1767225600.123456-abc124',
  camera: 'yard',
  label: 'person',
  sub_label: null,
  score: 0.87,
  top_score: 0.91,
  false_positive: false,
  stationary: false,
  frame_time: 1767225612.5,
  start_time: 1767225600.12,
  end_time: null,
  box: [424, 500, 536, 712],
  area: 23744,
  region: [264, 450, 667, 853],
  current_zones: ['gate'],
  entered_zones: ['yard', 'gate'],
  has_snapshot: true,
  has_clip: true,
  snapshot: { frame_time: 1767225606.2, box: [430, 480, 540, 700], area: 24200, score: 0.91 },
};
