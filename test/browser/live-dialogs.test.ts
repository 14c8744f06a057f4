import assert from 'node:assert/strict';
import type { Browser, Locator } from 'playwright-core';
import {
  visionEventBundleDefaults,
  visionEventDefaults,
  visionEventQueryDefaults,
  visionEventUseCaseDefaults,
  workspaceDefaults,
} from '../../nodes/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { launchBrowser } from '../support/browser';
import { EditorPage } from '../support/editor-page';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;
const HOSTILE = '<img src=x onerror="window.hostileCodeRan=true">';
const DEAD_URL = 'http://127.0.0.1:9';
const NARROWEST_FORM_PX = 340;

const apiKey = `key-${Math.random().toString(36).slice(2)}`;

/** What is asked of an element in the page; the project's TypeScript does not know the browser. */
interface PageElement {
  outerHTML: string;
  labels?: { length: number } | null;
  getAttribute(name: string): string | null;
  getBoundingClientRect(): { right: number };
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const box = (left: number, top: number, width: number, height: number): Box => ({
  x: left,
  y: top,
  width,
  height,
});

/** The same kind of finding as six detectors tell it, and where its box must be drawn: left, top, width, height in pixels. */
const FORMATS: { name: string; payload: unknown; drawn: Box[]; properties?: Record<string, string> }[] = [
  {
    name: 'roboflow',
    payload: {
      image: { width: 640, height: 480 },
      predictions: [
        { x: 320, y: 240, width: 40, height: 30, confidence: 0.9, class: 'bolt', class_id: 0 },
        { x: 100, y: 60, width: 20, height: 10, confidence: 0.5, class: 'nut', class_id: 1 },
      ],
    },
    drawn: [box(300, 225, 40, 30), box(90, 55, 20, 10)],
  },
  {
    name: 'tfjs',
    payload: [{ bbox: [10, 20, 100, 50], class: 'cup', score: 0.8 }],
    drawn: [box(10, 20, 100, 50)],
  },
  {
    name: 'deepstack',
    payload: {
      success: true,
      predictions: [{ label: 'person', confidence: 0.7, x_min: 50, y_min: 60, x_max: 150, y_max: 260 }],
    },
    drawn: [box(50, 60, 100, 200)],
  },
  {
    name: 'ultralytics',
    payload: [{ name: 'car', class: 2, confidence: 0.75, box: { x1: 30, y1: 40, x2: 130, y2: 90 } }],
    drawn: [box(30, 40, 100, 50)],
  },
  {
    name: 'aws-rekognition',
    payload: {
      Labels: [
        {
          Name: 'Forklift',
          Confidence: 98,
          Instances: [{ BoundingBox: { Left: 0.25, Top: 0.5, Width: 0.5, Height: 0.25 }, Confidence: 97 }],
        },
      ],
    },
    properties: { imageWidth: '800', imageHeight: '400' },
    drawn: [box(200, 200, 400, 100)],
  },
  {
    name: 'huggingface',
    payload: [{ label: 'crate', score: 0.6, box: { xmin: 5, ymin: 6, xmax: 45, ymax: 36 } }],
    drawn: [box(5, 6, 40, 30)],
  },
];

const MAPPING = {
  list: 'found',
  class: 'what',
  confidence: 'sure',
  confidenceUnit: 'percent',
  box: { convention: 'corner', units: 'pixel', fields: ['l', 't', 'w', 'h'] },
};

describe('the live parts of the dialogs', function () {
  this.timeout(SLOW_MS);
  let browser: Browser;
  let simulator: Simulator;

  before(async function () {
    browser = await launchBrowser(this);
    simulator = await startSimulator({
      apiKey,
      useCases: [
        { id: 'quality-line-1', name: 'Quality, line 1' },
        { id: 'dock-count', name: 'Dock count' },
        { id: 'hostile', name: HOSTILE },
      ],
    });
  });
  after(async () => {
    await browser?.close();
    await simulator?.close();
  });

  describe('in Node-RED 4.1', () => {
    let nodeRed: RealNodeRed;
    let editor: EditorPage;

    before(async () => {
      nodeRed = await RealNodeRed.start('4.1');
      await nodeRed.deploy(flow(simulator.url));
      editor = await EditorPage.open(browser, nodeRed.url);
    });
    after(async () => {
      await editor?.close();
      await nodeRed?.stop();
    });
    afterEach(async function () {
      const failed = this.currentTest?.state === 'failed';
      await screenshot(editor, failed ? `failed-${this.currentTest?.title.slice(0, 20)}` : '');
      await editor.cancelDialogs();
    });

    it('offers the use cases of the workspace, by mouse and keyboard, and creates one', async () => {
      await editor.openDialog('event');
      const picker = editor.page.locator('.vision-event-beside');
      await picker.locator('button').first().click();
      await picker.getByRole('option').first().waitFor();
      assert.deepEqual(
        (await picker.getByRole('option').locator('span').allInnerTexts()).sort(),
        [HOSTILE, 'Dock count', 'Quality, line 1'].sort(),
      );
      await screenshot(editor, 'picker');
      await editor.page.keyboard.type('dock');
      await editor.page.keyboard.press('ArrowDown');
      await editor.page.keyboard.press('Enter');
      assert.equal(await editor.page.locator('#node-input-useCase').inputValue(), 'dock-count');
      assert.match(await picker.innerText(), /Use case: Dock count/);

      await picker.locator('button').first().click();
      await editor.page.keyboard.type('Lid check');
      await picker.locator('.vision-event-create button').click();
      await picker.getByText('Use case: Lid check').waitFor();
      const created = await editor.page.locator('#node-input-useCase').inputValue();
      assert.ok(created !== '' && created !== 'dock-count');
      assert.deepEqual(editor.pageErrors, []);
    });

    for (const id of ['query', 'use-case', 'bundle']) {
      it(`offers the use cases in the dialog of the ${id} node too`, async () => {
        await editor.openDialog(id);
        const picker = editor.page.locator('.vision-event-beside');
        await picker.locator('button').first().click();
        await picker.getByRole('option', { name: 'Dock count' }).click();
        assert.equal(await editor.page.locator('#node-input-useCase').inputValue(), 'dock-count');
        assert.match(await picker.innerText(), /Choose …\s+Use case: Dock count/);
        await screenshot(editor, `picker-${id}`);
        if (id === 'use-case') {
          await editor.page.locator('#node-input-action').selectOption('unarchive');
          await picker.waitFor({ state: 'hidden' });
          assert.equal(await editor.page.locator('#node-input-useCase').inputValue(), 'dock-count');
        }
        assert.deepEqual(editor.pageErrors, []);
      });
    }

    it('says why the list cannot be shown, and leaves the field as it is', async () => {
      await editor.openDialog('write-only');
      const picker = editor.page.locator('.vision-event-beside');
      await picker.locator('button').first().click();
      await picker.getByText(/cannot be shown.*vision-events:read/).waitFor();
      await editor.typeInto('node-input-useCase', 'typed-by-hand');
      assert.equal(await editor.page.locator('#node-input-useCase').inputValue(), 'typed-by-hand');
    });

    it('suggests metadata keys, and says when the type differs from what the use case has', async () => {
      await sendEventWithMetadata(simulator, { shift: 2 });
      await editor.openDialog('metadata');
      await editor.page.locator('[data-section="metadata"] > summary').click();
      const note = editor.page.locator('#vision-event-metadata-types');
      await note.getByText('“shift” is text here').waitFor();
      const suggested = editor.page.locator('#vision-event-metadata-suggestions option');
      assert.ok((await suggested.count()) >= 1);
      await screenshot(editor, 'metadata');
      await editor.page.locator('.vision-event-list-row .red-ui-typedInput-type-select').click();
      await editor.page.locator('.red-ui-typedInput-options:visible a[value="num"]').click();
      await note.waitFor({ state: 'hidden' });
    });

    it('checks a connection that works, one whose key is refused, and one that leads nowhere', async () => {
      const state = (step: string) =>
        editor.page.locator(`.vision-event-steps [data-step="${step}"]`).getAttribute('data-state');
      const check = async () => {
        await editor.page.locator('.vision-event-check button').click();
        await editor.page.locator('.vision-event-check button:enabled').waitFor();
        await editor.page.locator('.vision-event-steps [data-step="manage"]').waitFor();
      };
      const before = simulator.events().length;
      await openWorkspace(editor, 'event');
      await check();
      assert.deepEqual(
        [await state('host'), await state('read'), await state('write')],
        ['ok', 'ok', 'unknown'],
      );
      await screenshot(editor, 'check-good');
      await editor.page.locator('#node-config-input-apiKey').fill('another-wrong-key');
      await check();
      assert.deepEqual([await state('api'), await state('read')], ['ok', 'failed']);
      assert.match(
        await editor.page.locator('[data-step="read"]').innerText(),
        /cannot be proved without creating/,
      );
      await screenshot(editor, 'check-refused');
      await editor.page.locator('#node-config-input-baseUrl').fill(DEAD_URL);
      await check();
      assert.deepEqual([await state('host'), await state('read')], ['failed', 'unknown']);
      await editor.page.locator('#node-config-input-baseUrl').fill(simulator.url);
      await editor.page.locator('#node-config-input-apiKey').fill('');
      await check();
      assert.equal(await state('settings'), 'failed');
      assert.equal(simulator.events().length, before);
      assert.ok(!(await editor.page.content()).includes(apiKey), 'the key stands in the page');
    });

    it('shows the outbox while it works, and commands it', async () => {
      await openWorkspace(editor, 'queue');
      await editor.page.locator('[data-section="outboxNow"] > summary').click();
      const panel = editor.page.locator('[data-section="outboxNow"]');
      await panel.getByText('nothing to do').waitFor();
      await panel.getByRole('button', { name: 'Pause' }).click();
      await panel.locator('dd', { hasText: 'paused' }).waitFor();
      await fetch(`${nodeRed.url}/inject/inject-queue`, { method: 'POST' });
      await panel.locator('dd', { hasText: /^1 \(/ }).waitFor();
      await screenshot(editor, 'outbox');
      const before = simulator.events().length;
      await panel.getByRole('button', { name: 'Resume' }).click();
      await panel.locator('dd', { hasText: /^0 \(/ }).waitFor();
      assert.equal(simulator.events().length, before + 1);
    });

    it('tries six formats, and draws each box where the event has it', async () => {
      await editor.openDialog('event');
      const section = await openTrial(editor);
      for (const { name, payload, drawn, properties = {} } of FORMATS) {
        for (const [property, value] of Object.entries({ imageWidth: '', imageHeight: '', ...properties })) {
          await editor.page.locator(`#node-input-${property}`).evaluate((element, text) => {
            (element as unknown as { value: string }).value = text;
          }, value);
        }
        const answered = trialAnswered(editor, name);
        await section.locator('textarea').fill(JSON.stringify(payload));
        const { event } = await answered;
        assert.deepEqual(await drawnBoxes(section), drawn, name);
        const sent = event.images[0]?.objectDetections ?? [];
        assert.deepEqual(
          sent.map(({ x, y, width, height }) => box(x - width / 2, y - height / 2, width, height)),
          drawn,
          name,
        );
        await section.getByText(new RegExp(`^${name}: `)).waitFor();
      }
      await screenshot(editor, 'try');
      assert.deepEqual(editor.pageErrors, []);
    });

    it('runs an own mapping anew while it is typed', async () => {
      await editor.openDialog('custom');
      const section = await openTrial(editor);
      const payload = { found: [{ what: 'lid', sure: 80, l: 10, t: 20, w: 30, h: 40 }] };
      await section.locator('textarea').fill(JSON.stringify(payload));
      await section.getByText('DETECTIONS_').waitFor();
      await editor.typeInto('node-input-mapping', JSON.stringify(MAPPING));
      await section.locator('td', { hasText: 'lid' }).waitFor();
      assert.deepEqual(await drawnBoxes(section), [box(10, 20, 30, 40)]);
      assert.match(await section.locator('[data-part="rows"]').innerText(), /80%/);
      await screenshot(editor, 'custom');
    });

    it('shows the last message that the node saw, with its picture, and what the API would store', async () => {
      await editor.openDialog('alert');
      const section = await openTrial(editor, 'last');
      await section.getByText('Waiting for a message').waitFor();
      await fetch(`${nodeRed.url}/inject/inject-alert`, { method: 'POST' });
      await section.getByText(/Message of/).waitFor();
      await section.getByText('eventData.alertType').waitFor();
      assert.match(await section.locator('[data-part="stored"]').innerText(), /eventData/);
      assert.equal(await section.locator('.vision-event-frame img').count(), 1);
      await screenshot(editor, 'last');
    });

    it('runs no code out of class names, names of use cases, fields of a payload and errors', async () => {
      await editor.openDialog('event');
      const section = await openTrial(editor);
      const answered = trialAnswered(editor, 'roboflow');
      const prediction = {
        x: 50,
        y: 50,
        width: 20,
        height: 20,
        confidence: 0.9,
        class: HOSTILE,
        class_id: 0,
      };
      const payload = { image: { width: 640, height: 480 }, predictions: [prediction] };
      await section.locator('textarea').fill(JSON.stringify(payload));
      await answered;
      assert.equal(await section.locator('text').textContent(), `${HOSTILE} 90%`);
      await section.locator('[data-part="event"] > summary').click();
      await section.locator('textarea').fill(JSON.stringify({ [HOSTILE]: HOSTILE }));
      await section.locator('.vision-event-error').waitFor();
      await editor.page.locator('.vision-event-beside button').first().click();
      await editor.page.locator('.vision-event-beside').getByRole('option').first().waitFor();
      await editor.page.getByRole('option', { name: HOSTILE }).click();
      await editor.page.waitForTimeout(300);
      assert.equal(await editor.page.evaluate(() => 'hostileCodeRan' in globalThis), false);
      assert.equal(await editor.page.locator('.vision-event-form img[src="x"]').count(), 0);
      assert.deepEqual(editor.pageErrors, []);
    });

    it('names every field, and fits into the narrowest dialog in the dark theme too', async () => {
      await editor.openDialog('event');
      const section = await openTrial(editor);
      const answered = trialAnswered(editor, 'roboflow');
      await section.locator('textarea').fill(JSON.stringify(FORMATS[0]?.payload));
      await answered;
      await editor.page.locator('.vision-event-beside button').first().click();
      await editor.page.locator('.vision-event-beside').getByRole('option').first().waitFor();
      const style = await editor.page.addStyleTag({
        content: `.vision-event-form { width: ${NARROWEST_FORM_PX}px; } ${DARK_THEME}`,
      });
      await screenshot(editor, 'narrow-dark');
      const edge = await editor.page.locator('.vision-event-form').boundingBox();
      const overflowing = await editor.page
        .locator('[data-section="try"] *:visible, .vision-event-beside *:visible')
        .evaluateAll(
          (elements, right) =>
            (elements as unknown as PageElement[])
              .filter((element) => element.getBoundingClientRect().right > right)
              .map((element) => element.outerHTML.slice(0, 200)),
          (edge?.x ?? 0) + NARROWEST_FORM_PX + 1,
        );
      assert.deepEqual(overflowing, []);
      const fields = editor.page.locator('.vision-event-form :is(input, select, textarea, button):visible');
      const nameless = await fields.evaluateAll((elements) =>
        (elements as unknown as (PageElement & { textContent: string })[])
          .filter(
            (field) =>
              !field.getAttribute('aria-label') && !field.labels?.length && field.textContent.trim() === '',
          )
          .map((field) => field.outerHTML),
      );
      assert.deepEqual(nameless, []);
      await style.evaluate((element) => (element as unknown as { remove(): void }).remove());
    });
  });

  it('lets a user who may only read look, and refuses the rest, in Node-RED 4.1', async () => {
    const nodeRed = await RealNodeRed.start(
      '4.1',
      {},
      {
        settings: { adminAuth: { type: 'credentials', users: [], default: { permissions: 'read' } } },
        flows: flow(simulator.url),
      },
    );
    try {
      for (const path of ['try', 'check-connection', 'workspaces/workspace/outbox/pause']) {
        const answer = await fetch(`${nodeRed.url}/vision-events/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{}',
        });
        assert.equal(answer.status, 401, path);
      }
      const editor = await EditorPage.open(browser, nodeRed.url);
      await editor.openDialog('event');
      const section = editor.page.locator('[data-section="try"]');
      await section.locator('summary').first().click();
      await section.getByText('Only users who may deploy').waitFor();
      assert.equal(await section.locator('button').first().isDisabled(), true);
      await openWorkspace(editor, undefined);
      assert.equal(await editor.page.locator('.vision-event-check button').isDisabled(), true);
      await editor.page.locator('[data-section="outboxNow"] > summary').click();
      const panel = editor.page.locator('[data-section="outboxNow"]');
      await panel.getByText('may look, but not command').waitFor();
      assert.equal(await panel.getByRole('button').count(), 0);
      await screenshot(editor, 'viewer');
      assert.deepEqual(editor.pageErrors, []);
      await editor.close();
    } finally {
      await nodeRed.stop();
    }
  });

  it('works in Node-RED 5.0: a check and a trial', async () => {
    const nodeRed = await RealNodeRed.start('5.0');
    try {
      await nodeRed.deploy(flow(simulator.url));
      const editor = await EditorPage.open(browser, nodeRed.url);
      await editor.openDialog('event');
      const section = await openTrial(editor);
      const answered = trialAnswered(editor, 'roboflow');
      await section.locator('textarea').fill(JSON.stringify(FORMATS[0]?.payload));
      await answered;
      assert.deepEqual(await drawnBoxes(section), FORMATS[0]?.drawn);
      await screenshot(editor, '5.0');
      await openWorkspace(editor, undefined);
      await editor.page.locator('.vision-event-check button').click();
      await editor.page.locator('[data-step="read"][data-state="ok"]').waitFor();
      assert.deepEqual(editor.pageErrors, []);
      await editor.close();
    } finally {
      await nodeRed.stop();
    }
  });
});

/** Opens the section for trials and chooses what to try it with. */
async function openTrial(editor: EditorPage, source: 'last' | 'pasted' = 'pasted'): Promise<Locator> {
  const section = editor.page.locator('[data-section="try"]');
  await section.locator('summary').first().click();
  if (source === 'pasted') await section.locator('#vision-event-try-source').selectOption('pasted');
  return section;
}

interface TrialAnswer {
  detections?: { format: string };
  event: { images: { objectDetections?: Box[] }[] };
}

/** What the runtime answered to the trial that recognised this format, once the page has shown it. */
async function trialAnswered(editor: EditorPage, format: string): Promise<TrialAnswer> {
  let found: TrialAnswer | undefined;
  await editor.page.waitForResponse(async (response) => {
    if (!response.url().endsWith('/vision-events/try')) return false;
    const answer = (await response.json()) as TrialAnswer;
    if (answer.detections?.format !== format) return false;
    found = answer;
    return true;
  });
  await editor.page.locator('[data-section="try"] .vision-event-facts', { hasText: `${format}: ` }).waitFor();
  return found!;
}

async function drawnBoxes(section: Locator): Promise<Box[]> {
  return section.locator('svg rect').evaluateAll((rectangles) =>
    (rectangles as unknown as PageElement[]).map((rectangle) => {
      const [x = 0, y = 0, width = 0, height = 0] = ['x', 'y', 'width', 'height'].map((name) =>
        Number(rectangle.getAttribute(name)),
      );
      return { x, y, width, height };
    }),
  );
}

async function openWorkspace(editor: EditorPage, node: string | undefined): Promise<void> {
  if (node) await editor.openDialog(node);
  await editor.page.locator('#node-input-btn-workspace-edit').click();
  await editor.trayAtRest();
}

async function screenshot(editor: EditorPage, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS || !name) return;
  const results = editor.page.locator('.vision-event-try-results:not(:empty)');
  if ((await results.count()) > 0 && (await results.isVisible())) await results.scrollIntoViewIfNeeded();
  await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/live-${name}.png` });
}

async function sendEventWithMetadata(simulator: Simulator, customMetadata: object): Promise<void> {
  const event = {
    eventId: `metadata-${Math.random().toString(36).slice(2)}`,
    eventType: 'custom',
    useCaseId: 'quality-line-1',
    timestamp: new Date().toISOString(),
    eventData: { value: 'x' },
    customMetadata,
  };
  const answer = await fetch(`${simulator.url}/vision-events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(event),
  });
  assert.equal(answer.status, 201);
}

/** The colours of a dark theme, as themes set them: by Node-RED's own variables. */
const DARK_THEME = `:root {
  --red-ui-primary-background: #1e2127; --red-ui-secondary-background: #262a31; --red-ui-tertiary-background: #2f343d;
  --red-ui-primary-text-color: #dcdfe4; --red-ui-secondary-text-color: #9aa1ac; --red-ui-form-text-color: #dcdfe4;
  --red-ui-form-input-background: #1a1d22; --red-ui-form-input-border-color: #454b56; --red-ui-secondary-border-color: #3a404a;
  --red-ui-list-item-background-hover: #3a4150; --red-ui-list-item-background-selected: #343b48;
  --red-ui-workspace-button-background: #2f343d; --red-ui-workspace-button-color: #dcdfe4;
  --red-ui-secondary-background-hover: #343a45; --red-ui-text-color-error: #ff7b72; --red-ui-form-background: #1e2127;
}`;

function flow(baseUrl: string): FlowNode[] {
  const place = (row: number) => ({ z: 'tab', x: 400, y: 60 + 60 * row });
  const event = (
    id: string,
    row: number,
    properties: Partial<typeof visionEventDefaults> = {},
  ): FlowNode => ({
    ...visionEventDefaults,
    workspace: 'workspace',
    useCase: 'quality-line-1',
    ...properties,
    id,
    type: 'vision-event',
    ...place(row),
    wires: [[]],
  });
  const workspace = (id: string, key: string): FlowNode => ({
    ...workspaceDefaults,
    id,
    type: 'vision-event-workspace',
    // Not the id itself: Node-RED takes a property that holds the id of a config node for a reference to it.
    name: `Plant ${id}`,
    baseUrl,
    batchLinger: 0,
    credentials: { apiKey: key },
  });
  const inject = (id: string, row: number, target: string, payload: unknown): FlowNode => ({
    id,
    type: 'inject',
    ...place(row),
    x: 140,
    props: [{ p: 'payload' }, { p: 'picture', v: PICTURE, vt: 'str' }],
    payload: JSON.stringify(payload),
    payloadType: 'json',
    wires: [[target]],
  });
  const person = { label: 'person', confidence: 0.7, x_min: 20, y_min: 10, x_max: 60, y_max: 40 };
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    workspace('workspace', apiKey),
    workspace('no-reading', `${apiKey}-write`),
    event('event', 0),
    ...usersOfUseCases(place),
    event('write-only', 1, { workspace: 'no-reading' }),
    event('metadata', 2, { metadata: [{ key: 'shift', value: '2', valueType: 'str' }] }),
    event('custom', 3, { format: 'custom' }),
    event('alert', 4, {
      delivery: 'build',
      eventType: 'safety_alert',
      alertType: 'not allowed!',
      inputImage: 'picture',
      inputImageType: 'msg',
    }),
    event('queue', 5, { delivery: 'queue', detectionsType: 'none' }),
    inject('inject-alert', 4, 'alert', { success: true, predictions: [person] }),
    inject('inject-queue', 5, 'queue', 1),
  ];
}

/** A grey PNG of 80 × 60 pixels. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAFAAAAA8CAAAAADUTGJQAAAALUlEQVR42u3MMQEAAAwCIMPaP4MlduyAAKTHIhQKhUKhUCgUCoVCoVAoFP4IBwASU2ohtlgSAAAAAElFTkSuQmCC';

/** The other nodes that name a use case. */
function usersOfUseCases(place: (row: number) => object): FlowNode[] {
  const shared = { workspace: 'workspace', wires: [[]] };
  return [
    { ...visionEventQueryDefaults, ...shared, ...place(6), id: 'query', type: 'vision-event-query' },
    {
      ...visionEventUseCaseDefaults,
      ...shared,
      ...place(7),
      id: 'use-case',
      type: 'vision-event-use-case',
      action: 'archive',
    },
    {
      ...visionEventBundleDefaults,
      ...shared,
      ...place(8),
      id: 'bundle',
      type: 'vision-event-bundle',
      action: 'upload',
      directory: '/media/usb',
    },
  ];
}
