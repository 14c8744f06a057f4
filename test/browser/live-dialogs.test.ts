import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../simulator/server';
import { EditorPage } from '../support/editor-page';
import { EDITOR_DEADLINE_MS, sharedBrowser, useEditor } from '../support/editor-session';
import { flowOf, injecting, type NodeSettings } from '../support/flow-of';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';

const HOSTILE = '<img src=x onerror="window.hostileCodeRan=true">';

const apiKey = `key-${Math.random().toString(36).slice(2)}`;

describe('the live parts of the dialogs, in Node-RED 4.1', function () {
  this.timeout(EDITOR_DEADLINE_MS);
  let simulator: Simulator;
  before(async () => {
    simulator = await startSimulator({
      apiKey,
      useCases: [
        { id: 'quality-line-1', name: 'Quality, line 1' },
        { id: 'dock-count', name: 'Dock count' },
        { id: 'hostile', name: HOSTILE },
      ],
    });
  });
  after(() => simulator?.close());
  const session = useEditor('4.1', () => flow(simulator.url));
  afterEach(() => session.editor.cancelDialogs());

  it('offers the use cases of the workspace, by mouse and keyboard, and creates one', async () => {
    const { editor } = session;
    await editor.openDialog('event');
    const picker = editor.page.locator('.vision-event-beside');
    await picker.locator('button').first().click();
    await picker.getByRole('option').first().waitFor();
    assert.deepEqual(
      (await picker.getByRole('option').locator('span').allInnerTexts()).sort(),
      [HOSTILE, 'Dock count', 'Quality, line 1'].sort(),
    );
    await editor.screenshot('live picker');
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
      const { editor } = session;
      await editor.openDialog(id);
      const picker = editor.page.locator('.vision-event-beside');
      await picker.locator('button').first().click();
      await picker.getByRole('option', { name: 'Dock count' }).click();
      assert.equal(await editor.page.locator('#node-input-useCase').inputValue(), 'dock-count');
      assert.match(await picker.innerText(), /Choose …\s+Use case: Dock count/);
      await editor.screenshot(`live picker ${id}`);
      if (id === 'use-case') {
        await editor.page.locator('#node-input-action').selectOption('unarchive');
        await picker.waitFor({ state: 'hidden' });
        assert.equal(await editor.page.locator('#node-input-useCase').inputValue(), 'dock-count');
      }
      assert.deepEqual(editor.pageErrors, []);
    });
  }

  it('says why the list cannot be shown, and leaves the field as it is', async () => {
    const { editor } = session;
    await editor.openDialog('write-only');
    const picker = editor.page.locator('.vision-event-beside');
    await picker.locator('button').first().click();
    await picker.getByText(/cannot be shown.*vision-events:read/).waitFor();
    await editor.typeInto('node-input-useCase', 'typed-by-hand');
    assert.equal(await editor.page.locator('#node-input-useCase').inputValue(), 'typed-by-hand');
  });

  it('suggests metadata keys, and says when the type differs from what the use case has', async () => {
    const { editor } = session;
    await sendEventWithMetadata(simulator, { shift: 2 });
    await editor.openDialog('metadata');
    await editor.page.locator('[data-section="metadata"] > summary').click();
    const note = editor.page.locator('#vision-event-metadata-types');
    await note.getByText('“shift” is text here').waitFor();
    const suggested = editor.page.locator('#vision-event-metadata-suggestions option');
    assert.ok((await suggested.count()) >= 1);
    await editor.screenshot('live metadata');
    await editor.page.locator('.vision-event-list-row .red-ui-typedInput-type-select').click();
    await editor.page.locator('.red-ui-typedInput-options:visible a[value="num"]').click();
    await note.waitFor({ state: 'hidden' });
  });

  it('shows the outbox while it works, and commands it', async () => {
    const { editor, nodeRed } = session;
    await editor.openDialog('queue');
    await editor.openWorkspace();
    await editor.page.locator('[data-section="outboxNow"] > summary').click();
    const panel = editor.page.locator('[data-section="outboxNow"]');
    await panel.getByText('nothing to do').waitFor();
    await panel.getByRole('button', { name: 'Pause' }).click();
    await panel.locator('dd', { hasText: 'paused' }).waitFor();
    await fetch(`${nodeRed.url}/inject/inject-queue`, { method: 'POST' });
    await panel.locator('dd', { hasText: /^1 \(/ }).waitFor();
    await editor.screenshot('live outbox');
    const before = simulator.events().length;
    await panel.getByRole('button', { name: 'Resume' }).click();
    await panel.locator('dd', { hasText: /^0 \(/ }).waitFor();
    assert.equal(simulator.events().length, before + 1);
  });

  it('runs no code out of names of use cases, names every field, and fits into the narrowest dialog', async () => {
    const { editor } = session;
    await editor.openDialog('event');
    await editor.page.locator('.vision-event-beside button').first().click();
    const hostile = editor.page.getByRole('option', { name: HOSTILE });
    await hostile.waitFor();
    assert.deepEqual(await editor.nameless('roboflow-vision-event'), []);
    assert.deepEqual(await editor.overflowing('roboflow-vision-event'), []);
    await hostile.click();
    await editor.page.locator('.vision-event-chosen', { hasText: HOSTILE }).waitFor();
    assert.equal(await editor.page.locator('img[src="x"]').count(), 0);
    assert.equal(await editor.page.evaluate(() => 'hostileCodeRan' in globalThis), false);
    assert.deepEqual(editor.pageErrors, []);
  });

  it('lets a user who may only read look, and refuses the rest', async function () {
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
      const editor = await EditorPage.open(await sharedBrowser(this), nodeRed.url);
      await editor.openDialog('event');
      const section = editor.page.locator('[data-section="try"]');
      await section.locator('summary').first().click();
      await section.getByText('Only users who may deploy').waitFor();
      assert.equal(await section.locator('button').first().isDisabled(), true);
      await editor.openWorkspace();
      assert.equal(await editor.page.locator('.vision-event-check button').isDisabled(), true);
      await editor.page.locator('[data-section="outboxNow"] > summary').click();
      const panel = editor.page.locator('[data-section="outboxNow"]');
      await panel.getByText('You have read-only access').waitFor();
      assert.equal(await panel.getByRole('button').count(), 0);
      await editor.screenshot('live viewer');
      assert.deepEqual(editor.pageErrors, []);
      await editor.close();
    } finally {
      await nodeRed.stop();
    }
  });
});

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

function flow(baseUrl: string): FlowNode[] {
  const nodes: Record<string, NodeSettings> = {
    event: { type: 'roboflow-vision-event', useCase: 'quality-line-1' },
    'write-only': { type: 'roboflow-vision-event', useCase: 'quality-line-1', workspace: 'no-reading' },
    metadata: {
      type: 'roboflow-vision-event',
      useCase: 'quality-line-1',
      metadata: [{ key: 'shift', value: '2', valueType: 'str' }],
    },
    queue: {
      type: 'roboflow-vision-event',
      useCase: 'quality-line-1',
      delivery: 'queue',
      detectionsType: 'none',
    },
    'inject-queue': injecting(1, 'queue'),
    query: { type: 'roboflow-vision-event-query' },
    'use-case': { type: 'roboflow-vision-event-use-case', action: 'archive' },
    bundle: { type: 'roboflow-vision-event-bundle', action: 'upload', directory: '/media/usb' },
  };
  return flowOf(nodes, {
    workspace: { baseUrl, batchLinger: 0, apiKey },
    'no-reading': { baseUrl, apiKey: `${apiKey}-write` },
  });
}
