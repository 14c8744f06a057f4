import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { visionEventSendDefaults } from '../../nodes/properties';
import { startEventStore, type EventStore } from '../../simulator/event-store';
import { launchBrowser } from '../support/browser';
import { EditorPage } from '../support/editor-page';
import { RealNodeRed } from '../support/real-node-red';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;
const KEY = 'edge-key-Kw82';

const EVENT = {
  eventId: 'by-hand',
  eventType: 'quality_check',
  useCaseId: 'line-1',
  timestamp: new Date().toISOString(),
  eventData: { result: 'pass' },
};

describe('the target of a workspace in Node-RED 4.1', function () {
  this.timeout(SLOW_MS);
  let browser: Browser;
  let nodeRed: RealNodeRed;
  let store: EventStore;

  before(async function () {
    browser = await launchBrowser(this);
    store = await startEventStore({ apiKey: KEY });
    nodeRed = await RealNodeRed.start('4.1');
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
    await store?.close();
  });

  it('is set to a Local Event Store by hand, asks for what that needs, and the event arrives there', async () => {
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'Test' },
      {
        id: 'inject',
        type: 'inject',
        z: 'tab',
        x: 120,
        y: 100,
        props: [{ p: 'payload' }],
        payload: JSON.stringify(EVENT),
        payloadType: 'json',
        repeat: '',
        wires: [['send']],
      },
      {
        id: 'send',
        type: 'vision-event-send',
        z: 'tab',
        x: 340,
        y: 100,
        ...visionEventSendDefaults,
        wires: [[]],
      },
    ]);
    const editor = await EditorPage.open(browser, nodeRed.url);
    const field = (name: string) => editor.page.locator(`#node-config-input-${name}`);
    await editor.openDialog('send');
    await editor.page.locator('#node-input-btn-workspace-add').click();
    await editor.trayAtRest();
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
    if (process.env.SCREENSHOTS) {
      await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/workspace-event-store.png` });
    }
    await editor.confirmDialog('node-config-dialog-ok');
    await editor.confirmDialog('node-dialog-ok');
    assert.deepEqual((await editor.node('send')).validationErrors, []);

    await editor.deploy();
    await editor.canvasNode('inject').locator('.red-ui-flow-node-button-button').click();
    const end = Date.now() + 10_000;
    while (store.events().length === 0 && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const data = store.events()[0]?.event['event_data'];
    assert.deepEqual(data, { result: 'pass', externalId: 'by-hand' });
    assert.deepEqual(editor.pageErrors, []);
    await editor.close();
    assert.ok(!nodeRed.log().includes(KEY), 'the key stands in the log');
  });
});
