import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { startSimulator, type Simulator } from '../../simulator/server';
import { DARK_THEME } from '../support/dark-theme';
import { EditorPage } from '../support/editor-page';
import { sharedBrowser } from '../support/editor-session';
import { costOf, HOSTILE, startStream, streamFlow, streamPicture } from '../support/event-stream';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { RealNodeRed } from '../support/real-node-red';
import { refuseEvents } from '../support/refused-events';
import { isLongRun } from '../support/seed';
import { until } from '../support/until';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 240_000;
const MOST_CARDS = 200;
/** 200 events a second over so many seconds, once watched and once not. */
const MEASURED_SECONDS = 10;
/** Other tests share the machine. */
const PATIENCE_MS = 60_000;
/** Of a core: what watching may cost. */
const MOST_SHARE = 0.05;
/** What is kept, and what the answers take while they are written. */
const MOST_MEGABYTES = 100;
const SCROLL_MS = 5000;

/** 4.1 has a link for the tab, and where there is no room the menu behind it; 5.0 has a button. */
const BADGED = [
  '#red-ui-tab-vision-events-link-button',
  '#red-ui-tab-vision-events-link-button ~ a:last-child',
  '[data-tab-id="vision-events"]',
].join(', ');
const CARDS = '.vision-event-cards > li';
const apiKey = `key-${Math.random().toString(36).slice(2)}`;

/** Everything that a viewer may see but what this package guards. */
const OTHER_READ_PERMISSIONS = [
  ...['flows', 'nodes', 'settings', 'status', 'plugins', 'context', 'library', 'auth.users'],
].map((name) => `${name}.read`);

for (const version of NODE_RED_VERSIONS) {
  describe(`the sidebar in Node-RED ${version}`, function () {
    this.timeout(SLOW_MS);
    let browser: Browser;
    let simulator: Simulator;
    let outboxDir: string;
    let nodeRed: RealNodeRed;
    /** Loading the editor takes seconds, so the tests go on with one. */
    let editor: EditorPage;
    let page: Page;

    before(async function () {
      browser = await sharedBrowser(this);
      simulator = await startSimulator({ apiKey });
      simulator.faults.always({ status: 400, eventId: '^refuse-', body: { error: `no ${HOSTILE}` } });
      outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-live-'));
      await refuseEvents(outboxDir, { 'line-1-0001': `refused ${HOSTILE}`, 'line-1-0002': 'refused' });
      nodeRed = await RealNodeRed.start(version);
      await nodeRed.deploy(streamFlow(simulator.url, outboxDir, apiKey));
    });
    before(async () => {
      editor = await EditorPage.open(browser, nodeRed.url);
      ({ page } = editor);
      await page.setViewportSize({ width: 1400, height: 1800 });
    });
    afterEach(async function () {
      if (this.currentTest?.state === 'failed') await screenshot(page, `failed-${version}`);
    });
    after(async () => {
      await editor?.close();
      await nodeRed?.stop();
      await simulator?.close();
      rmSync(outboxDir, { recursive: true, force: true });
    });

    const ids = (shown: Page) =>
      shown.locator(CARDS).evaluateAll((cards: HTMLElement[]) => cards.map((card) => card.dataset['id']));

    async function full(shown: Page): Promise<void> {
      await until(async () => (await ids(shown)).length === MOST_CARDS, '200 cards', PATIENCE_MS);
    }

    it('tells by a badge that something needs a person, before anybody opens the tab', async () => {
      await page.locator('html.vision-event-needed').waitFor({ state: 'attached' });
      const badged = page.locator(BADGED).and(page.locator(':visible'));
      await badged.first().waitFor();
      const dots = await badged.evaluateAll((buttons) =>
        buttons.map((button) => getComputedStyle(button, '::after').width),
      );
      assert.ok(dots.includes('8px'), dots.join(', '));
    });

    it(`costs less than ${MOST_SHARE * 100} % of a core with 200 events a second`, async function () {
      skipUnlessMeasured(this);
      const load = { count: MEASURED_SECONDS * 200, atOnce: 20, everyMs: 100 };
      const measure = async () => {
        const before = costOf(nodeRed.pid);
        const began = performance.now();
        await startStream(nodeRed, load, noisyPicture());
        await delay(MEASURED_SECONDS * 1000);
        const seconds = (performance.now() - began) / 1000;
        return (costOf(nodeRed.pid).cpuSeconds - before.cpuSeconds) / seconds;
      };
      // Compilers and caches first.
      await measure();
      const unwatched = await measure();
      const { megabytes } = costOf(nodeRed.pid);
      await showTab(page);
      const watched = await measure();
      const more = costOf(nodeRed.pid).megabytes - megabytes;
      console.log(
        `      a core is busy for ${percent(unwatched)} unwatched, ${percent(watched)} watched; ${more.toFixed(0)} MB more`,
      );
      assert.ok(watched - unwatched < MOST_SHARE, `${percent(watched - unwatched)} of a core`);
      assert.ok(more < MOST_MEGABYTES, `${more.toFixed(0)} MB`);
    });

    it('shows the last 200 of 1,000 events of five nodes, newest first, with pictures, warnings and refusals', async () => {
      await showTab(page);
      const isDone = doneWith(nodeRed);
      await isDone(0);
      await startStream(nodeRed, { count: 1000, atOnce: 25, everyMs: 200 });
      await until(() => isDone(1000), 'all events to be done with', PATIENCE_MS);
      // In a burst those that are sent come last: these are of all nodes.
      await startStream(nodeRed, { count: 50, atOnce: 5, everyMs: 100 });
      await until(() => isDone(1050), 'the last events to be done with', PATIENCE_MS);
      const { events } = await nodeRed.get<{ events: { id: number }[] }>('vision-events/live');
      const last = String(Math.max(...events.map(({ id }) => id)));
      await until(async () => (await ids(page))[0] === last, 'the page to show the last one', PATIENCE_MS);
      await full(page);
      const shown = (await ids(page)).map(Number);
      assert.deepEqual(
        shown,
        [...shown].sort((one, other) => other - one),
      );
      for (const state of ['built', 'delivered', 'refused'])
        assert.ok((await page.locator(`${CARDS}[data-state="${state}"]`).count()) > 0, state);
      // In 5.0 the tab shares its side with another one, so the list begins below what is in view.
      await page.locator('.vision-event-live').evaluate((tab) => (tab.scrollTop = 600));
      // Which one is in view depends on what came after that; one that is not painted is 300 px wide.
      await until(
        () =>
          page
            .locator('.vision-event-cards canvas')
            .evaluateAll((canvases: HTMLCanvasElement[]) => canvases.some(({ width }) => width === 112)),
        'a picture',
        PATIENCE_MS,
      );
      assert.ok((await page.locator('.vision-event-cards svg rect').count()) >= MOST_CARDS - 20);
      assert.match(
        (await page.locator(`${CARDS}[data-state="refused"]`).first().textContent()) ?? '',
        /no <img src=x/,
      );

      await page.getByLabel('Only with warnings').check();
      const warned = page.locator(`${CARDS}:visible`);
      assert.equal(await warned.locator('.vision-event-warned').count(), await warned.count());
      assert.ok((await warned.count()) > 10);
      await warned.first().locator('.vision-event-warned > summary').click();
      assert.match(await warned.first().innerText(), /is not one of the allowed values/);
      assert.match(await warned.first().innerText(), /“Repair, then send”/);
      await page.getByLabel('Only with warnings').uncheck();

      await page.getByLabel('Node', { exact: true }).selectOption('sent');
      await page.getByLabel('State', { exact: true }).selectOption('refused');
      const refused = page.locator(`${CARDS}:visible`);
      assert.ok((await refused.count()) > 0);
      assert.deepEqual(
        new Set(await refused.locator('.vision-event-link').allTextContents()),
        new Set(['sent']),
      );
      await refused.first().locator('.vision-event-link').click();
      await page.getByLabel('Node', { exact: true }).selectOption('');
      await page.getByLabel('State', { exact: true }).selectOption('');
      await screenshots(page, version);
    });

    it('runs no code out of any text, names its controls, and fits into 300 px', async () => {
      await page.getByLabel('Node', { exact: true }).selectOption('hostile');
      const hostile = page.locator(`${CARDS}:visible`).first();
      await hostile.locator('details > summary').first().click();
      await hostile.getByText('Show event').click();
      await hostile.locator('.vision-event-json').first().waitFor();
      await hostile.getByLabel('Enlarge picture').click();
      await hostile.getByLabel('Reduce picture').waitFor();
      const panel = page.locator('.vision-event-workspaces details').first();
      await panel.locator('summary').first().click();
      await panel.getByText('Show event').first().click();
      await panel.locator('.vision-event-json').first().waitFor();
      assert.match(await panel.innerText(), /refused <img src=x/);
      assert.match(await page.locator('.vision-event-workspaces h3').innerText(), /Plant <img src=x/);
      assert.equal(await page.evaluate(() => 'hostileCodeRan' in globalThis), false);
      assert.equal(await page.locator('.vision-event-live img').count(), 0);
      assert.deepEqual(await editor.nameless('sidebar'), []);
      assert.deepEqual(await editor.overflowing('sidebar'), []);
      assert.deepEqual(editor.pageErrors, []);
      await page.getByLabel('Node', { exact: true }).selectOption('');
    });

    it('cuts no choice of the filters, however long a language says it', async () => {
      const cut = await page.locator('.vision-event-live').evaluate((tab: HTMLElement) => {
        tab.style.width = '300px';
        const pen = document.createElement('canvas').getContext('2d')!;
        const found: string[] = [];
        for (const filter of tab.querySelectorAll('select')) {
          const [all] = filter.options;
          const { text } = all!;
          all!.text = 'Todos los estados que hay';
          pen.font = getComputedStyle(filter).font;
          // Beside the text stands the arrow.
          const needed = pen.measureText(all!.text).width + 20;
          const { width } = filter.getBoundingClientRect();
          if (width < needed) found.push(`${filter.title}: ${width} px of ${needed}`);
          all!.text = text;
        }
        tab.style.width = '';
        return found;
      });
      assert.deepEqual(cut, []);
    });

    it('keeps what two editors see alike, and pauses only one', async () => {
      const second = await EditorPage.open(browser, nodeRed.url);
      const [one, other] = [page, second.page];
      await showTab(other);
      await full(other);
      const before = await ids(one);
      assert.deepEqual(await ids(other), before);
      await one.getByRole('button', { name: 'Pause the list' }).click();
      await startStream(nodeRed, { count: 20, atOnce: 20, everyMs: 1 });
      await until(async () => Number((await ids(other))[0]) >= Number(before[0]) + 20, 'the other to go on');
      assert.deepEqual(await ids(one), before);
      await one.getByRole('button', { name: 'Pause the list' }).click();
      await until(async () => (await ids(one))[0] === (await ids(other))[0], 'the first to go on');
      assert.deepEqual(await ids(one), await ids(other));
      await second.close();
    });

    it('sends nothing but a tick over the channel that everybody hears', async () => {
      await page.evaluate(() => {
        const { RED, ticks } = Object.assign(globalThis, { ticks: [] as unknown[] }) as unknown as {
          RED: {
            comms: { subscribe(topic: string, listener: (topic: string, message: unknown) => void): void };
          };
          ticks: unknown[];
        };
        RED.comms.subscribe('vision-events/#', (_topic, message) => ticks.push(message));
      });
      await startStream(nodeRed, { count: 10, atOnce: 10, everyMs: 1 });
      const ticks = await until(async () => {
        const found = await page.evaluate(() => (globalThis as unknown as { ticks: object[] }).ticks);
        return found.length > 0 && found;
      }, 'a tick');
      for (const tick of ticks) assert.deepEqual(Object.keys(tick), ['at']);
    });

    it('retries and discards a refused event at its card and in the panel', async () => {
      // As the sender tells it a quarter of an hour after the first refusal.
      await page.route(/vision-events\/live(\?|$)/, async (route) =>
        route.fulfill({ json: asRefused(await (await route.fetch()).json()) }),
      );
      await startStream(nodeRed, { count: 5, atOnce: 5, everyMs: 1 });
      const card = page.locator(CARDS, { hasText: 'line-1-0001' });
      await card.getByRole('button', { name: 'Resend' }).click();
      await until(
        () => simulator.events().some(({ event }) => event['eventId'] === 'line-1-0001'),
        'it to arrive',
      );
      await card.getByRole('button', { name: 'Resend' }).waitFor({ state: 'detached' });
      await page
        .locator('.vision-event-workspaces details')
        .first()
        .evaluate((panel: HTMLDetailsElement) => (panel.open = true));
      const row = page.locator('.vision-event-workspaces li', { hasText: 'line-1-0002' });
      await row.getByRole('button', { name: 'Discard' }).click();
      await row.getByRole('button', { name: 'Really delete?' }).click();
      await row.waitFor({ state: 'detached' });
      await page.locator('html:not(.vision-event-needed)').waitFor({ state: 'attached' });
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    });

    it('has no task of the browser over 50 ms while it scrolls', async function () {
      skipUnlessMeasured(this);
      await full(page);
      await page.locator('.vision-event-live').hover();
      await startStream(nodeRed, { count: (SCROLL_MS / 1000) * 200, atOnce: 20, everyMs: 100 });
      const longest = await longestWhileScrolling(browser, page);
      console.log(`      the longest task took ${longest.toFixed(1)} ms`);
      assert.ok(longest <= 50, `${longest} ms`);
    });
  });

  describe(`the sidebar in Node-RED ${version}, for who may not see events`, function () {
    this.timeout(SLOW_MS);

    for (const [who, permissions, says] of [
      ['a viewer', 'read', undefined],
      ['a viewer without permission', OTHER_READ_PERMISSIONS, 'You do not have permission to see events'],
    ] as const) {
      it(`${who} ${says ? 'is told so, and asks for nothing' : 'sees events, without buttons'}`, async function () {
        const browser = await sharedBrowser(this);
        const simulator = await startSimulator({ apiKey });
        const outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-live-'));
        await refuseEvents(outboxDir, { 'line-1-0001': 'refused' });
        const nodeRed = await RealNodeRed.start(
          version,
          {},
          {
            settings: { adminAuth: { type: 'credentials', users: [], default: { permissions } } },
            flows: streamFlow(simulator.url, outboxDir, apiKey),
          },
        );
        const asked: string[] = [];
        const editor = await EditorPage.open(browser, nodeRed.url);
        try {
          const { page } = editor;
          page.on('request', (request) => asked.push(request.url()));
          await showTab(page);
          const tab = page.locator('.vision-event-live');
          if (says === undefined) {
            await startStream(nodeRed, { count: 20, atOnce: 20, everyMs: 1 });
            await page.locator(CARDS).first().waitFor();
            await tab.locator('details > summary').first().click();
            await tab.getByText('line-1-0001').waitFor();
            for (const name of ['Resend', 'Discard', 'Pause'])
              assert.equal(await tab.getByRole('button', { name, exact: true }).count(), 0, name);
            return;
          }
          await tab.getByText(says).waitFor();
          for (const route of [
            'live',
            'live/workspaces',
            'live/1/picture',
            'workspaces/workspace/outbox/refused/a',
          ])
            assert.equal((await fetch(`${nodeRed.url}/vision-events/${route}`)).status, 401, route);
          assert.deepEqual(
            asked.filter((url) => url.includes('vision-events/live')),
            [],
          );
        } finally {
          await editor.close();
          await nodeRed.stop();
          await simulator.close();
          rmSync(outboxDir, { recursive: true, force: true });
        }
      });
    }
  });
}

/** As the menu of the editor does it: in a narrow sidebar the tab has no button of its own. */
async function showTab(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { RED } = globalThis as unknown as { RED: { sidebar: { show(id: string): void } } };
    RED.sidebar.show('vision-events');
  });
  await page.locator('.vision-event-live').waitFor();
}

/** A picture that cannot be compressed, as large as those of cameras: 30 kB. */
function noisyPicture(): Buffer {
  const png = streamPicture();
  // Behind its end nobody looks.
  return Buffer.concat([png, randomBytes(30_000)]);
}

/** Figures want a quiet machine, and time: they belong to the long form. */
function skipUnlessMeasured(test: Context): void {
  if (isLongRun) return;
  console.log(
    '      skipped: figures are measured in the long form (VISION_EVENTS_LONG=1), on a quiet machine',
  );
  test.skip();
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** @returns asks whether so many events more than at the first question are done with */
function doneWith(nodeRed: RealNodeRed): (count: number) => Promise<boolean> {
  let since = '';
  let first: number | undefined;
  let last = 0;
  return async (count) => {
    const { cursor, events } = await nodeRed.get<{ cursor: string; events: { id: number }[] }>(
      `vision-events/live?since=${since}`,
    );
    since = cursor;
    last = Math.max(last, ...events.map(({ id }) => id));
    first ??= last;
    return last - first >= count;
  };
}

/** Events of a node that only builds, which nothing else changes, become some that the outbox keeps as refused. */
function asRefused(answer: { events: { node: { id: string } }[] }): object {
  const refused = { state: 'refused', isKept: true, workspace: 'workspace', eventId: 'line-1-0001' };
  const events = answer.events.map((event) => (event.node.id === 'built' ? { ...event, ...refused } : event));
  return { ...answer, events };
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** µs of the thread's own time: what others do on the machine meanwhile does not count */
  tdur?: number;
  args?: { name?: string };
}

/** Scrolls down and up. @returns ms of the longest task of the page, by the time that its thread was at work */
async function longestWhileScrolling(browser: Browser, page: Page): Promise<number> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  const end = performance.now() + SCROLL_MS;
  for (let turn = 0; performance.now() < end; turn++) {
    await page.mouse.wheel(0, turn % 40 < 20 ? 300 : -300);
    await delay(30);
  }
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const pages = trace.traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain',
  );
  const threads = new Set(pages.map(threadOf));
  const tasks = trace.traceEvents.filter(
    (event) => event.ph === 'X' && event.name.endsWith('RunTask') && threads.has(threadOf(event)),
  );
  const times = tasks.map(({ tdur }) => tdur).filter((time) => time !== undefined);
  assert.ok(times.length > 100, `${tasks.length} tasks, ${times.length} with their time`);
  return Math.max(...times) / 1000;
}

async function screenshot(page: Page, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  await page.screenshot({ path: `${process.env.SCREENSHOTS}/live-${name}.png` });
}

/** For eyes: 300 px and wide, in the light and in the dark. */
async function screenshots(page: Page, version: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  await page.locator('.vision-event-live').evaluate((tab) => (tab.scrollTop = 0));
  const widths = { narrow: 300, wide: 560 };
  for (const theme of ['light', 'dark']) {
    if (theme === 'dark') {
      await page.addStyleTag({ content: DARK_THEME });
      await page.evaluate(() => document.documentElement.classList.add('nr-theme-dark'));
    }
    for (const [name, width] of Object.entries(widths)) {
      const made = await page.addStyleTag({
        content: `#red-ui-sidebar, .red-ui-sidebar-container { width: ${width}px !important; z-index: 9 }`,
      });
      await delay(500);
      await screenshot(page, `${name}-${theme}-${version}`);
      await made.evaluate((element) => (element as unknown as { remove(): void }).remove());
    }
  }
}
