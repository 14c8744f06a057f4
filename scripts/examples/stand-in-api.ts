import { STAND_IN_KEY, type ExampleFlow } from './flow-parts';

const SERVER = 'http://127.0.0.1:1880';
const FIRST_PATH = '/vision-events-stand-in';

export interface StandInOptions {
  /** part of the path, so that several imported examples do not answer for each other */
  path?: string;
  /** behind the tab's name, so that the tabs of several examples can be told apart */
  label?: string;
  /** an inference server beside the API */
  infers?: boolean;
  takesBundles?: boolean;
  /** queries and use cases too */
  answersQueries?: boolean;
  /** the outbox sends several events at once when some have gathered */
  takesBatches?: boolean;
  /** a `link out` that says `down` when the link is to be cut, and `up` when it is to be restored */
  linkSwitch?: string;
}

/** The address of a stand-in: the base URL of the workspace, and the page that shows what arrived. */
export function standInUrl(path = ''): string {
  return SERVER + FIRST_PATH + (path && `/${path}`);
}

export function standInWorkspace(flow: ExampleFlow, path: string, deviceId: string, name = path): string {
  return flow.workspace(`Stand-in workspace (${name})`, {
    baseUrl: standInUrl(path),
    deviceId,
    credentials: { apiKey: STAND_IN_KEY },
  });
}

/** The comments that every example begins with. */
export function firstSteps(path: string, deploy: string, ...more: [text: string, info: string][]) {
  const steps: [text: string, info: string][] = [
    [deploy, `Nothing leaves this computer. ${PORT_NOTE}`],
    [`See what arrives: ${standInUrl(path)}`, `Open this address in a browser. ${PORT_NOTE}`],
    [
      'To Roboflow: enter base URL https://api.roboflow.com and your key in the workspace',
      'Open a vision event node, press the pencil beside Workspace, and enter both. Then choose your own use case in each vision event node, and delete the tab of the stand-in.',
    ],
    ...more,
  ];
  return steps.map(([text, info], index): [string, string] => [`${index + 1}. ${text}`, info]);
}

export const PORT_NOTE =
  'If your Node-RED does not run on port 1880, change the port in the base URL of the workspace.';

/** A tab of core nodes that answers like the API, for those who have no key yet. */
export function addStandInApi(flow: ExampleFlow, options: StandInOptions = {}): void {
  const { path = '', label, linkSwitch } = options;
  flow.tab(
    label ? `Stand-in API (${label})` : 'Stand-in API',
    'Answers like the Vision Events API, so that the example works without a key. Delete this tab once your events go to Roboflow.',
  );
  flow.comments([
    `See what arrived: ${standInUrl(path)}`,
    'Delete this tab once your events go to Roboflow.',
  ]);
  const base = FIRST_PATH + (path && `/${path}`);
  const right = linkSwitch ? 220 : 0;
  const row = (index: number) => 120 + index * (linkSwitch ? 100 : 80);
  const response = flow.httpResponse([760 + right, row(1)]);
  /** Where a request goes on: with a link that can be cut, first to a node that looks. */
  const behindLink = (target: string, y: number) => {
    if (!linkSwitch) return target;
    const refusal = flow.httpResponse([710, y + 50]);
    return flow.functionNode('if the link is up', [430, y], 'stand-in-link.js', [[target], [refusal]]);
  };

  const events = flow.functionNode('take events', [500 + right, 120], 'stand-in-events.js', [[response]]);
  const eventsIn = behindLink(events, 120);
  flow.httpIn('one event', [140, 100], 'post', `${base}/vision-events`, [[eventsIn]]);
  if (options.takesBatches)
    flow.httpIn('many events', [150, 140], 'post', `${base}/vision-events/batch`, [[eventsIn]]);
  const upload = flow.functionNode('take the picture', [510 + right, row(1)], 'stand-in-upload.js', [
    [response],
  ]);
  const uploadIn = behindLink(upload, row(1));
  flow.httpIn('pictures', [140, row(1)], 'post', `${base}/vision-events/upload`, [[uploadIn]], 'upload');
  const page = flow.functionNode('page', [480 + right, row(2)], 'stand-in-page.js', [[response]]);
  flow.httpIn('page', [130, row(2)], 'get', base, [[page]]);
  if (options.takesBundles) addBundles(flow, base, response);
  if (options.answersQueries) addQueries(flow, base, response);
  if (options.infers) addInference(flow, base, response);
  if (linkSwitch) addSwitch(flow, linkSwitch);
}

function addBundles(flow: ExampleFlow, base: string, response: string): void {
  const take = flow.functionNode(
    'take the bundle',
    [510, 360],
    'stand-in-bundle.js',
    [[response]],
    ['zlib'],
  );
  flow.httpIn('bundles', [140, 360], 'post', `${base}/vision-events/bundle`, [[take]], 'raw');
}

function addQueries(flow: ExampleFlow, base: string, response: string): void {
  const query = flow.functionNode('find events', [490, 360], 'stand-in-query.js', [[response]]);
  flow.httpIn('query', [130, 360], 'post', `${base}/vision-events/query`, [[query]]);
  const useCases = flow.functionNode('use cases', [490, 440], 'stand-in-use-cases.js', [[response]]);
  const path = `${base}/vision-events/use-cases`;
  flow.httpIn('list use cases', [150, 420], 'get', path, [[useCases]]);
  flow.httpIn('create a use case', [160, 460], 'post', path, [[useCases]]);
}

function addInference(flow: ExampleFlow, base: string, response: string): void {
  const files = ['stand-in-inference.js', 'read-png.js'];
  const infer = flow.functionNode('look for scratches', [510, 360], files, [[response]], ['zlib']);
  flow.httpIn('inference server', [160, 360], 'post', `${base}/infer/object_detection`, [[infer]]);
}

function addSwitch(flow: ExampleFlow, linkSwitch: string): void {
  const remember = flow.functionNode('remember', [420, 420], 'switch-link.js', []);
  flow.linkIn('link up or down', [160, 420], linkSwitch, [[remember]]);
}

/** Buttons that cut and restore the link to the stand-in: answers the `link out`. */
export function addLinkButtons(flow: ExampleFlow, top: number): string {
  const toStandIn = flow.linkOut('to the stand-in', [340, top + 20]);
  flow.button('cut the link', [130, top], 'down', [[toStandIn]]);
  flow.button('restore it', [110, top + 40], 'up', [[toStandIn]]);
  return toStandIn;
}
