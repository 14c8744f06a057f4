import assert from 'node:assert/strict';
import { EVENT_SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import { visionEventDefaults, workspaceDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { DARK_THEME } from '../support/dark-theme';
import { EditorPage } from '../support/editor-page';
import { sharedBrowser } from '../support/editor-session';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { refuseEvents } from '../support/refused-events';
import { until } from '../support/until';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;
const NARROWEST_FORM_PX = 340;
const HOSTILE = '<img src=x onerror="window.hostileCodeRan=true">';
const REASONS = {
  'line-1-0001': 'The API refused the event (400): eventData.result must be one of pass, fail.',
  'line-1-0002': 'The API refused the event (404): the use case does not exist or is archived.',
  'line-1-0003': `no break ${'x'.repeat(300)}`,
  [`line-1-${HOSTILE}`]: `the server said ${HOSTILE} $t(outbox.gone) __n__`,
  'line-1-0005': 'The API refused the event (400): timestamp lies in the future.',
  'line-1-0006': 'The API refused the event (413): too large.',
};

const apiKey = `key-${Math.random().toString(36).slice(2)}`;

for (const version of NODE_RED_VERSIONS) {
  describe(`the outbox panel in Node-RED ${version}`, function () {
    this.timeout(SLOW_MS);
    let browser: Browser;
    let simulator: Simulator;
    let outboxDir: string;
    let nodeRed: RealNodeRed;
    let editor: EditorPage;
    let panel: Locator;

    before(async function () {
      browser = await sharedBrowser(this);
      simulator = await startSimulator({ apiKey });
    });
    beforeEach(async () => {
      simulator.reset();
      outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-panel-'));
      await refuseEvents(outboxDir, REASONS);
    });
    afterEach(async function () {
      if (this.currentTest?.state === 'failed') await screenshot(editor, `failed-${version}`);
      await editor?.close();
      rmSync(outboxDir, { recursive: true, force: true });
    });
    after(async () => {
      await simulator?.close();
    });

    async function openPanel(): Promise<void> {
      editor = await EditorPage.open(browser, nodeRed.url);
      await editor.openDialog('queue');
      await editor.openWorkspace();
      panel = editor.page.locator('[data-section="outboxNow"]');
      await panel.locator('summary').click();
      await panel.locator('li').first().waitFor();
    }

    const button = (name: string, eventId: string) =>
      panel.getByRole('button', { name: `${name} ${eventId}` });
    const eventIds = () => panel.locator('li code').allInnerTexts();
    const isFocused = (element: Locator) => element.evaluate((node) => node === document.activeElement);

    /** Two polls: the first may have been under way already. */
    async function polled(): Promise<void> {
      for (let polls = 0; polls < 2; polls += 1) {
        await editor.page.waitForResponse(
          (response) => response.url().endsWith('/outbox') && response.request().method() === 'GET',
        );
      }
    }

    /** As another browser does it. */
    async function elsewhere(eventId: string, command: 'retry' | 'discard'): Promise<void> {
      const outbox = 'vision-events/workspaces/workspace/outbox';
      const { refusedEvents } = await nodeRed.get<{ refusedEvents: { id: string; eventId: string }[] }>(
        outbox,
      );
      const id = refusedEvents.find((event) => event.eventId === eventId)?.id;
      const answer = await fetch(`${nodeRed.url}/${outbox}/refused/${id}/${command}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      assert.equal(((await answer.json()) as { count: number }).count, 1);
    }

    describe('for a user who may do everything', () => {
      before(async () => {
        nodeRed = await RealNodeRed.start(version);
      });
      beforeEach(async () => {
        await nodeRed.deploy(flow(simulator.url, outboxDir));
        await openPanel();
      });
      after(() => nodeRed?.stop());

      it('retries and discards one refused event by keyboard, and leaves the others', async () => {
        const { keyboard } = editor.page;
        await editor.tabTo('[id$="-retry"]');
        assert.equal(await isFocused(button('Resend', 'line-1-0001')), true);
        await keyboard.press('Enter');
        await button('Resend', 'line-1-0001').waitFor({ state: 'detached' });
        await arrived(simulator, 'line-1-0001');
        assert.equal(await isFocused(panel.locator('li').first()), true, 'the focus is on the next row');

        await editor.tabTo('[id$="-discard"]');
        await keyboard.press('Space');
        await button('Really delete?', 'line-1-0002').waitFor();
        await keyboard.press('Tab');
        await button('Discard', 'line-1-0002').waitFor();
        await keyboard.press('Shift+Tab');
        // A key held down repeats.
        for (let repeats = 0; repeats < 3; repeats += 1) await keyboard.down('Enter');
        await keyboard.up('Enter');
        await button('Really delete?', 'line-1-0002').waitFor();
        await keyboard.press('Enter');
        await panel.locator('li', { hasText: '0002' }).waitFor({ state: 'detached' });
        assert.deepEqual(await eventIds(), Object.keys(REASONS).slice(2));
        assert.equal(simulator.events().length, 1);
        assert.deepEqual(editor.pageErrors, []);
      });

      it('keeps focus and question over polls, while other rows come and go', async () => {
        const discard = button('Discard', 'line-1-0005');
        const asking = button('Really delete?', 'line-1-0005');
        await discard.focus();
        await editor.page.keyboard.press('Enter');
        await asking.waitFor();
        const row = await asking.elementHandle();
        await elsewhere('line-1-0001', 'discard');
        await elsewhere('line-1-0006', 'retry');
        await panel.locator('li', { hasText: '0006' }).waitFor({ state: 'detached' });
        await polled();
        assert.equal(await isFocused(asking), true);
        assert.equal(await row?.evaluate((element) => element.isConnected), true, 'the button was rebuilt');
        await screenshot(editor, `asking-${version}`);

        await elsewhere('line-1-0005', 'retry');
        await asking.waitFor({ state: 'detached' });
        assert.equal(await isFocused(panel.locator('li').last()), true, 'the focus is on the neighbour');
        await arrived(simulator, 'line-1-0005');
      });

      it('says calmly that an event is gone, and takes a double click for one press', async () => {
        await button('Discard', 'line-1-0001').dblclick();
        await button('Really delete?', 'line-1-0001').waitFor();
        assert.equal((await eventIds()).length, Object.keys(REASONS).length);

        // The panel does not hear of it: its polls find no way.
        await editor.page.route('**/outbox', (route) => route.abort());
        await elsewhere('line-1-0002', 'discard');
        await button('Resend', 'line-1-0002').click();
        await panel.getByText('no longer among the refused').waitFor();
        assert.equal(await panel.locator('li', { hasText: '0002' }).count(), 0);

        await button('Resend', 'line-1-0003').click();
        await panel.locator('li', { hasText: '0003' }).waitFor({ state: 'detached' });
        // The next row has slid under the mouse.
        await editor.page.mouse.down({ clickCount: 2 });
        await editor.page.mouse.up({ clickCount: 2 });
        await arrived(simulator, 'line-1-0003');
        assert.equal((await eventIds()).length, Object.keys(REASONS).length - 2);
        assert.equal(await panel.getByText('no longer among the refused').count(), 0);
      });

      it('keeps the keyboard in the panel when a button gives way, and asks with the number of now', async () => {
        const { keyboard } = editor.page;
        await panel.getByRole('button', { name: 'Pause' }).focus();
        await keyboard.press('Enter');
        await panel.getByRole('button', { name: 'Resume' }).waitFor();
        assert.equal(await isFocused(panel.getByRole('button', { name: 'Resume' })), true);

        await panel.getByRole('button', { name: 'Discard refused events' }).focus();
        await keyboard.press('Enter');
        await panel.getByRole('button', { name: 'Really delete 6 events?' }).waitFor();
        await elsewhere('line-1-0001', 'retry');
        await panel.getByRole('button', { name: 'Really delete 5 events?' }).waitFor();
        await keyboard.press('Enter');
        await panel.locator('li').first().waitFor({ state: 'detached' });
        assert.equal(await isFocused(panel.locator('summary')), true);
      });

      it('runs no code out of ids and reasons, names its buttons, and fits into the narrowest dialog', async () => {
        assert.ok((await eventIds()).includes(`line-1-${HOSTILE}`));
        const reasons = await panel.locator('li p').allInnerTexts();
        assert.ok(reasons.includes(`the server said ${HOSTILE} $t(outbox.gone) __n__`));
        assert.equal(await editor.page.evaluate(() => 'hostileCodeRan' in globalThis), false);
        assert.equal(await panel.locator('img').count(), 0);
        assert.deepEqual(await editor.nameless('roboflow-vision-event-workspace'), []);
        assert.deepEqual(await editor.overflowing('roboflow-vision-event-workspace'), []);
        await screenshots(editor, version);
        assert.deepEqual(editor.pageErrors, []);
      });
    });

    it('shows a user who may only read the events and reasons, without buttons, and refuses orders', async () => {
      nodeRed = await RealNodeRed.start(
        version,
        {},
        {
          settings: { adminAuth: { type: 'credentials', users: [], default: { permissions: 'read' } } },
          flows: flow(simulator.url, outboxDir),
        },
      );
      try {
        await openPanel();
        assert.deepEqual(await eventIds(), Object.keys(REASONS));
        assert.equal(await panel.getByRole('button').count(), 0);
        await panel.getByText('You have read-only access').waitFor();
        for (const command of ['retry', 'discard']) {
          const order = `vision-events/workspaces/workspace/outbox/refused/0000000001-aa/${command}`;
          const { status } = await fetch(`${nodeRed.url}/${order}`, { method: 'POST' });
          assert.equal(status, 401, command);
        }
        await screenshot(editor, `viewer-${version}`);
      } finally {
        await nodeRed.stop();
      }
    });
  });
}

async function arrived(simulator: Simulator, eventId: string): Promise<void> {
  await until(
    () => simulator.events().some(({ event }) => event['eventId'] === eventId),
    `${eventId} to arrive`,
  );
}

async function screenshot(editor: EditorPage, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/outbox-panel-${name}.png` });
}

/** For eyes: as wide as the dialog opens and at its narrowest, in the light and in the dark. */
async function screenshots(editor: EditorPage, version: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  await editor.page.setViewportSize({ width: 1400, height: 1500 });
  await screenshot(editor, `wide-light-${version}`);
  const narrow = `.vision-event-form { width: ${NARROWEST_FORM_PX}px; }`;
  const narrowed = await editor.page.addStyleTag({ content: narrow });
  await screenshot(editor, `narrow-light-${version}`);
  await editor.page.addStyleTag({ content: DARK_THEME });
  await screenshot(editor, `narrow-dark-${version}`);
  await narrowed.evaluate((element) => (element as unknown as { remove(): void }).remove());
  await screenshot(editor, `wide-dark-${version}`);
}

function flow(baseUrl: string, outboxDir: string): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      name: 'Plant',
      baseUrl,
      outboxDir,
      batchLinger: 0,
      credentials: { apiKey },
    },
    {
      ...visionEventDefaults,
      ...EVENT_SENT_AS_IT_IS,
      id: 'queue',
      type: 'roboflow-vision-event',
      z: 'tab',
      x: 400,
      y: 60,
      workspace: 'workspace',
      useCase: 'quality-line-1',
      delivery: 'queue',
      detectionsType: 'none',
      wires: [[]],
    },
  ];
}
