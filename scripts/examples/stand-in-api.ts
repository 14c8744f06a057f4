import { STAND_IN_KEY, type ExampleFlow, type Place } from './flow-parts';

const FIRST_PATH = '/vision-events-stand-in';

export interface StandInOptions {
  /** part of the path, so that several imported examples do not answer for each other */
  path?: string;
  takesBundles?: boolean;
  answersQueries?: boolean;
  /** the outbox sends several events at once when some have gathered */
  takesBatches?: boolean;
  /** a `link out` that says `down` when the link is to be cut, and `up` when it is to be restored */
  linkSwitch?: string;
}

/**
 * Where a stand-in answers, on whatever Node-RED it runs: the base URL of the workspace, and the page that shows what
 * arrived.
 */
export function standInPath(path = ''): string {
  return FIRST_PATH + (path && `/${path}`);
}

export function standInWorkspace(flow: ExampleFlow, path: string, deviceId: string): string {
  return flow.workspace(path ? `Stand-in workspace (${path})` : 'Stand-in workspace', {
    baseUrl: standInPath(path),
    deviceId,
    credentials: { apiKey: STAND_IN_KEY },
  });
}

/** A link that works wherever the editor is open: Node-RED shows it beside the flow. */
export const link = (text: string, path: string) => `[${text}](${path})`;

/** The tab that a user looks at first. */
export function exampleTab(flow: ExampleFlow, path: string, label: string, info: string): void {
  flow.tab(label, `${info}\n\n${link('See what arrived', standInPath(path))}`);
}

/** The comments that every example begins with. */
export function firstSteps(path: string, deploy: string, ...more: [text: string, info: string][]) {
  const steps: [text: string, info: string][] = [
    [deploy, `Nothing leaves this computer. ${link('See what arrived', standInPath(path))}`],
    ['See what arrived: click here, then the link beside', link('See what arrived', standInPath(path))],
    [
      'To Roboflow: enter base URL https://api.roboflow.com and your key in the workspace',
      'Open a vision event node, press the pencil beside Workspace, and enter both. Then choose your own use case in each vision event node, and delete the tab of the stand-in.',
    ],
    ...more,
  ];
  return steps.map(([text, info], index): [string, string] => [`${index + 1}. ${text}`, info]);
}

/** A tab of core nodes that answers like the API, for those who have no key yet. */
export function addStandInApi(flow: ExampleFlow, options: StandInOptions = {}): void {
  const { path = '', linkSwitch } = options;
  const base = standInPath(path);
  const see = link('See what arrived', base);
  const info = `Answers like the Vision Events API, so that the example works without a key. Delete this tab once your events go to Roboflow.\n\n${see}`;
  flow.tab(path ? `Stand-in ${path}` : 'Stand-in', info);
  flow.comments(['See what arrived: click here, then the link beside', info]);
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
  const uploadFiles = ['stand-in-upload.js', 'keep-picture.js'];
  const upload = flow.functionNode('take the picture', [510 + right, row(1)], uploadFiles, [[response]]);
  const uploadIn = behindLink(upload, row(1));
  flow.httpIn('pictures', [140, row(1)], 'post', `${base}/vision-events/upload`, [[uploadIn]], 'upload');
  const page = flow.functionNode('page', [480 + right, row(2)], 'stand-in-page.js', [[response]]);
  flow.httpIn('page', [130, row(2)], 'get', base, [[page]]);
  addUseCases(flow, base, response, [right, row(3)]);
  const last = row(5);
  if (options.takesBundles) addBundles(flow, base, response, last);
  if (options.answersQueries) addQueries(flow, base, response, last);
  if (linkSwitch) addSwitch(flow, linkSwitch, last);
}

/** What *Choose …* and *Check connection* of the dialogs ask for. */
function addUseCases(flow: ExampleFlow, base: string, response: string, [right, top]: Place): void {
  const useCases = flow.functionNode('use cases', [490 + right, top], 'stand-in-use-cases.js', [[response]]);
  const path = `${base}/vision-events/use-cases`;
  flow.httpIn('list use cases', [150, top - 20], 'get', path, [[useCases]]);
  flow.httpIn('create a use case', [160, top + 20], 'post', path, [[useCases]]);
  const schema = flow.functionNode('keys so far', [490 + right, top + 80], 'stand-in-schema.js', [[response]]);
  const schemaPath = `${base}/vision-events/custom-metadata-schema/:useCaseId`;
  flow.httpIn('metadata schema', [160, top + 80], 'get', schemaPath, [[schema]]);
}

function addBundles(flow: ExampleFlow, base: string, response: string, y: number): void {
  const files = ['stand-in-bundle.js', 'keep-picture.js', 'inflate.js'];
  const take = flow.functionNode('take the bundle', [510, y], files, [[response]]);
  flow.httpIn('bundles', [140, y], 'post', `${base}/vision-events/bundle`, [[take]], 'raw');
}

function addQueries(flow: ExampleFlow, base: string, response: string, y: number): void {
  const query = flow.functionNode('find events', [490, y], 'stand-in-query.js', [[response]]);
  flow.httpIn('query', [130, y], 'post', `${base}/vision-events/query`, [[query]]);
}

function addSwitch(flow: ExampleFlow, linkSwitch: string, y: number): void {
  const remember = flow.functionNode('remember', [420, y], 'switch-link.js', []);
  flow.linkIn('link up or down', [160, y], linkSwitch, [[remember]]);
}

/** Buttons that cut and restore the link to the stand-in: answers the `link out`. */
export function addLinkButtons(flow: ExampleFlow, top: number): string {
  const toStandIn = flow.linkOut('to the stand-in', [340, top + 20]);
  flow.button('cut the link', [130, top], 'down', [[toStandIn]]);
  flow.button('restore it', [110, top + 40], 'up', [[toStandIn]]);
  return toStandIn;
}
