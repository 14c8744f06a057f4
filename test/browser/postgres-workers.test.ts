import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Locator } from 'playwright-core';
import { visionEventDefaults, workspaceDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { PostgresOutbox } from '../../src/delivery/outbox/postgres/postgres-outbox';
import { DARK_THEME } from '../support/dark-theme';
import { EditorPage } from '../support/editor-page';
import { sharedBrowser } from '../support/editor-session';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { POSTGRES_USER, PostgresServer } from '../support/postgres-server';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { EVENT_SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { until } from '../support/until';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;
const NARROWEST_FORM_PX = 340;
const HOSTILE = '<img src=x onerror="window.hostileCodeRan=true">';
const apiKey = `key-${Math.random().toString(36).slice(2)}`;

for (const version of NODE_RED_VERSIONS) {
  describe(`the Node-REDs of one queue in PostgreSQL, as the editor of Node-RED ${version} shows them`, function () {
    this.timeout(SLOW_MS);
    let browser: Browser;
    let server: PostgresServer;
    let simulator: Simulator;
    let outboxDir: string;
    let nodeRed: RealNodeRed;
    let neighbour: PostgresOutbox;
    let editor: EditorPage;

    before(async function () {
      server = await PostgresServer.start(this);
      browser = await sharedBrowser(this);
      simulator = await startSimulator({ apiKey });
      outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-workers-'));
      nodeRed = await RealNodeRed.start(version);
      await nodeRed.deploy(flow(simulator.url, outboxDir, `postgres://127.0.0.1:${server.port}/postgres`));
      const answered = { code: 'SERVER_ERROR', message: `The API answered 503 ${HOSTILE}` };
      neighbour = new PostgresOutbox({
        url: server.url,
        queueName: 'line',
        boundTo: `cloud ${simulator.url}`,
        workerName: 'gateway-b 4711',
        packageVersion: '0.1.0',
        spilled: () => 12,
        deliveryError: () => ({ ...answered, at: Date.now() - 65_000 }),
        beatMs: 500,
      });
      await neighbour.open();
      editor = await EditorPage.open(browser, nodeRed.url);
      await editor.page.setViewportSize({ width: 1400, height: 1500 });
    });
    afterEach(async function () {
      if (this.currentTest?.state === 'failed') await screenshot(`failed-${version}`);
    });
    after(async () => {
      await editor?.close();
      await neighbour?.close(1_000);
      await nodeRed?.stop();
      await simulator?.close();
      await server?.stop();
      if (outboxDir) rmSync(outboxDir, { recursive: true, force: true });
    });

    /** Both of them, with what is known of each; then all are paused, and go on. */
    async function lookAndCommand(panel: Locator): Promise<void> {
      const rows = panel.locator('.vision-event-entries li:visible');
      await until(async () => (await rows.count()) === 2, 'both Node-REDs');
      const other = rows.filter({ hasText: 'gateway-b 4711' });
      await other.getByText('Last error of the delivery').waitFor();
      const text = await other.innerText();
      assert.match(text, new RegExp(`gateway-b 4711, ${hostname()}\\s+0\\.1\\.0`));
      assert.match(text, /in work: 0 · delivered: 0\/min · last seen: \d+ s ago/);
      assert.match(text, /12 on its disk, for the database later/);
      assert.match(text, /Last error of the delivery, \d+ s ago: The API answered 503 <img src=x/);
      assert.equal(await rows.filter({ hasText: '(this one)' }).count(), 1);
      await panel.getByRole('button', { name: 'Pause all Node-REDs' }).click();
      await until(() => neighbour.pace.isPaused, 'the other one to hear of it');
      await panel.getByText('All Node-REDs of this queue are paused.').first().waitFor();
      await panel.getByRole('button', { name: 'Resume all Node-REDs' }).click();
      await until(() => !neighbour.pace.isPaused, 'the other one to hear of that');
    }

    it('in the sidebar: each with its errors, all paused and resumed', async () => {
      await editor.page.evaluate(() => {
        const { RED } = globalThis as unknown as { RED: { sidebar: { show(id: string): void } } };
        RED.sidebar.show('vision-events');
      });
      const panel = editor.page.locator('.vision-event-workspaces details').first();
      await panel.locator('summary').first().click();
      await lookAndCommand(panel);
      assert.deepEqual(await editor.nameless('sidebar'), []);
      assert.deepEqual(await editor.overflowing('sidebar'), []);
      await screenshots('sidebar', '#red-ui-sidebar, .red-ui-sidebar-container', 300);
    });

    it('in the dialog of the workspace, by the same panel', async () => {
      await editor.openDialog('queue');
      await editor.openWorkspace();
      const panel = editor.page.locator('[data-section="outboxNow"]');
      await panel.locator('summary').click();
      await lookAndCommand(panel);
      assert.equal(await editor.page.evaluate(() => 'hostileCodeRan' in globalThis), false);
      await panel.scrollIntoViewIfNeeded();
      await screenshots('dialog', '.vision-event-form', NARROWEST_FORM_PX);
      assert.deepEqual(editor.pageErrors, []);
    });

    async function screenshot(name: string): Promise<void> {
      if (!process.env.SCREENSHOTS) return;
      await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/workers-${name}.png` });
    }

    /** For eyes: in the light and in the dark, as it opens and narrow. */
    async function screenshots(where: string, narrowed: string, width: number): Promise<void> {
      if (!process.env.SCREENSHOTS) return;
      const { page } = editor;
      const styles: string[] = ['', `${narrowed} { width: ${width}px !important; z-index: 9 }`];
      for (const theme of ['', DARK_THEME]) {
        for (const style of styles) {
          const made = await page.addStyleTag({ content: `${theme} ${style}` });
          await delay(500);
          await screenshot(`${where}-${theme ? 'dark' : 'light'}-${style ? 'narrow' : 'wide'}-${version}`);
          await made.evaluate((element) => (element as unknown as { remove(): void }).remove());
        }
      }
    }
  });
}

function flow(baseUrl: string, outboxDir: string, postgresUrl: string): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      name: 'Plant',
      baseUrl,
      outboxDir,
      keepWaiting: 'postgres',
      postgresUrl,
      queueName: 'line',
      credentials: { apiKey, postgresUser: POSTGRES_USER },
    },
    {
      ...visionEventDefaults,
      ...EVENT_SENT_AS_IT_IS,
      id: 'queue',
      type: 'roboflow-vision-event',
      z: 'tab',
      x: 200,
      y: 100,
      name: 'queue',
      workspace: 'workspace',
      delivery: 'queue',
      wires: [[]],
    },
  ];
}
