import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startSimulator, type Simulator } from '../../../simulator/server';
import { event, post } from './client';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const HOSTILE = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'"&\u202e`;

/** A black picture of that size; its bytes are easily made, and browsers show it. */
function bitmap(width: number, height: number): Buffer {
  const rowBytes = Math.ceil((width * 3) / 4) * 4;
  const file = Buffer.alloc(54 + rowBytes * height);
  file.write('BM', 'latin1');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  return file;
}

describe('simulator: page', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let browser: Browser | undefined;
  let page: Page;
  let pageErrors: string[];

  before(async function () {
    if (!existsSync(CHROMIUM)) {
      console.log(`      skipped: no browser at ${CHROMIUM}; name one in the environment variable CHROMIUM`);
      return this.skip();
    }
    simulator = await startSimulator({
      useCases: [
        { id: 'quality-line-1', name: HOSTILE },
        { id: 'dock-count', name: 'Dock count' },
      ],
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser?.close();
    await simulator?.close();
  });
  beforeEach(async () => {
    simulator.reset();
    page = await browser!.newPage();
    pageErrors = [];
    page.on('pageerror', (error) => pageErrors.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && pageErrors.push(message.text()));
    await page.goto(simulator.url);
  });
  afterEach(async () => {
    await page?.close();
  });

  const send = async (fields: Record<string, unknown>) => {
    const answer = await post(simulator, '/vision-events', event(fields));
    assert.equal(answer.status, 201, answer.text);
  };
  const upload = async (bytes: Buffer, metadata?: object): Promise<string> => {
    const form = new FormData();
    if (metadata) form.append('metadata', JSON.stringify(metadata));
    form.append('file', new Blob([new Uint8Array(bytes)]), 'frame.bmp');
    return (await post(simulator, '/vision-events/upload', form)).body.sourceId as string;
  };
  /** Where an element lies in the frame of its picture, as shares of the frame, to the nearest twentieth. */
  const placeInFrame = async (selector: string) => {
    const frame = (await page.locator('.frame').boundingBox())!;
    const box = (await page.locator(selector).boundingBox())!;
    const round = (share: number) => Math.round(share * 20) / 20;
    return [
      round((box.x - frame.x) / frame.width),
      round((box.y - frame.y) / frame.height),
      round(box.width / frame.width),
      round(box.height / frame.height),
    ];
  };

  it('waits, then shows events as they arrive, the newest first, warnings with them', async () => {
    await page.getByText('Waiting for the first event').waitFor();
    await page.getByText('dock-count').waitFor();
    await send({ eventId: 'first' });
    await page.locator('.card', { hasText: 'first' }).waitFor();
    await send({ eventId: 'second', eventType: 'safety_alert', eventData: { severity: 'urgent' } });
    await page.locator('.card', { hasText: 'second' }).waitFor();
    assert.deepEqual(await page.locator('.card .id').allTextContents(), ['second', 'first']);
    assert.match(
      (await page.locator('.card').first().textContent())!,
      /1 warning.*eventData\.severity.*any\.only/,
    );
    assert.match((await page.locator('.card').first().textContent())!, /Not kept: eventData/);

    await send({ eventId: 'first', eventData: { result: 'fail' } });
    await page.getByText('stored 2 times').waitFor();
    assert.deepEqual(await page.locator('.card .id').allTextContents(), ['first', 'second']);

    await page.getByLabel('warnings only').check();
    assert.deepEqual(await page.locator('.card .id').allTextContents(), ['second']);
    await page.locator('summary').click();
    await page.locator('.raw pre').first().waitFor();
    assert.match(
      (await page.locator('.raw').textContent())!,
      /as stored.*"eventData": \{\}.*as received.*urgent/s,
    );
    assert.deepEqual(pageErrors, []);
  });

  it('takes hostile texts for texts, wherever they stand', async () => {
    const box = { class: HOSTILE, x: 50, y: 50, width: 20, height: 20, confidence: 0.5 };
    await send({
      eventId: HOSTILE,
      deviceId: HOSTILE,
      comment: HOSTILE,
      eventData: { externalId: HOSTILE },
      images: [
        {
          label: HOSTILE,
          sourceId: HOSTILE,
          objectDetections: [box],
          classifications: [{ class: HOSTILE, confidence: 1 }],
        },
      ],
      customMetadata: { note: HOSTILE },
    });
    await send({
      eventId: 'warned',
      eventData: { result: HOSTILE },
      customMetadata: { [HOSTILE]: HOSTILE },
      [HOSTILE]: HOSTILE,
    });
    await page.locator('.card').nth(1).waitFor();
    for (const card of await page.locator('.card').all()) {
      await card.locator('summary').click();
      await card.locator('.raw pre').first().waitFor();
    }
    await page.locator('.enlarge').click();
    await page.locator('dialog .frame').waitFor();

    assert.equal(await page.evaluate('window.pwned'), undefined);
    assert.equal(await page.locator('main script, main img[src="x"], dialog script').count(), 0);
    assert.equal(await page.locator('main [onerror]').count(), 0);
    for (const place of [
      '.id',
      '.origin',
      'blockquote',
      '.fields',
      '.label',
      '.classified',
      '.legend',
      '.raw',
    ]) {
      const texts = await page.locator(`.card ${place}`).allTextContents();
      const expected = place === '.raw' ? 'onerror=\\"window.pwned=1\\"' : HOSTILE;
      assert.ok(
        texts.some((text) => text.includes(expected)),
        `${place}: ${texts.join('|')}`,
      );
    }
    assert.ok((await page.locator('.warnings').textContent())!.includes(HOSTILE));
    assert.ok((await page.locator('#use-case').textContent())!.includes(HOSTILE));
    assert.deepEqual(pageErrors, []);
  });

  it('draws boxes, polygons and keypoints at their place on the picture', async () => {
    const sourceId = await upload(bitmap(200, 100));
    const part = { class: 'part', x: 50, y: 50, width: 20, height: 40, confidence: 0.9 };
    await send({
      images: [
        {
          sourceId,
          objectDetections: [part],
          instanceSegmentations: [
            {
              ...part,
              points: [
                [100, 20],
                [140, 20],
                [120, 60],
              ],
            },
          ],
          keypoints: [{ ...part, x: 180, width: 20, keypoints: [{ id: 0, x: 180, y: 50, occluded: true }] }],
          classifications: [{ class: 'dented', confidence: 0.87 }],
        },
      ],
    });
    await page.locator('.overlay[viewBox="0 0 200 100"]').waitFor();
    assert.equal(
      await page.locator('.frame img').evaluate((img) => (img as { naturalWidth?: number }).naturalWidth),
      200,
    );
    assert.deepEqual(await placeInFrame('rect.box:not(.keypoints)'), [0.2, 0.3, 0.1, 0.4]);
    assert.deepEqual(await placeInFrame('polygon.area'), [0.5, 0.2, 0.2, 0.4]);
    assert.deepEqual(await placeInFrame('rect.box.keypoints'), [0.85, 0.3, 0.1, 0.4]);
    assert.deepEqual((await placeInFrame('line.dot')).slice(0, 2), [0.9, 0.5]);
    assert.equal(await page.locator('.dot-hollow').count(), 1);
    assert.equal(await page.locator('.classified li').textContent(), 'dented 87%');
    assert.deepEqual(pageErrors, []);
  });

  const shown = async () => {
    const picture = page.locator('.stage .frame img');
    await picture.waitFor();
    return (await picture.getAttribute('src'))!.split('/').at(-1);
  };

  it('shows the input picture first, the output picture on demand', async () => {
    const [inputSourceId, sourceId] = [await upload(bitmap(30, 20)), await upload(bitmap(60, 40))];
    await send({ images: [{ inputSourceId, sourceId }] });
    assert.equal(await shown(), inputSourceId);
    assert.deepEqual(await page.locator('.views button').allTextContents(), ['input', 'output']);
    assert.equal(await page.locator('.sheet').count(), 0);
    await page.getByText('output').click();
    assert.equal(await shown(), sourceId);
    await page.locator('.stage .overlay[viewBox="0 0 60 40"]').waitFor();
  });

  it('shows all images of an event small, one of them large with its label and metadata', async () => {
    const box = { class: 'crate', x: 15, y: 10, width: 8, height: 6, confidence: 0.9 };
    const images = [];
    for (const camera of ['north', 'south', HOSTILE]) {
      const sourceId = await upload(bitmap(30, 20), { camera, lamp: true });
      images.push({ label: camera, sourceId, objectDetections: [box] });
    }
    await send({ images: [...images, { objectDetections: [box] }], displayImagePosition: 1 });
    assert.equal(await shown(), images[1]!.sourceId);
    await page.locator('.caption', { hasText: '2 southcamera southlamp true' }).waitFor();
    const tiles = page.locator('.sheet button');
    assert.deepEqual(await page.locator('.sheet button > span').allTextContents(), [
      '1 north',
      '2 south',
      `3 ${HOSTILE}`,
      '4',
    ]);
    assert.equal(await page.locator('.sheet rect.box').count(), 4);
    await tiles.nth(2).click();
    assert.equal(await shown(), images[2]!.sourceId);
    await page.locator('.caption', { hasText: `3 ${HOSTILE}camera ${HOSTILE}` }).waitFor();
    assert.equal(await tiles.nth(2).getAttribute('aria-pressed'), 'true');
    assert.equal(await tiles.nth(1).getAttribute('aria-pressed'), 'false');
    await tiles.nth(3).click();
    await page.locator('.stage').getByText('no picture').waitFor();
    assert.equal(await page.locator('.caption').textContent(), '4');
    assert.equal(await page.evaluate('window.pwned'), undefined);
    assert.deepEqual(pageErrors, []);
  });

  it('shows the first images of very many, and all on demand', async () => {
    const images = Array.from({ length: 1000 }, (_, n) => ({
      label: `camera ${n}`,
      classifications: [{ class: 'idle', confidence: 1 }],
    }));
    await send({ images, displayImagePosition: 999 });
    await page.locator('.caption', { hasText: '1000 camera 999' }).waitFor();
    assert.equal(await page.locator('.sheet .frame').count(), 48);
    await page.getByText('Show all 1000').click();
    assert.equal(await page.locator('.sheet .frame').count(), 1000);
    assert.deepEqual(await page.locator('.sheet [aria-pressed="true"] > span').allTextContents(), [
      '1000 camera 999',
    ]);
    assert.deepEqual(pageErrors, []);
  });

  it('draws over an empty frame that fits when there is no picture', async () => {
    const part = { class: 'part', x: 640, y: 360, width: 128, height: 72, confidence: 0.9 };
    await send({ images: [{ objectDetections: [part] }] });
    await page.locator('.overlay[viewBox="0 0 1280 720"]').waitFor();
    await page.getByText('no picture').waitFor();
    assert.deepEqual(await placeInFrame('rect.box'), [0.45, 0.45, 0.1, 0.1]);
  });

  it('says when the simulator is gone, and goes on when it is back', async () => {
    const first = await startSimulator();
    await page.goto(first.url);
    await page.getByText('live').waitFor();
    await first.close();
    await page.getByText('not reached').waitFor();
    const second = await startSimulator({ port: first.port });
    try {
      await post(second, '/vision-events', event({ eventId: 'after the restart' }));
      await page.getByText('after the restart').waitFor();
    } finally {
      await second.close();
    }
  });
});
