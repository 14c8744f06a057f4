import type { ExampleFlow } from './flow-parts';

/** A tab of core nodes that answers like the API, for those who have no key yet. */
export function addStandInApi(flow: ExampleFlow): void {
  flow.tab(
    'Stand-in API',
    'Answers like the Vision Events API, so that the example works without a key. Delete this tab once your events go to Roboflow.',
  );
  flow.comment(
    'See what arrived: http://127.0.0.1:1880/vision-events-stand-in',
    'Delete this tab once your events go to Roboflow.',
    [290, 40],
  );
  const response = flow.httpResponse([750, 160]);
  const events = flow.functionNode('take the event', [500, 100], 'stand-in-events.js', [[response]]);
  const upload = flow.functionNode('take the picture', [500, 160], 'stand-in-upload.js', [[response]]);
  const page = flow.functionNode('page', [480, 220], 'stand-in-page.js', [[response]]);
  const base = '/vision-events-stand-in';
  flow.httpIn('events', [140, 100], 'post', `${base}/vision-events`, [[events]]);
  flow.httpIn('pictures', [140, 160], 'post', `${base}/vision-events/upload`, [[upload]], true);
  flow.httpIn('page', [140, 220], 'get', base, [[page]]);
}
