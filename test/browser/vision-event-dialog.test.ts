import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { visionEventDefaults, workspaceDefaults } from '../../nodes/properties';
import { startSimulator, type Simulator, type StoredEvent } from '../../simulator/server';
import { launchBrowser } from '../support/browser';
import { EditorPage } from '../support/editor-page';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;
const ARRIVAL_DEADLINE_MS = 10_000;

/** Of a dialog of 400 px, which is as narrow as the editor lets it be used. */
const NARROWEST_FORM_PX = 340;

/** What is asked of an element in the page; the project's TypeScript does not know the browser. */
interface PageElement {
  outerHTML: string;
  labels?: { length: number } | null;
  getAttribute(name: string): string | null;
  getBoundingClientRect(): { right: number };
}

type Properties = Partial<typeof visionEventDefaults>;

const FIELDS_OF_TYPE: Record<string, string[]> = {
  quality_check: ['result', 'externalId'],
  inventory_count: ['itemCount', 'itemType', 'location', 'externalId'],
  safety_alert: ['alertType', 'severity', 'description', 'externalId'],
  custom: ['value', 'externalId'],
  operator_feedback: ['relatedEventId', 'feedback', 'comment'],
};

const HOSTILE = '<img src=x onerror="window.hostileCodeRan=true">';

const ONE_SCRATCH = JSON.stringify({
  image: { width: 640, height: 480 },
  predictions: [{ x: 320, y: 240, width: 40, height: 30, confidence: 0.9, class: 'scratch', class_id: 2 }],
});

/** What the runtime refuses, and the reason that the editor must give. */
const REFUSED: Record<string, [Properties, RegExp]> = {
  noWorkspace: [{ workspace: '' }, /workspace/],
  goneWorkspace: [{ workspace: 'nowhere' }, /no longer exists/],
  useCase: [{ useCase: '' }, /use case/],
  number: [{ minConfidence: '7' }, /0 to 1/],
  size: [{ imageWidth: '640' }, /width and height/],
  custom: [{ format: 'custom' }, /mapping/],
  mapping: [{ format: 'custom', mapping: '{"list":"","class":"c","box":{"fields":[]}}' }, /convention/],
  key: [{ metadata: [{ key: 'a.b', value: '1', valueType: 'str' }] }, /letters/],
  twice: [
    {
      metadata: [
        { key: 'a', value: '1', valueType: 'str' },
        { key: 'a', value: '2', valueType: 'str' },
      ],
    },
    /twice/,
  ],
  path: [{ detections: 'a[', detectionsType: 'msg' }, /path/],
  picture: [{ outputImageType: 'file' }, /picture/],
  cooldown: [{ cooldown: '-1' }, /seconds/],
  strictFeedback: [{ eventType: 'operator_feedback', onWarnings: 'stop' }, /feedback/],
};

const ACCEPTED: Record<string, Properties> = {
  plain: {},
  build: { delivery: 'build', workspace: '' },
  variable: { useCase: '${USE_CASE}', minConfidence: '${CONFIDENCE}' },
  unused: { detectionsType: 'none', minConfidence: '7', format: 'custom' },
  // The API takes it with a warning.
  feedback: { eventType: 'operator_feedback' },
};

/** The nodes whose dialogs are opened. */
const DIALOGS: Record<string, Properties> = {
  plain: {},
  alert: { eventType: 'safety_alert', severity: 'high' },
  headings: { cooldown: 'soon', streamId: 'camera 3' },
  narrow: { metadata: [{ key: 'line', value: 'A1', valueType: 'str' }] },
  hostile: {
    name: HOSTILE,
    classes: HOSTILE,
    format: HOSTILE,
    useCase: HOSTILE,
    result: HOSTILE,
    resultType: 'detected',
    labels: HOSTILE,
    imageWidth: HOSTILE,
    detections: HOSTILE,
    metadata: [{ key: HOSTILE, value: HOSTILE, valueType: 'msg' }],
  },
};

for (const version of NODE_RED_VERSIONS) {
  describe(`the editor of Node-RED ${version}`, function () {
    this.timeout(SLOW_MS);

    const apiKey = `key-${Math.random().toString(36).slice(2)}`;
    let browser: Browser;
    let nodeRed: RealNodeRed;
    let simulator: Simulator;
    let editor: EditorPage;

    before(async function () {
      browser = await launchBrowser(this);
      simulator = await startSimulator({ apiKey });
      nodeRed = await RealNodeRed.start(version);
    });
    after(async () => {
      await browser?.close();
      await nodeRed?.stop();
      await simulator?.close();
    });
    afterEach(async function () {
      if (editor && this.currentTest?.state === 'failed' && process.env.SCREENSHOTS) {
        await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/failed-${version}.png` });
      }
    });

    it('builds a flow by hand, deploys it, and the event arrives', async () => {
      await nodeRed.deploy([{ id: 'tab', type: 'tab', label: 'Test' }]);
      editor = await EditorPage.open(browser, nodeRed.url);
      const inject = await editor.dragFromPalette('inject', 120, 100);
      const event = await editor.dragFromPalette('vision-event', 340, 100);
      await editor.wire(inject, event);

      await editor.openDialog(event);
      await editor.page.locator('#node-input-btn-workspace-add').click();
      await editor.trayAtRest();
      await editor.page.locator('#node-config-input-name').fill('By hand');
      await editor.page.locator('#node-config-input-apiKey').fill(apiKey);
      await editor.page.locator('#node-config-input-baseUrl').fill(simulator.url);
      await editor.confirmDialog('node-config-dialog-ok');
      await editor.chooseType('node-input-detections', 'json');
      await editor.typeInto('node-input-detections', ONE_SCRATCH);
      await editor.typeInto('node-input-useCase', 'quality-line-1');
      await editor.chooseType('node-input-result', 'detected');
      await editor.typeInto('node-input-result', 'scratch');
      await editor.confirmDialog('node-dialog-ok');
      assert.deepEqual((await editor.node(event)).validationErrors, []);

      await editor.deploy();
      await editor.canvasNode(inject).locator('.red-ui-flow-node-button-button').click();
      const arrived = await firstEvent(simulator);
      assert.deepEqual(arrived.event.eventData, { result: 'fail' });
      assert.equal(arrived.useCaseId, 'quality-line-1');
      assert.deepEqual(editor.pageErrors, []);
      await editor.close();
      assert.ok(!nodeRed.log().includes(apiKey), 'the key stands in the log');
    });

    describe('dialogs', () => {
      before(async () => {
        await nodeRed.deploy(flowOfDialogs(simulator.url, apiKey));
        editor = await EditorPage.open(browser, nodeRed.url);
      });
      after(() => editor?.close());
      afterEach(() => editor.cancelDialogs());

      it('opens both dialogs without an error and without an untranslated text', async () => {
        await editor.openDialog('plain');
        const texts = [await editor.page.locator('.vision-event-form').innerText()];
        await editor.page.locator('#node-input-btn-workspace-edit').click();
        await editor.trayAtRest();
        const form = editor.page.locator('[data-form="vision-event-workspace"]');
        await form.locator('summary').first().click();
        texts.push(await form.innerText());
        assert.equal(await editor.page.locator('#node-config-input-apiKey').inputValue(), '__PWRD__');
        for (const text of texts)
          assert.doesNotMatch(text, /vision-event(-workspace)?\.\w+|__\w+__|undefined/);
        assert.deepEqual(editor.pageErrors, []);
      });

      it('shows exactly the fields of each event type, and all while only the message knows it', async () => {
        await editor.openDialog('plain');
        const all = [...new Set(Object.values(FIELDS_OF_TYPE).flat())];
        const shown = async () => {
          const visible: string[] = [];
          for (const field of all) {
            if (await editor.typedInput(`node-input-${field}`).isVisible()) visible.push(field);
          }
          return visible.sort();
        };
        for (const [type, fields] of Object.entries(FIELDS_OF_TYPE)) {
          await editor.chooseOption('node-input-eventType', type);
          assert.deepEqual(await shown(), [...fields].sort(), type);
        }
        await editor.chooseType('node-input-eventType', 'msg');
        assert.deepEqual(await shown(), [...all].sort());
        assert.deepEqual(editor.pageErrors, []);
      });

      it('saves what the dialog shows, and changes nothing that was not touched', async () => {
        const { valid: _valid, ...before } = await editor.node('alert');
        await editor.openDialog('alert');
        await editor.page.locator('[data-section="metadata"] > summary').click();
        await editor.page.locator('[data-section="metadata"] .red-ui-editableList-addButton').click();
        await editor.page.keyboard.type('line');
        await editor.page.locator('.vision-event-list-row .red-ui-typedInput-input').fill('A1');
        await editor.page.locator('#node-input-minConfidence').fill('0.4');
        await editor.confirmDialog('node-dialog-ok');
        const { valid: _validNow, ...after } = await editor.node('alert');
        assert.deepEqual(after, {
          ...before,
          minConfidence: '0.4',
          metadata: [{ key: 'line', value: 'A1', valueType: 'str' }],
        });
      });

      it('has a red triangle exactly where the runtime would refuse, with the reason', async () => {
        for (const id of Object.keys(ACCEPTED)) {
          assert.deepEqual((await editor.node(id)).validationErrors, [], id);
        }
        for (const [id, [, reason]] of Object.entries(REFUSED)) {
          const { valid, validationErrors } = await editor.node(id);
          assert.equal(valid, false, id);
          assert.match(validationErrors.join('\n'), reason, id);
        }
      });

      it('says in the heading of a section what is set and wrong inside, and opens it', async () => {
        await editor.openDialog('headings');
        const section = (name: string) => editor.page.locator(`[data-section="${name}"]`);
        assert.match(await section('delivery').locator('summary').innerText(), /1 to fix/);
        assert.equal(await section('delivery').getAttribute('open'), '');
        assert.match(await section('delivery').innerText(), /number of seconds/);
        assert.match(await section('metadata').locator('summary').innerText(), /1 set/);
        assert.equal(await section('metadata').getAttribute('open'), null);
        assert.equal((await section('pictures').locator('.vision-event-state').innerText()).trim(), '');
        await editor.page.locator('#node-input-cooldown').fill('2');
        await section('delivery').locator('.vision-event-state-wrong').waitFor({ state: 'detached' });
      });

      it('can be used by keyboard, and names every field', async () => {
        await editor.openDialog('plain');
        const pictures = editor.page.locator('[data-section="pictures"]');
        await pictures.locator('summary').focus();
        await editor.page.keyboard.press('Enter');
        assert.equal(await pictures.getAttribute('open'), '');
        for (const name of ['settings', 'metadata', 'delivery']) {
          await editor.page.locator(`[data-section="${name}"] > summary`).click();
        }
        await editor.page.locator('label[for="node-input-useCase"]').click();
        await editor.page.keyboard.press('Control+A');
        await editor.page.keyboard.type('by-label');
        assert.equal(await editor.page.locator('#node-input-useCase').inputValue(), 'by-label');
        const fields = editor.page.locator('.vision-event-form :is(input, select, textarea):visible');
        const nameless = await fields.evaluateAll((elements) =>
          (elements as unknown as PageElement[])
            .filter((field) => !field.getAttribute('aria-label') && !field.labels?.length)
            .map((field) => field.outerHTML),
        );
        assert.ok((await fields.count()) > 20);
        assert.deepEqual(nameless, []);
      });

      it('fits into the narrowest dialog', async () => {
        await editor.openDialog('narrow');
        await editor.page.locator('.vision-event-section').evaluateAll((sections) => {
          for (const section of sections as unknown as { open: boolean }[]) section.open = true;
        });
        await editor.page.addStyleTag({ content: `.vision-event-form { width: ${NARROWEST_FORM_PX}px; }` });
        const edge = await editor.page.locator('.vision-event-form').boundingBox();
        assert.equal(edge?.width, NARROWEST_FORM_PX);
        const overflowing = await editor.page
          .locator('.vision-event-form *:visible')
          .evaluateAll(
            (elements, right) =>
              (elements as unknown as PageElement[])
                .filter((element) => element.getBoundingClientRect().right > right)
                .map((element) => element.outerHTML.slice(0, 200)),
            edge.x + edge.width + 1,
          );
        assert.deepEqual(overflowing, []);
      });

      it('runs no code out of names, classes, keys and labels', async () => {
        await editor.openDialog('hostile');
        for (const field of ['minConfidence', 'classes', 'format']) {
          await editor.page.locator(`#node-input-${field}`).hover();
        }
        await editor.typedInput('node-input-detections').hover();
        await editor.page.locator('[data-section="settings"] > summary').hover();
        await editor.page.locator('#node-input-imageWidth').hover();
        await editor.page.waitForTimeout(1000);
        assert.match(
          await editor.page.locator('[data-section="detections"]').innerText(),
          /path into the message/,
        );
        await editor.cancelDialogs();
        await editor.canvasNode('hostile').hover();
        const ran = await editor.page.evaluate(() => 'hostileCodeRan' in globalThis);
        assert.equal(ran, false);
        assert.deepEqual(editor.pageErrors, []);
      });
    });
  });
}

function visionEvent(id: string, properties: Properties, place: number): FlowNode {
  return {
    ...visionEventDefaults,
    workspace: 'workspace',
    useCase: 'quality-line-1',
    ...properties,
    id,
    type: 'vision-event',
    z: 'tab',
    x: 120 + 220 * (place % 3),
    y: 60 + 60 * Math.floor(place / 3),
    wires: [[]],
  };
}

/** One flow with everything the dialogs are tried on: a page is opened once, as that takes seconds. */
function flowOfDialogs(baseUrl: string, apiKey: string): FlowNode[] {
  const refused = Object.entries(REFUSED).map(([id, [properties]]) => [id, properties] as const);
  const all = [...Object.entries(DIALOGS), ...Object.entries(ACCEPTED), ...refused];
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'vision-event-workspace',
      name: 'Plant A',
      baseUrl,
      credentials: { apiKey },
    },
    ...all.map(([id, properties], place) => visionEvent(id, properties, place)),
  ];
}

async function firstEvent(simulator: Simulator): Promise<StoredEvent> {
  const deadline = Date.now() + ARRIVAL_DEADLINE_MS;
  for (;;) {
    const [event] = simulator.events();
    if (event) return event;
    if (Date.now() > deadline) throw new Error('no event arrived at the simulator');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
