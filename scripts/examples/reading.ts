import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, standInWorkspace } from './stand-in-api';

const USE_CASE = 'quality-line-1';

/** Events read back from Roboflow, and the use cases they belong to. */
export function reading(): ExampleFlow {
  const flow = new ExampleFlow('reading');
  const workspace = standInWorkspace(flow, 'reading', 'line-camera-1');
  exampleTab(flow, 'reading', 'Queries', 'Reads events back, as one list or one by one; lists and creates use cases.');
  flow.comments(
    ...firstSteps('reading', 'Deploy: every 5 s an event is sent. Press the buttons to read them back', [
      'Your key needs the scope vision-events:read, to create use cases vision-events:manage',
      'Roboflow answers for the last 14 days unless your workspace says otherwise. Events that were just sent may take a moment until a query finds them.',
    ]),
  );
  addEvents(flow, workspace);
  addQueries(flow, workspace);
  addUseCases(flow, workspace);
  flow.errors([150, 720]);
  addStandInApi(flow, { path: 'reading', answersQueries: true });
  return flow;
}

function addEvents(flow: ExampleFlow, workspace: string): void {
  const check = flow.visionEvent(
    'quality check',
    [550, 240],
    { workspace, eventType: 'quality_check', useCase: USE_CASE, result: 'scratch', resultType: 'detected' },
    [[]],
  );
  const camera = flow.functionNode('line camera', [330, 240], 'line-camera.js', [[check]]);
  flow.inject('every 5 s', [120, 240], 5, [[camera]]);
}

function addQueries(flow: ExampleFlow, workspace: string): void {
  const failures = flow.debug('list of failures', [810, 320], 'payload');
  const queryFailures = flow.query(
    'failures of the last hour',
    [540, 320],
    {
      workspace,
      useCase: USE_CASE,
      startTime: '-1h',
      filters: [{ on: 'eventField', field: 'result', operator: 'eq', value: 'fail', valueType: 'str' }],
    },
    [[failures]],
  );
  flow.button('what failed?', [130, 320], '', [[queryFailures]]);

  const sure = flow.debug('sure scratches', [800, 400], 'payload');
  const querySure = flow.query(
    'scratches of 70 % and more',
    [540, 400],
    {
      workspace,
      useCase: USE_CASE,
      startTime: '-1h',
      filters: [
        {
          on: 'detection',
          field: '',
          operator: 'eq',
          value: 'scratch',
          valueType: 'str',
          confidence: '0.7',
          confidenceOperator: 'gte',
        },
      ],
    },
    [[sure]],
  );
  flow.button('which for sure?', [140, 400], '', [[querySure]]);

  const each = flow.debug('one message an event', [840, 480], 'payload.timestamp');
  const queryAll = flow.query(
    'all of the last hour, one by one',
    [550, 480],
    { workspace, useCase: USE_CASE, startTime: '-1h', deliver: 'event' },
    [[each]],
  );
  flow.button('one by one', [120, 480], '', [[queryAll]]);
}

function addUseCases(flow: ExampleFlow, workspace: string): void {
  const list = flow.debug('use cases', [790, 560], 'payload');
  const lister = flow.useCase('list use cases', [510, 560], { workspace, action: 'list' }, [[list]]);
  flow.button('which use cases?', [140, 560], '', [[lister]]);

  const created = flow.debug('created', [780, 640], 'payload');
  const creator = flow.useCase(
    'create a use case',
    [520, 640],
    { workspace, action: 'create', useCaseName: 'payload', useCaseNameType: 'msg' },
    [[created]],
  );
  flow.button('create "Night shift"', [150, 640], 'Night shift', [[creator]]);
}
