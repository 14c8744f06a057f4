import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { visionEventDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { displaySize } from '../../src/images/formats';
import { loadPicture } from '../../src/images/picture';
import { decode } from '../../src/images/work/codec';
import { helper, TestFlow } from '../support/node-red-helper';
import { at, busy, difference, jpegOf, painted } from '../unit/images/work/painted';
import { webp } from '../unit/images/made-pictures';

interface Image {
  sourceId?: string;
  inputSourceId?: string;
  objectDetections?: { class: string; x: number; y: number; width: number; height: number }[];
}

const PERSON = { class: 'person', x: 80, y: 60, width: 64, height: 48, confidence: 0.2 };
const PART = { class: 'part', x: 240, y: 180, width: 64, height: 48, confidence: 0.9 };
const found = (...predictions: object[]) => ({ image: { width: 320, height: 240 }, predictions });

const segmentOf = (marker: number, body: Buffer) =>
  Buffer.concat([Buffer.from([0xff, marker, 0, body.length + 2]), body]);

describe('what is done to the pictures of an event', function () {
  let simulator: Simulator;
  let outboxDir: string;
  let photo: Buffer;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
    photo = await jpegOf(painted(320, 240, busy), 95, 1);
  });
  beforeEach(() => {
    simulator.reset();
    outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-changed-'));
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(outboxDir, { recursive: true, force: true });
  });
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (event: Partial<typeof visionEventDefaults>, workspace: object = {}) =>
    TestFlow.load(
      { delivery: 'send', inputImage: 'frame', inputImageType: 'msg', eventType: 'custom', ...event },
      { baseUrl: simulator.url, apiKey: simulator.keys.full, outboxDir, batchLinger: 20, ...workspace },
    );
  const image = () => (simulator.events()[0]!.event as unknown as { images?: Image[] }).images?.[0] ?? {};
  const fetched = async (sourceId: unknown) => {
    const response = await fetch(`${simulator.url}/_simulator/images/${String(sourceId)}`);
    return Buffer.from(await response.arrayBuffer());
  };
  const pixelsOf = async (bytes: Buffer) => {
    const { mediaType } = await loadPicture(bytes, { from: 'value' });
    return decode(bytes, mediaType);
  };
  /** Neighbours of a busy picture differ; those of a hidden part do not. */
  const isHidden = async (bytes: Buffer, x: number, y: number) => {
    const pixels = await pixelsOf(bytes);
    const steps = [-6, -4, -2, 0, 2, 4].map((step) =>
      difference(at(pixels, x + step, y), at(pixels, x + step + 1, y)),
    );
    return steps.filter((step) => step > 24).length <= 1;
  };

  it('reduces a picture, and its boxes follow', async () => {
    const flow = await load({ pictureMaxSide: '160' });
    await flow.send({ frame: photo, payload: found(PART) });
    const bytes = await fetched(image().inputSourceId);
    assert.deepEqual(displaySize(await loadPicture(bytes, { from: 'value' })), { width: 160, height: 120 });
    assert.equal(bytes.includes('Exif'), false);
    const [box] = image().objectDetections!;
    assert.deepEqual([box!.x, box!.y, box!.width, box!.height], [120, 90, 32, 24]);
  });

  it('leaves a picture of fewer kilobytes as large as it is, without its EXIF', async () => {
    const flow = await load({ pictureMaxSide: '160', pictureOver: '1000' });
    await flow.send({ frame: photo, payload: found(PART) });
    const bytes = await fetched(image().inputSourceId);
    assert.deepEqual(bytes, await jpegOf(painted(320, 240, busy), 95));
    assert.equal(image().objectDetections![0]!.x, 240);
  });

  it('hides a class also where the minimum confidence takes its detections away', async () => {
    const flow = await load({ hideClasses: 'Person', minConfidence: '0.5' });
    await flow.send({ frame: photo, payload: found(PERSON, PART) });
    const bytes = await fetched(image().inputSourceId);
    assert.deepEqual(
      image().objectDetections!.map((one) => one.class),
      ['part'],
    );
    assert.equal(await isHidden(bytes, 80, 60), true);
    assert.equal(await isHidden(bytes, 240, 180), false);
  });

  it('hides in both pictures, in each by its own size', async () => {
    const large = await jpegOf(painted(640, 480, busy));
    const flow = await load({ hideClasses: 'person', outputImage: 'annotated', outputImageType: 'msg' });
    await flow.send({ frame: photo, annotated: large, payload: found(PERSON) });
    assert.equal(await isHidden(await fetched(image().inputSourceId), 80, 60), true);
    assert.equal(await isHidden(await fetched(image().sourceId), 160, 120), true);
    assert.equal(await isHidden(await fetched(image().sourceId), 480, 360), false);
  });

  it('hides everything but some classes, and everything where none of them is sure enough', async () => {
    const flow = await load({ hideExcept: 'part', minConfidence: '0.5' });
    await flow.send({ frame: photo, payload: found(PERSON, PART) });
    const bytes = await fetched(image().inputSourceId);
    assert.equal(await isHidden(bytes, 240, 180), false);
    assert.equal(await isHidden(bytes, 80, 60), true);
    assert.equal(await isHidden(bytes, 80, 180), true);
    simulator.reset();
    await flow.send({ frame: photo, payload: found({ ...PART, confidence: 0.3 }) });
    assert.equal(await isHidden(await fetched(image().inputSourceId), 240, 180), true);
  });

  it('hides in an output picture of another size also when the detections name none', async () => {
    const large = await jpegOf(painted(640, 480, busy));
    const flow = await load({
      ...{ hideClasses: 'person', outputImage: 'annotated', outputImageType: 'msg' },
      format: 'roboflow',
    });
    await flow.send({ frame: photo, annotated: large, payload: { predictions: [PERSON] } });
    assert.equal(await isHidden(await fetched(image().sourceId), 160, 120), true);
    assert.equal(await isHidden(await fetched(image().sourceId), 80, 60), false);
    assert.equal(await isHidden(await fetched(image().inputSourceId), 80, 60), true);
  });

  it('sends no output picture when the input picture failed, in which the detections count', async () => {
    const large = await jpegOf(painted(640, 480, busy));
    const flow = await load({
      ...{ hideClasses: 'person', outputImage: 'annotated', outputImageType: 'msg' },
      ...{ whenImageFails: 'send-without', format: 'roboflow' },
    });
    const { out } = await flow.send({
      frame: photo.subarray(0, -100),
      annotated: large,
      payload: { predictions: [PERSON] },
    });
    assert.deepEqual(
      out!.visionEvent!.imagesLeftOut!.map(({ role }) => role),
      ['input', 'output'],
    );
    assert.equal(simulator.requests.count('POST', '/vision-events/upload'), 0);
  });

  it('hides a class that is not among those of the event', async () => {
    const flow = await load({ hideClasses: 'person', classes: 'part' });
    await flow.send({ frame: photo, payload: found(PERSON, PART) });
    assert.equal(image().objectDetections!.length, 1);
    assert.equal(await isHidden(await fetched(image().inputSourceId), 80, 60), true);
  });

  it('hides as far around a box as the margin says, also at the edge of the picture', async () => {
    const flow = await load({ hideClasses: 'person', hideMargin: '50' });
    await flow.send({ frame: photo, payload: found({ ...PERSON, x: 10, y: 10 }) });
    const bytes = await fetched(image().inputSourceId);
    assert.equal(await isHidden(bytes, 8, 8), true);
    assert.equal(await isHidden(bytes, 60, 50), true, 'the box ends at 42, 34; its margin is 32');
    assert.equal(await isHidden(bytes, 100, 100), false);
  });

  it('hides the polygon of a segmentation, not the rest of its box', async () => {
    const points = [
      { x: 40, y: 40 },
      { x: 240, y: 40 },
      { x: 40, y: 200 },
    ];
    const flow = await load({ hideClasses: 'person' });
    const box = { x: 140, y: 120, width: 200, height: 160 };
    await flow.send({ frame: photo, payload: found({ ...box, class: 'person', confidence: 0.9, points }) });
    const bytes = await fetched(image().inputSourceId);
    assert.equal(await isHidden(bytes, 80, 80), true);
    assert.equal(await isHidden(bytes, 220, 180), false);
  });

  it('hides all of an oriented box', async () => {
    const corners = { x1: 160, y1: 20, x2: 240, y2: 100, x3: 160, y3: 180, x4: 80, y4: 100 };
    const flow = await load({ hideClasses: 'person', imageWidth: '320', imageHeight: '240' });
    const payload = [{ name: 'person', class: 0, confidence: 0.9, box: corners }];
    await flow.send({ frame: photo, payload });
    const bytes = await fetched(image().inputSourceId);
    for (const [x, y] of [
      [160, 30],
      [228, 100],
      [160, 170],
      [92, 100],
    ])
      assert.equal(await isHidden(bytes, x!, y!), true, `${x}, ${y}`);
  });

  it('sends none of the EXIF: neither place nor thumbnail, hidden or not', async () => {
    const exif = segmentOf(0xe1, Buffer.from('Exif\0\0 GPSLatitude thumbnail'));
    const multi = segmentOf(0xe2, Buffer.from('MPF\0 second picture'));
    const frame = Buffer.concat([photo.subarray(0, 2), exif, multi, photo.subarray(2), photo]);
    const flow = await load({ hideClasses: 'person' });
    for (const payload of [found(PERSON), found(PART), found()]) {
      simulator.reset();
      await flow.send({ frame, payload });
      const bytes = await fetched(image().inputSourceId);
      for (const text of ['Exif', 'GPSLatitude', 'thumbnail', 'MPF'])
        assert.equal(bytes.includes(text), false, text);
      assert.equal(bytes.indexOf(Buffer.from([0xff, 0xd8]), 2), -1, 'a second picture');
    }
  });

  it('sends of a list only the pictures in which somebody looked', async () => {
    const flow = await load({
      ...{ hideClasses: 'person', pictures: 'frames', picturesType: 'msg', inputImageType: 'none' },
      whenImageFails: 'send-without',
    });
    const frames = [{ input: photo, detections: found(PERSON) }, { input: photo }];
    const { out } = await flow.send({ frames });
    assert.equal(simulator.requests.count('POST', '/vision-events/upload'), 1);
    assert.match(out!.visionEvent!.imagesLeftOut![0]!.message, /Set "Detections"/);
    assert.equal(await isHidden(await fetched(image().inputSourceId), 80, 60), true);
  });

  it('stores only what is hidden', async () => {
    const flow = await load({ hideClasses: 'person', delivery: 'queue' }, { baseUrl: 'http://127.0.0.1:9' });
    await flow.send({ frame: photo, payload: found(PERSON) });
    const files = readdirSync(outboxDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name)));
    const pictures = files.filter((bytes) => bytes[0] === 0xff && bytes[1] === 0xd8);
    assert.equal(pictures.length, 1);
    assert.equal(await isHidden(pictures[0]!, 80, 60), true);
    assert.equal(
      files.some((bytes) => bytes.includes(photo.subarray(1000, 1100))),
      false,
    );
  });

  const NEVER: [
    string,
    Partial<typeof visionEventDefaults>,
    () => { frame: Buffer; payload: unknown },
    RegExp,
  ][] = [
    [
      'there are no detections',
      { detectionsType: 'none' },
      () => ({ frame: photo, payload: found(PERSON) }),
      /Set "Detections"/,
    ],
    [
      'a row could not be read',
      {},
      () => ({ frame: photo, payload: found(PERSON, { class: 'person', x: 'lost' }) }),
      /could not be read/,
    ],
    [
      'the picture cannot be decoded',
      {},
      () => ({ frame: webp(320, 240), payload: found(PERSON) }),
      /Send JPEG or PNG/,
    ],
    [
      'the boxes count in another size',
      {},
      () => ({ frame: photo, payload: { ...found(PERSON), image: { width: 640, height: 640 } } }),
      /size/,
    ],
    [
      'what is to be hidden lies outside',
      {},
      () => ({ frame: photo, payload: found({ ...PERSON, x: 900 }) }),
      /lies outside/,
    ],
    [
      'the names of persons take the place of classes',
      { personalNames: true },
      () => ({ frame: photo, payload: found(PERSON) }),
      /Names and plates/,
    ],
  ];
  for (const [what, properties, message, text] of NEVER) {
    it(`sends no picture when ${what}`, async () => {
      const without = await load({ hideClasses: 'person', whenImageFails: 'send-without', ...properties });
      const { out } = await without.send(message());
      assert.equal(simulator.requests.count('POST', '/vision-events/upload'), 0);
      assert.match(out!.visionEvent!.imagesLeftOut![0]!.message, text);
      await helper.unload();
      const stopping = await load({ hideClasses: 'person', ...properties });
      const { caught } = await stopping.send(message());
      const error = caught!.error;
      assert.equal(error!.code, 'IMAGE_INVALID');
      assert.match(error!.message, text);
      assert.equal(simulator.requests.count('POST', '/vision-events/upload'), 0);
    });
  }

  it('sends the picture of an empty list that was read: nothing is to be hidden in it', async () => {
    const flow = await load({ hideClasses: 'person' });
    await flow.send({ frame: photo, payload: found() });
    assert.equal((await fetched(image().inputSourceId)).includes('Exif'), false);
  });

  it('draws on the hidden, reduced picture', async () => {
    const flow = await load({ hideClasses: 'person', pictureMaxSide: '160', outputImageType: 'drawn' });
    await flow.send({ frame: photo, payload: found(PERSON, PART) });
    const drawn = await fetched(image().sourceId);
    const plain = await fetched(image().inputSourceId);
    assert.deepEqual(displaySize(await loadPicture(drawn, { from: 'value' })), { width: 160, height: 120 });
    assert.equal(await isHidden(drawn, 40, 30), true);
    assert.equal(await isHidden(plain, 40, 30), true);
    assert.notDeepEqual(drawn, plain);
  });

  it('asks for the picture to draw on', async () => {
    const flow = await load({ inputImageType: 'none', outputImageType: 'drawn' });
    const { caught } = await flow.send({ payload: found(PART) });
    const error = caught!.error;
    assert.equal(error!.code, 'EVENT_INVALID');
    assert.match(error!.message, /drawn on it/);
  });

  it('sends a format that it cannot decode as it is, and says so', async () => {
    const flow = await load({ pictureMaxSide: '160' });
    const { out } = await flow.send({ frame: webp(320, 240), payload: found(PART) });
    assert.deepEqual(await fetched(image().inputSourceId), webp(320, 240));
    assert.deepEqual(out!.visionEvent!.notes, ['picture-format-kept']);
    assert.equal(image().objectDetections![0]!.x, 240);
  });

  it('does no work on the picture of an event that the cooldown holds back', async () => {
    const flow = await load({ hideClasses: 'person', pictureMaxSide: '160', cooldown: '60' });
    const first = await flow.send({ frame: photo, payload: found(PERSON) });
    assert.equal(first.out!.visionEvent!.state, 'created');
    // Work on this one would end in an error.
    const held = await flow.send({ frame: webp(320, 240), payload: found(PERSON) });
    assert.equal(held.out!.visionEvent!.state, 'throttled');
    assert.equal(held.out!.visionEvent!.imagesLeftOut, undefined);
    const [box] = (held.out!.payload as { images: Image[] }).images[0]!.objectDetections!;
    assert.equal(box!.x, PERSON.x, 'the box belongs to the picture in the message');
  });

  it('holds nothing back for an event whose picture failed', async () => {
    const flow = await load({ hideClasses: 'person', cooldown: '60' });
    const { caught } = await flow.send({ frame: webp(320, 240), payload: found(PERSON) });
    assert.equal(caught!.error!.code, 'IMAGE_INVALID');
    const next = await flow.send({ frame: photo, payload: found(PERSON) });
    assert.equal(next.out!.visionEvent!.state, 'created');
  });

  it('leaves message and picture as they came', async () => {
    const flow = await load({ hideClasses: 'person', pictureMaxSide: '160' });
    const before = Buffer.from(photo);
    const { out } = await flow.send({ frame: photo, payload: found(PERSON) });
    assert.equal(out!['frame'], photo);
    assert.deepEqual(photo, before);
  });
});
