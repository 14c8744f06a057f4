import assert from 'node:assert/strict';
import { startEventStore, type EventStore } from '../../simulator/event-store';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf, injecting } from '../support/flow-of';
import { until } from '../support/until';

const KEY = 'edge-key-Kw82';

const EVENT = {
  eventId: 'by-hand',
  eventType: 'quality_check',
  useCaseId: 'line-1',
  timestamp: new Date().toISOString(),
  eventData: { result: 'pass' },
};

describe('the target of a workspace in Node-RED 4.1', function () {
  this.timeout(EDITOR_DEADLINE_MS);
  let store: EventStore;
  before(async () => {
    store = await startEventStore({ apiKey: KEY });
  });
  after(() => store?.close());
  const session = useEditor('4.1', () =>
    flowOf({ inject: injecting(EVENT, 'send'), send: { type: 'vision-event-send', workspace: '' } }, {}),
  );

  it('is set to a Local Event Store by hand, asks for what that needs, and the event arrives there', async () => {
    const { editor, nodeRed } = session;
    const field = (name: string) => editor.page.locator(`#node-config-input-${name}`);
    await editor.openDialog('send');
    await editor.openWorkspace('add');
    assert.equal(await field('apiKey').isVisible(), true);
    assert.equal(await field('eventStoreKey').isVisible(), false);

    await field('target').selectOption('event-store');
    assert.equal(await field('apiKey').isVisible(), false);
    assert.equal(await field('eventStoreKey').isVisible(), true);
    assert.equal(await field('baseUrl').inputValue(), '', "the cloud's address is no Event Store's");
    await field('target').selectOption('cloud');
    assert.equal(await field('baseUrl').inputValue(), 'https://api.roboflow.com');
    await field('target').selectOption('event-store');
    await field('baseUrl').fill(store.url);
    await field('eventStoreKey').fill(KEY);
    await editor.screenshot('workspace-event-store');
    await editor.confirmDialog('node-config-dialog');
    await editor.confirmDialog('node-dialog');
    assert.deepEqual((await editor.node('send')).validationErrors, []);

    await editor.deploy();
    await editor.canvasNode('inject').locator('.red-ui-flow-node-button-button').click();
    const { event } = await until(() => store.events()[0], 'no event arrived at the store');
    assert.deepEqual(event['event_data'], { result: 'pass', externalId: 'by-hand' });
    assert.deepEqual(editor.pageErrors, []);
    assert.ok(!nodeRed.log().includes(KEY), 'the key stands in the log');
  });
});
