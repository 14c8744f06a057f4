import assert from 'node:assert/strict';
import { startEventStore, type EventStore } from '../../simulator/event-store';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf, injecting } from '../support/flow-of';
import { sendJson, startServer, stopServers, type TestServer } from '../support/servers';
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
    flowOf(
      { inject: injecting(EVENT, 'send'), send: { type: 'roboflow-vision-event-send', workspace: '' } },
      {},
    ),
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
    assert.equal(await field('baseUrl').inputValue(), '', "the cloud's address is not an Event Store's");
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

describe('the extra headers of a workspace in Node-RED 4.1', function () {
  this.timeout(EDITOR_DEADLINE_MS);
  let gateway: TestServer;
  before(async () => {
    gateway = await startServer((_received, response) => sendJson(response, 201, { eventId: EVENT.eventId }));
  });
  after(stopServers);
  const session = useEditor('4.1', () =>
    flowOf(
      { inject: injecting(EVENT, 'send'), send: { type: 'roboflow-vision-event-send', workspace: '' } },
      {},
    ),
  );

  it('are entered by name and value, and travel through the gateway', async () => {
    const { editor, nodeRed } = session;
    const field = (name: string) => editor.page.locator(`#node-config-input-${name}`);
    const valueOf = (name: string) => editor.page.locator(`input[data-header="${name}"]`);
    await editor.openDialog('send');
    await editor.openWorkspace('add');
    await field('apiKey').fill(KEY);
    await editor.page.locator('[data-section="connection"] > summary').click();
    await field('gateway').fill(gateway.url);
    await field('headerNames').fill('X-Site-Token, X-Tenant');
    await valueOf('x-site-token').fill('site-value-Gb61');
    assert.match(
      await editor.page.locator('.vision-event-header-reason').innerText(),
      /value of every extra header/,
    );
    await valueOf('x-tenant').fill('plant-7-tenant');
    assert.doesNotMatch(
      await editor.page.locator('.vision-event-header-reason').innerText(),
      /value of every/,
    );
    await editor.screenshot('workspace-extra-headers');
    await editor.confirmDialog('node-config-dialog');
    await editor.confirmDialog('node-dialog');
    assert.deepEqual((await editor.node('send')).validationErrors, []);

    await editor.deploy();
    await editor.canvasNode('inject').locator('.red-ui-flow-node-button-button').click();
    const { headers, url } = await until(() => gateway.received[0], 'nothing arrived at the gateway');
    assert.match(url, /^\/proxy\?url=https%3A%2F%2Fapi\.roboflow\.com%2Fvision-events/);
    assert.equal(headers['x-site-token'], 'site-value-Gb61');
    assert.equal(headers['x-tenant'], 'plant-7-tenant');

    assert.deepEqual(editor.pageErrors, []);
    for (const secret of [KEY, 'site-value-Gb61']) assert.ok(!nodeRed.log().includes(secret));
  });
});
