import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { EventImage } from '../../src/event/types';
import { startSimulator, type Simulator } from '../../simulator/server';
import { answeringFlow } from '../support/answering-flow';
import { drawScene } from '../support/drawn-scene';
import type { RealNodeRed } from '../support/real-node-red';
import { sharedNodeRed } from '../support/shared-node-red';

const SLOW_MS = 180_000;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

const CAMERAS = [
  { name: 'north gate', width: 640, height: 360 },
  { name: 'south gate', width: 480, height: 480 },
  { name: 'dock', width: 640, height: 480 },
  { name: 'yard', width: 360, height: 480 },
];
const SHOTS = 3;

/** What one camera saw in one shot: crates in a row, one more in each shot. */
function shotOf({ name, width, height }: (typeof CAMERAS)[number], shot: number) {
  const objects = Array.from({ length: shot + 1 }, (_, n) => ({
    x: 70 + n * 110,
    y: Math.round(height / 2) - 40 * n,
    width: 80,
    height: 60,
  }));
  const predictions = objects.map((box, class_id) => ({ ...box, confidence: 0.9, class: 'crate', class_id }));
  return {
    input: drawScene(width, height, objects).toString('base64'),
    label: `${name}, shot ${shot + 1}`,
    detections: { image: { width, height }, predictions },
    metadata: { camera: name, shot: shot + 1 },
  };
}

/** The cameras' pictures come as Buffers, as most nodes give them. */
const FILM = `
  msg.pictures = ${JSON.stringify(CAMERAS.flatMap((camera) => [0, 1, 2].map((shot) => shotOf(camera, shot))))};
  for (const picture of msg.pictures) picture.input = Buffer.from(picture.input, 'base64');
  return msg;`;

describe('an event of four cameras in a real Node-RED', function () {
  this.timeout(SLOW_MS);
  let simulator: Simulator;
  let nodeRed: RealNodeRed;

  before(async () => {
    simulator = await startSimulator();
    nodeRed = await sharedNodeRed('4.1');
    const event = {
      detectionsType: 'none',
      eventType: 'inventory_count',
      itemCountType: 'count',
      itemType: 'crate',
      pictures: 'pictures',
      picturesType: 'msg',
      pictureMetadata: [{ key: 'site', value: 'Kiel', valueType: 'str' as const }],
    };
    await nodeRed.deploy(
      answeringFlow(simulator.url, simulator.keys.full, [{ url: '/film', event, prepare: FILM }]),
    );
  });
  after(async () => {
    await simulator?.close();
  });

  it('has all twelve pictures with their labels, detections and metadata, and is found by them', async () => {
    const answer = await fetch(`${nodeRed.url}/film`, { method: 'POST' });
    assert.equal(answer.status, 201);
    const { event } = simulator.events()[0]!;
    assert.deepEqual(event['eventData'], { itemCount: CAMERAS.length * (1 + 2 + 3), itemType: 'crate' });
    const images = event['images'] as EventImage[];
    const expected = CAMERAS.flatMap((camera) => Array.from({ length: SHOTS }, (_, n) => shotOf(camera, n)));
    assert.equal(images.length, 12);
    for (const [position, { label, detections, metadata }] of expected.entries()) {
      const image = images[position]!;
      assert.equal(image.label, label);
      assert.deepEqual(
        image.objectDetections,
        detections.predictions.map(({ class_id: _number, ...box }) => box),
      );
      const facts = (await (
        await fetch(`${simulator.url}/_simulator/pictures/${image.inputSourceId}`)
      ).json()) as { metadata: object };
      assert.deepEqual(facts.metadata, { ...metadata, site: 'Kiel' });
    }
    assert.equal(await found({ imageCount: { operator: 'eq', value: 12 } }), 1);
    assert.equal(await found({ imageCount: { operator: 'gt', value: 12 } }), 0);
    const camera = (value: string) => ({
      imageMetadataFilters: [{ field: 'camera', operator: 'eq', value }],
    });
    assert.equal(await found(camera('dock')), 1);
    assert.equal(await found(camera('roof')), 0);
  });

  it('is shown by the simulator: all pictures small, each large on demand, its boxes where the crates are', async function () {
    if (!existsSync(CHROMIUM)) {
      console.log(`      skipped: no browser at ${CHROMIUM}; name one in the environment variable CHROMIUM`);
      return this.skip();
    }
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage({ viewport: { width: 1100, height: 1000 } });
      await page.goto(simulator.url);
      const tiles = page.locator('.sheet button');
      await tiles.nth(11).waitFor();
      await page
        .locator('.caption', { hasText: '1 north gate, shot 1camera north gateshot 1site Kiel' })
        .waitFor();
      assert.equal(await page.locator('.sheet rect.box').count(), 24);
      await tiles.nth(11).click();
      await page.locator('.caption', { hasText: '12 yard, shot 3camera yardshot 3site Kiel' }).waitFor();
      await page.locator('.stage .overlay[viewBox="0 0 360 480"]').waitFor();
      assert.equal(await page.locator('.stage rect.box').count(), 3);
      const folder = process.env.SCREENSHOTS;
      if (folder) await page.screenshot({ path: path.join(folder, 'four-cameras.png') });
    } finally {
      await browser.close();
    }
  });

  async function found(filters: object): Promise<number> {
    const answer = await fetch(`${simulator.url}/vision-events/query`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${simulator.keys.full}` },
      body: JSON.stringify({ useCaseId: 'quality-line-1', ...filters }),
    });
    return ((await answer.json()) as { events: unknown[] }).events.length;
  }
});
