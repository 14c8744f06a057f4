import { filmTheBelt, standInDetector } from './belt';
import { ExampleFlow } from './flow-parts';
import { addStandInApi, exampleTab, firstSteps, link, standInWorkspace } from './stand-in-api';

const PAGE = '/vision-events-feedback';

/** A page on which an operator says whether the last events were right. */
export function feedback(): ExampleFlow {
  const flow = new ExampleFlow('feedback');
  const workspace = standInWorkspace(flow, 'feedback', 'line-1-terminal');
  exampleTab(flow, 'feedback', 'Feedback', 'The last events on a page; what the operator says becomes a vision event.');
  flow.comments(
    ...firstSteps('feedback', 'Deploy: quality checks are sent, and the last ten are kept for the page', [
      'The page for the operator: click here, then the link beside',
      `${link('The page for the operator', PAGE)}. Everybody who reaches Node-RED can open it. Set a password for pages: "httpNodeAuth" in the settings file of Node-RED.`,
    ]),
  );
  addChecks(flow, workspace);
  addPage(flow);
  addAnswers(flow, workspace);
  flow.errors([150, 600]);
  addStandInApi(flow, { path: 'feedback' });
  return flow;
}

function addChecks(flow: ExampleFlow, workspace: string): void {
  const remember = flow.functionNode('remember the last ten', [930, 240], 'remember-events.js', []);
  const check = flow.visionEvent(
    'quality check',
    [720, 240],
    {
      workspace,
      eventType: 'quality_check',
      useCase: 'quality-line-1',
      result: 'scratch',
      resultType: 'detected',
      outputImage: 'image',
      outputImageType: 'msg',
    },
    [[remember]],
  );
  const detector = standInDetector(flow, [490, 240], [[check]]);
  const film = filmTheBelt(flow, [290, 240], [[detector]]);
  flow.inject('every 10 s', [120, 240], 10, [[film]]);
}

function addPage(flow: ExampleFlow): void {
  const response = flow.httpResponse([710, 320]);
  const page = flow.functionNode('the page', [480, 320], 'feedback-page.js', [[response]]);
  flow.httpIn('page is opened', [140, 320], 'get', PAGE, [[page]]);
}

function addAnswers(flow: ExampleFlow, workspace: string): void {
  const report = flow.debug('feedback sent', [730, 460], 'visionEvent');
  const response = flow.httpResponse([950, 400]);
  const back = flow.functionNode('back to the page', [730, 400], 'back-to-page.js', [[response]]);
  const send = flow.visionEvent(
    'operator feedback',
    [490, 400],
    {
      workspace,
      detections: '',
      detectionsType: 'none',
      eventType: 'operator_feedback',
      useCase: 'quality-line-1',
      relatedEventId: 'payload.eventId',
      relatedEventIdType: 'msg',
      feedback: 'payload.feedback',
      feedbackType: 'msg',
      comment: '$trim(payload.note) != "" ? payload.note',
      commentType: 'jsonata',
      onWarnings: 'stop',
    },
    [[back, report]],
  );
  flow.httpIn('button is pressed', [150, 400], 'post', PAGE, [[send]]);
  const failedResponse = flow.httpResponse([710, 540]);
  const failed = flow.functionNode('say why it failed', [500, 540], 'feedback-failed.js', [[failedResponse]]);
  flow.node('catch', 'feedback failed', [140, 540], { scope: [send], uncaught: false }, [[failed]]);
}
