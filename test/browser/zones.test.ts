import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import type { SceneZoneRow } from '../../nodes/shared/properties';
import { drawScene } from '../support/drawn-scene';
import type { EditorPage } from '../support/editor-page';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf, type NodeSettings } from '../support/flow-of';
import { until } from '../support/until';

const TYPE = 'roboflow-vision-event-scene';
const PICTURE = drawScene(640, 360, [{ x: 320, y: 290, width: 220, height: 80 }]).toString('base64');

/** A camera: somebody goes from left to right, ten frames a second. */
const CAMERA = `
const n = (context.get('n') || 0) + 1;
context.set('n', n);
msg.picture = Buffer.from('${PICTURE}', 'base64');
msg.payload = {
  image: { width: 640, height: 360 },
  predictions: [{ x: 60 + (n * 8) % 520, y: 200, width: 60, height: 160, confidence: 0.9, class: 'person', class_id: 0 }],
};
return msg;`;

const NODES: Record<string, NodeSettings> = {
  mouse: { type: TYPE },
  keyboard: { type: TYPE },
  'by keyboard': { type: TYPE },
  line: {
    type: TYPE,
    zones: [
      {
        name: 'gate',
        kind: 'line',
        points: [
          [0.2, 0.5],
          [0.8, 0.5],
        ],
        classes: '',
      },
    ],
  },
  live: {
    type: TYPE,
    moments: ['appeared', 'crossed'],
    zones: [
      {
        name: 'press',
        kind: 'area',
        points: [
          [0.35, 0.55],
          [0.65, 0.55],
          [0.7, 0.92],
          [0.3, 0.92],
        ],
        classes: 'person',
      },
      {
        name: 'gate',
        kind: 'line',
        points: [
          [0.8, 0.1],
          [0.8, 0.9],
        ],
        classes: '',
      },
    ],
  },
  camera: { type: 'function', func: CAMERA, outputs: 1, libs: [], wires: [['live']] },
  start: { type: 'inject', repeat: '0.1', once: true, onceDelay: 0.1, props: [], wires: [['camera']] },
};

describe('the dialog of a scene in Node-RED 4.1', function () {
  this.timeout(EDITOR_DEADLINE_MS);
  const session = useEditor('4.1', () => flowOf({ scene: { type: TYPE } }));
  afterEach(() => session.editor.cancelDialogs());

  it('counts no setting as set before somebody sets it', async () => {
    const { editor } = session;
    await editor.openDialog('scene');
    const moments = editor.page.locator('[data-section="moments"]');
    const set = editor.form(TYPE).locator('.vision-event-state-set');
    assert.deepEqual(await set.allInnerTexts(), []);
    await moments.getByLabel('left').check();
    await moments.locator('> summary', { hasText: '1 set' }).waitFor();
    await moments.getByLabel('left').uncheck();
    await set.waitFor({ state: 'detached' });
  });

  it('proposes where the picture is', async () => {
    const { editor } = session;
    await editor.openDialog('scene');
    await editor.page.locator('[data-section="detections"] > summary').click();
    await editor.chooseType('node-input-image', 'msg');
    assert.equal(await editor.page.locator('#node-input-image').inputValue(), 'image');
  });
});

describe('zones in the dialog of a scene in Node-RED 4.1', function () {
  this.timeout(EDITOR_DEADLINE_MS);
  const session = useEditor('4.1', () => flowOf(NODES));
  afterEach(() => session.editor.cancelDialogs());

  it('are drawn, moved, and their points dragged by mouse', async () => {
    const { editor } = session;
    const { section, at } = await openZones(editor, 'mouse');
    await section.getByRole('button', { name: 'Add an area' }).click();
    for (const corner of [
      [0.2, 0.2],
      [0.6, 0.2],
      [0.6, 0.6],
    ] as const)
      await editor.page.mouse.click(...at(corner));
    await editor.page.mouse.click(...at([0.2, 0.2]));
    assert.deepEqual(await zonesOf(section), ['area']);
    await dragOver(editor, at([0.6, 0.6]), at([0.7, 0.8]));
    await section.locator('.vision-event-zone-row input').first().fill('press');
    await editor.confirmDialog('node-dialog');
    const [zone] = await savedZones(editor, 'mouse');
    assert.deepEqual([zone!.name, zone!.kind, zone!.points.length], ['press', 'area', 3]);
    assertNear(zone!.points[2]!, [0.7, 0.8]);
  });

  it('are drawn, changed, undone and deleted by keyboard alone', async () => {
    const { editor } = session;
    const { section } = await openZones(editor, 'keyboard');
    const { keyboard } = editor.page;
    const press = async (...keys: string[]) => {
      for (const key of keys) await keyboard.press(key);
    };
    await section.getByRole('button', { name: 'Add an area' }).focus();
    await press('Enter', 'Space', 'Shift+ArrowRight', 'Space', 'Shift+ArrowDown', 'Space', 'Enter');
    assert.deepEqual(await zonesOf(section), ['area']);
    await press('Space', 'Shift+ArrowRight', 'Insert', 'Control+z', 'Insert', 'Delete');
    await section.getByRole('button', { name: 'Add a line' }).focus();
    await press('Enter', 'Space', 'Shift+ArrowUp', 'Space', 'Enter');
    assert.deepEqual(await zonesOf(section), ['area', 'line']);
    await press('Delete');
    assert.deepEqual(await zonesOf(section), ['area']);
    await press('Control+z');
    assert.deepEqual(await zonesOf(section), ['area', 'line']);
    await editor.confirmDialog('node-dialog');
    const [area, line] = await savedZones(editor, 'keyboard');
    assert.deepEqual(area!.points, [
      [0.5, 0.5],
      [0.6, 0.5],
      [0.55, 0.55],
    ]);
    assert.deepEqual(line!.points, [
      [0.5, 0.5],
      [0.5, 0.45],
    ]);
  });

  it('are named, given classes, and named back, by keyboard from the first key to the last', async () => {
    const { editor } = session;
    const { keyboard } = editor.page;
    const press = async (...keys: string[]) => {
      for (const key of keys) await keyboard.press(key);
    };
    const zones = '[data-section="zones"]';
    const field = (label: string) => `${zones} .vision-event-zone-row input[aria-label="${label}"]`;
    const canvas = `svg.vision-event-zones`;
    await editor.openDialog('by keyboard');
    await editor.tabTo(`${zones} > summary`);
    await press('Enter');
    await editor.tabTo(`${zones} .vision-event-toolbar button`);
    await press('Enter', 'Space', 'Shift+ArrowRight', 'Space', 'Shift+ArrowDown', 'Space');
    assert.match((await editor.page.locator(canvas).getAttribute('aria-label'))!, /points so far 3$/);
    await press('Control+z', 'Shift+ArrowRight', 'Space', 'Enter');
    await editor.tabTo(field('Name'));
    await press('Control+a');
    await keyboard.type('press');
    await press('Tab');
    assert.ok(
      await editor.page.evaluate((wanted) => document.activeElement!.matches(wanted), field('All classes')),
    );
    await keyboard.type('person, forklift');
    await press('Shift+Tab', 'Shift+Tab');
    assert.ok(await editor.page.evaluate((wanted) => document.activeElement!.matches(wanted), canvas));
    const state = async () => editor.page.locator(canvas).getAttribute('aria-label');
    assert.match((await state())!, /Point 1 of 3 of press$/);
    await press('Control+z', 'Control+z');
    assert.doesNotMatch((await state())!, /press/);
    await editor.tabTo(field('Name'));
    await press('Control+a');
    await keyboard.type('gate');
    await press('Tab');
    await keyboard.type('person');
    await press('Control+Enter');
    await editor.form(TYPE).waitFor({ state: 'detached' });
    await editor.dialogsAtRest();
    const [zone, ...others] = await savedZones(editor, 'by keyboard');
    assert.deepEqual(others, []);
    assert.deepEqual(zone, {
      name: 'gate',
      kind: 'area',
      classes: 'person',
      points: [
        [0.5, 0.5],
        [0.55, 0.5],
        [0.6, 0.55],
      ],
    });
  });

  it('show the direction of a line by an arrow, and turn it', async () => {
    const { editor } = session;
    const { section } = await openZones(editor, 'line');
    const tip = async () => {
      const points = await section.locator('.vision-event-arrow').getAttribute('points');
      return points!.split(' ').map((point) => Number(point.split(',')[1]))[1]!;
    };
    const [start] = await tip1(section);
    assert.ok((await tip()) > start!, 'from left to right, its right is below');
    await section.locator('.vision-event-zone-row input').first().focus();
    await section.getByRole('button', { name: 'Turn direction' }).click();
    assert.ok((await tip()) < start!);
  });

  it('say that a line alone is counted only every so many seconds', async () => {
    const { editor } = session;
    await editor.openDialog('line');
    const form = editor.form(TYPE);
    const said = form.getByText('A line is counted every so many seconds');
    assert.equal(await said.count(), 0);
    await form.getByLabel('count changed').check();
    await said.waitFor();
    await form.locator('#node-input-countEvery').fill('60');
    await said.waitFor({ state: 'detached' });
  });

  it('ask for the seconds of a kind of moment while that is chosen, or where they were set', async () => {
    const { editor } = session;
    await editor.openDialog('line');
    const form = editor.form(TYPE);
    const moment = (kind: string) => form.getByLabel(kind, { exact: true });
    const seconds = ['stayAfter', 'countStable', 'countEvery'];
    for (const kind of ['stayed', 'count changed']) await moment(kind).uncheck();
    assert.deepEqual(await editor.shownFields(seconds), []);
    await moment('stayed').check();
    assert.deepEqual(await editor.shownFields(seconds), ['stayAfter']);
    await moment('count changed').check();
    assert.deepEqual(await editor.shownFields(seconds), seconds);
    await form.locator('#node-input-stayAfter').fill('4');
    for (const kind of ['stayed', 'count changed']) await moment(kind).uncheck();
    assert.deepEqual(await editor.shownFields(seconds), ['stayAfter'], 'it is set, so it shows');
    await form.locator('#node-input-stayAfter').fill('10');
    await moment('left').check();
    assert.deepEqual(await editor.shownFields(seconds), []);
    assert.deepEqual(editor.pageErrors, []);
  });

  it('show the last picture and the tracks, and a replay tells what the settings of the dialog would make', async () => {
    const { editor } = session;
    const { section } = await openZones(editor, 'live');
    await section.locator('img:not([hidden])').waitFor();
    await section.locator('.vision-event-tracks polyline').first().waitFor({ state: 'attached' });
    const replay = editor.form(TYPE).locator('[data-section="replay"]');
    await replay.locator('summary').click();
    await replay.getByText('crossed').first().waitFor();
    await replay.getByText('press').first().waitFor();
    for (const theme of ['light', 'dark'] as const) {
      await editor.useTheme(theme);
      await section.scrollIntoViewIfNeeded();
      await editor.screenshot(`zones ${theme}`);
    }
    await editor.useTheme('light');
    await editor.form(TYPE).getByLabel('crossed').uncheck();
    await until(
      async () => (await replay.getByText('crossed').count()) === 0,
      'the replay to follow the dialog',
    );
    await editor.form(TYPE).locator('[data-section="detections"] > summary').click();
    await editor.form(TYPE).locator('#node-input-format').selectOption('frigate');
    await replay
      .getByText(/^Frames that could not be read: \d+\. The payload does not fit "Format"/)
      .waitFor();
    assert.deepEqual(editor.pageErrors, []);
  });
});

async function openZones(editor: EditorPage, id: string) {
  await editor.openDialog(id);
  const section = editor.form(TYPE).locator('[data-section="zones"]');
  await section.locator('> summary').click();
  const canvas = section.locator('svg.vision-event-zones');
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  const at = ([x, y]: readonly [number, number]): [number, number] => [
    box.x + x * box.width,
    box.y + y * box.height,
  ];
  return { section, at };
}

async function tip1(section: Locator): Promise<number[]> {
  const points = await section.locator('.vision-event-zone-line').getAttribute('points');
  return points!.split(' ').map((point) => Number(point.split(',')[1]));
}

function zonesOf(section: Locator): Promise<(string | null)[]> {
  return section.locator('.vision-event-zone-kind').allTextContents();
}

async function dragOver(editor: EditorPage, from: [number, number], to: [number, number]): Promise<void> {
  const { mouse } = editor.page;
  await mouse.move(...from);
  await mouse.down();
  await mouse.move(...to, { steps: 4 });
  await mouse.up();
}

async function savedZones(editor: EditorPage, id: string): Promise<SceneZoneRow[]> {
  return (await editor.node(id))['zones'] as SceneZoneRow[];
}

function assertNear(point: readonly number[], wanted: readonly number[]): void {
  point.forEach((part, axis) =>
    assert.ok(Math.abs(part - wanted[axis]!) < 0.02, `${point.join()} is not ${wanted.join()}`),
  );
}
