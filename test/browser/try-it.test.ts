import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import type { EventImage } from '../../src/event/model';
import { drawScene } from '../support/drawn-scene';
import type { EditorPage } from '../support/editor-page';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf, injecting, type NodeSettings } from '../support/flow-of';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { png } from '../unit/images/made-pictures';
import { TRIALS, type Point, type Shapes, type Trial } from '../support/trials';

const HOSTILE = '<img src=x onerror="window.hostileCodeRan=true">';

const MAPPING = {
  list: 'found',
  class: 'what',
  confidence: 'sure',
  confidenceUnit: 'percent',
  box: { convention: 'corner', units: 'pixel', fields: ['l', 't', 'w', 'h'] },
};

/** Higher than the room that a drawing gets, with a dark object where the box is. */
const PORTRAIT = { width: 300, height: 500 };
const PORTRAIT_ANSWER = {
  image: PORTRAIT,
  predictions: [
    { x: 150, y: 100, width: 100, height: 60, confidence: 0.9, class: 'lid', class_id: 0 },
    {
      ...{ x: 150, y: 250, width: 200, height: 100, confidence: 0.8, class: 'label', class_id: 1 },
      points: [
        { x: 50, y: 200 },
        { x: 250, y: 220 },
        { x: 230, y: 300 },
      ],
    },
    {
      ...{ x: 150, y: 400, width: 120, height: 160, confidence: 0.7, class: 'hand', class_id: 2 },
      keypoints: [
        { x: 100, y: 330, confidence: 0.9, class: 'thumb', class_id: 0 },
        { x: 200, y: 470, confidence: 0.9, class: 'wrist', class_id: 1 },
      ],
    },
  ],
};
const PORTRAIT_SHAPES: Shapes = {
  boxes: [
    [100, 70, 100, 60],
    [90, 320, 120, 160],
  ],
  polygons: [
    [
      [50, 200],
      [250, 220],
      [230, 300],
    ],
  ],
  keypoints: [
    [100, 330],
    [200, 470],
  ],
};

for (const version of NODE_RED_VERSIONS) {
  describe(`"Try it" in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const session = useEditor(version, () => flowOf(NODES));
    afterEach(() => session.editor.cancelDialogs());

    it('draws the boxes, polygons and keypoints of six formats where the event has them', async () => {
      const { editor } = session;
      await editor.openDialog('event');
      const section = await openTrial(editor);
      for (const trial of TRIALS) {
        const { event, detections } = await attempt(editor, trial);
        const expected = { boxes: [], polygons: [], keypoints: [], ...trial.shapes };
        assert.equal(detections?.format, trial.format, trial.name);
        assert.deepEqual(shapesOf(event.images[0] ?? {}), expected, trial.name);
        assert.deepEqual(await drawnShapes(section), expected, trial.name);
        await section.getByText(new RegExp(`^${trial.format}: `)).waitFor();
        await editor.screenshot(`try it ${trial.name} ${version}`);
      }
      assert.ok(new Set(TRIALS.map(({ format }) => format)).size >= 6);
      assert.deepEqual(editor.pageErrors, []);
    });

    it('draws over the picture of the last message, in its scale, and tells what the API would store', async () => {
      const { editor, nodeRed } = session;
      await editor.openDialog('portrait');
      const section = await openTrial(editor, 'last');
      await section.getByText('Waiting for a message').waitFor();
      await fetch(`${nodeRed.url}/inject/inject-portrait`, { method: 'POST' });
      await section.getByText(/Message of/).waitFor();
      await section.getByText('eventData.alertType').waitFor();
      assert.match(await section.locator('[data-part="stored"]').innerText(), /eventData/);
      assert.deepEqual(await drawnShapes(section), PORTRAIT_SHAPES);
      await editor.useTheme('dark');
      await editor.screenshot(`try it portrait dark ${version}`);
      await editor.useTheme('light');
      const { drawing, picture } = await placesOnScreen(section);
      assert.ok(picture.width > 100, `the picture is ${picture.width} px wide`);
      assert.ok(Math.abs(picture.width / picture.height - PORTRAIT.width / PORTRAIT.height) < 0.01);
      const label = await section.locator('svg text').first().boundingBox();
      assert.ok((label?.height ?? 0) >= 12, `a label is ${label?.height} px high`);
      for (const side of ['x', 'y', 'width', 'height'] as const) {
        assert.ok(Math.abs(drawing[side] - picture[side]) < 1, `${side}: ${drawing[side]}, ${picture[side]}`);
      }
    });

    it('shows an example of the format when no message came, and the last message when one did', async () => {
      const { editor, nodeRed } = session;
      const { page } = editor;
      await editor.openDialog('event');
      const section = page.locator('[data-section="try"]');
      await section.locator('summary').first().click();
      await section.getByText('roboflow: 2 detections').waitFor();
      assert.equal(await section.locator('#vision-event-try-source').inputValue(), 'example');
      await section.locator('#vision-event-try-run, .vision-event-frame').first().waitFor();
      await page.waitForFunction(() => {
        const { top } = document.querySelector('[data-section="try"]')!.getBoundingClientRect();
        return top >= 0 && top < innerHeight / 2;
      });
      await page.locator('#node-input-format').selectOption('doods');
      await section.getByText('doods: 1 detection').waitFor();
      await section.locator('#vision-event-try-example').selectOption('axis');
      await section.getByText('DETECTIONS_').waitFor();
      await editor.screenshot(`try it example ${version}`);
      await editor.cancelDialogs();

      await fetch(`${nodeRed.url}/inject/inject-portrait`, { method: 'POST' });
      await editor.openDialog('portrait');
      await section.locator('summary').first().click();
      await section.getByText(/Message of/).waitFor();
      assert.equal(await section.locator('#vision-event-try-source').inputValue(), 'last');
      await page.locator('#node-input-onWarnings').evaluate((field: HTMLSelectElement) => {
        field.value = 'repair';
        field.dispatchEvent(new Event('change', { bubbles: true }));
      });
      await section.getByText(/^Repaired: Alert type: "not allowed!" → "not_allowed/).waitFor();
      await editor.screenshot(`try it repaired ${version}`);
      assert.deepEqual(editor.pageErrors, []);
    });

    it('draws each picture of a list with its own detections', async () => {
      const { editor } = session;
      await editor.openDialog('several');
      const section = await openTrial(editor);
      const frame = (x: number) => ({
        label: `camera ${x}`,
        output: png(64, 48).toString('base64'),
        detections: { found: [{ what: 'lid', sure: 80, l: x, t: 10, w: 8, h: 8 }] },
      });
      const frames = Array.from({ length: 13 }, (_, n) => frame(n));
      await section.locator('textarea').fill(JSON.stringify({ frames }));
      await section.getByText('Picture 12 · camera 11').waitFor();
      assert.deepEqual(
        (await drawnShapes(section)).boxes,
        frames.slice(0, 12).map((_, n) => [n, 10, 8, 8]),
      );
      assert.equal(await section.locator('.vision-event-frame img').count(), 12);
      assert.equal(await section.getByText('and 1 more').count(), 2);
      await editor.screenshot(`try it several pictures ${version}`);
      assert.deepEqual(editor.pageErrors, []);
    });

    it('runs an own mapping anew while it is typed', async () => {
      const { editor } = session;
      await editor.openDialog('custom');
      const section = await openTrial(editor);
      const payload = { found: [{ what: 'lid', sure: 80, l: 10, t: 20, w: 30, h: 40 }] };
      await section.locator('textarea').fill(JSON.stringify(payload));
      await section.getByText('DETECTIONS_').waitFor();
      await editor.typeInto('node-input-mapping', JSON.stringify(MAPPING));
      await section.locator('td', { hasText: 'lid' }).waitFor();
      assert.deepEqual((await drawnShapes(section)).boxes, [[10, 20, 30, 40]]);
      assert.match(await section.locator('[data-part="rows"]').innerText(), /80%/);
    });

    it('runs no code out of class names, fields of a payload and errors', async () => {
      const { editor } = session;
      await editor.openDialog('event');
      const section = await openTrial(editor);
      const prediction = {
        x: 50,
        y: 50,
        width: 20,
        height: 20,
        confidence: 0.9,
        class: HOSTILE,
        class_id: 0,
      };
      await attempt(editor, {
        payload: { image: { width: 640, height: 480 }, predictions: [prediction] },
      });
      assert.equal(await section.locator('text').textContent(), `${HOSTILE} 90%`);
      await section.locator('[data-part="event"] > summary').click();
      await attempt(editor, { payload: { [HOSTILE]: HOSTILE } });
      await section.locator('.vision-event-error').waitFor();
      assert.equal(await editor.page.locator('img[src="x"]').count(), 0);
      assert.equal(await editor.page.evaluate(() => 'hostileCodeRan' in globalThis), false);
      assert.deepEqual(editor.pageErrors, []);
    });

    it('names every field, and fits into the narrowest dialog with its results', async () => {
      const { editor } = session;
      await editor.openDialog('event');
      await openTrial(editor);
      await attempt(editor, { payload: PORTRAIT_ANSWER });
      assert.deepEqual(await editor.nameless('roboflow-vision-event'), []);
      assert.deepEqual(await editor.overflowing('roboflow-vision-event'), []);
    });
  });
}

/** Opens the section for trials and chooses what to try it with. */
async function openTrial(editor: EditorPage, source: 'last' | 'pasted' = 'pasted'): Promise<Locator> {
  const section = editor.page.locator('[data-section="try"]');
  await section.locator('summary').first().click();
  await section.locator('#vision-event-try-source').selectOption(source);
  return section;
}

interface TrialAnswer {
  detections?: { format: string };
  event: { images: EventImage[] };
}

/** Sets what the trial needs, pastes its payload, and answers what the runtime made of it, once the page shows that. */
async function attempt(
  editor: EditorPage,
  { payload, properties = {} }: Pick<Trial, 'payload' | 'properties'>,
): Promise<TrialAnswer> {
  const { page } = editor;
  for (const [property, value] of Object.entries({ ...UNSET, ...properties })) {
    await page.locator(`#node-input-${property}`).evaluate((field, text) => {
      (field as HTMLInputElement | HTMLSelectElement).value = text;
    }, value);
  }
  const results = page.locator('.vision-event-try-results > *');
  await results.evaluateAll((shown) => shown.forEach((element) => element.remove()));
  const answered = page.waitForResponse(
    (response) =>
      response.url().endsWith('/vision-events/try') &&
      response.request().postData()?.includes(JSON.stringify(payload)) === true,
  );
  await page.locator('#vision-event-try-payload').fill(JSON.stringify(payload));
  const answer = (await (await answered).json()) as TrialAnswer;
  await results.first().waitFor();
  return answer;
}

const UNSET = { imageWidth: '', imageHeight: '', units: 'auto' };

/** What an event says that must be drawn; a pose is drawn as its box and its points. */
function shapesOf({ objectDetections = [], instanceSegmentations = [], keypoints = [] }: EventImage): Shapes {
  return {
    boxes: [...objectDetections, ...keypoints].map(({ x, y, width, height }) => [
      x - width / 2,
      y - height / 2,
      width,
      height,
    ]),
    polygons: instanceSegmentations.map(({ points }) => points.map(([x, y]): Point => [x, y])),
    keypoints: keypoints.flatMap((pose) => pose.keypoints.map(({ x, y }): Point => [x, y])),
  };
}

/** What is drawn, in the coordinates of the drawing. */
async function drawnShapes(section: Locator): Promise<Shapes> {
  const polygons = await section
    .locator('svg polygon')
    .evaluateAll((drawn: SVGPolygonElement[]) =>
      drawn.map(({ points }) => [...points].map(({ x, y }) => [x, y])),
    );
  return {
    boxes: (await attributesOf(section.locator('svg rect'), [
      'x',
      'y',
      'width',
      'height',
    ])) as Shapes['boxes'],
    polygons: polygons as Shapes['polygons'],
    keypoints: (await attributesOf(section.locator('svg .vision-event-dot'), ['x1', 'y1'])) as Point[],
  };
}

async function attributesOf(drawn: Locator, names: string[]): Promise<number[][]> {
  return drawn.evaluateAll(
    (elements, names) => elements.map((element) => names.map((name) => Number(element.getAttribute(name)))),
    names,
  );
}

interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where on the screen the drawing puts the pixels of the picture, and where the picture itself is. */
async function placesOnScreen(section: Locator): Promise<{ drawing: Place; picture: Place }> {
  return section.locator('.vision-event-frame').evaluate((frame) => {
    const svg = frame.querySelector('svg') as SVGSVGElement;
    const { width, height } = svg.viewBox.baseVal;
    const toScreen = svg.getScreenCTM() as DOMMatrix;
    const start = new DOMPoint(0, 0).matrixTransform(toScreen);
    const end = new DOMPoint(width, height).matrixTransform(toScreen);
    const picture = (frame.querySelector('img') as HTMLImageElement).getBoundingClientRect();
    return {
      drawing: { x: start.x, y: start.y, width: end.x - start.x, height: end.y - start.y },
      picture: { x: picture.x, y: picture.y, width: picture.width, height: picture.height },
    };
  });
}

const NODES: Record<string, NodeSettings> = {
  event: { type: 'roboflow-vision-event', useCase: 'quality-line-1' },
  custom: { type: 'roboflow-vision-event', useCase: 'quality-line-1', format: 'custom' },
  several: {
    type: 'roboflow-vision-event',
    useCase: 'quality-line-1',
    detectionsType: 'none',
    format: 'custom',
    mapping: JSON.stringify(MAPPING),
    pictures: 'payload.frames',
    picturesType: 'msg',
  },
  portrait: {
    type: 'roboflow-vision-event',
    useCase: 'quality-line-1',
    delivery: 'build',
    eventType: 'safety_alert',
    alertType: 'not allowed!',
    inputImage: 'picture',
    inputImageType: 'msg',
  },
  'inject-portrait': injecting(PORTRAIT_ANSWER, 'portrait', [{ p: 'picture', v: picture(), vt: 'str' }]),
};

function picture(): string {
  const [lid] = PORTRAIT_ANSWER.predictions;
  return drawScene(PORTRAIT.width, PORTRAIT.height, lid ? [lid] : []).toString('base64');
}
