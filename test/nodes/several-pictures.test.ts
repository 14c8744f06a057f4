import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { visionEventDefaults } from '../../nodes/shared/properties';
import { startEventStore } from '../../simulator/event-store';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper, roboflow, TestFlow } from '../support/node-red-helper';
import { jpeg, png } from '../unit/images/made-pictures';

const LISTED = { pictures: 'frames', picturesType: 'msg' };
const CAMERA_ROW = { key: 'site', value: 'Kiel', valueType: 'str' as const };

interface Image {
  label?: string;
  sourceId?: string;
  inputSourceId?: string;
  objectDetections?: { class: string; x: number }[];
}
interface Built {
  eventData: Record<string, unknown>;
  images: Image[];
  displayImagePosition?: number;
}

/** A payload in fractions, whose pixels depend on the picture's size. */
const fraction = (name: string) => ({ found: [{ name, box: [0.5, 0.5, 0.1, 0.1] }] });
const FRACTIONS = {
  format: 'custom',
  mapping: JSON.stringify({
    list: 'found',
    class: 'name',
    box: { convention: 'center', units: 'fraction', fields: 'box' },
  }),
};

describe('events of several pictures', function () {
  let simulator: Simulator;
  let outboxDir: string;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
  });
  beforeEach(() => {
    simulator.reset();
    outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-several-'));
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(outboxDir, { recursive: true, force: true });
  });
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (event: Partial<typeof visionEventDefaults> = {}, workspace: object = {}) =>
    TestFlow.load(
      { ...LISTED, ...event },
      { baseUrl: simulator.url, apiKey: simulator.keys.full, outboxDir, batchLinger: 20, ...workspace },
    );
  const build = (event: Partial<typeof visionEventDefaults> = {}) =>
    TestFlow.load({ ...LISTED, delivery: 'build', ...event });
  const pictureFacts = async (sourceId: unknown) =>
    (await (await fetch(`${simulator.url}/_simulator/pictures/${String(sourceId)}`)).json()) as {
      bytes: number;
      metadata: object;
    };
  const stored = () => simulator.events()[0]!.event as unknown as Built;

  it('uploads each picture of a list and names it at its place', async () => {
    const flow = await load({ detectionsType: 'none' });
    const frames = [jpeg(64, 48), png(32, 24).toString('base64'), { input: jpeg(8, 8), output: png(8, 8) }];
    const { out } = await flow.send({ frames });
    const { images, displayImagePosition } = stored();
    assert.deepEqual(
      images.map((image) => Object.keys(image)),
      [['sourceId'], ['sourceId'], ['sourceId', 'inputSourceId']],
    );
    assert.equal((await pictureFacts(images[1]!.sourceId)).bytes, png(32, 24).length);
    assert.equal((await pictureFacts(images[2]!.inputSourceId)).bytes, jpeg(8, 8).length);
    assert.equal(displayImagePosition, 0);
    assert.deepEqual(
      out!.visionEvent!.images!.map(({ role, image, bytes }) => [role, image, bytes]),
      [
        ['output', undefined, jpeg(64, 48).length],
        ['output', 1, png(32, 24).length],
        ['output', 2, png(8, 8).length],
        ['input', 2, jpeg(8, 8).length],
      ],
    );
    assert.deepEqual(out!.payload, stored());
  });

  it('converts the detections of each entry by its own picture, and takes the derived values over all', async () => {
    const flow = await build({
      ...FRACTIONS,
      eventType: 'inventory_count',
      itemCountType: 'count',
      itemCount: 'crate',
      // of the message as a whole; neither is right for these pictures
      detectionsType: 'none',
      imageWidth: '',
    });
    const frames = [
      { output: jpeg(100, 80), label: 'north', detections: fraction('crate') },
      { input: png(400, 80), label: 'south', detections: fraction('crate') },
      { detections: fraction('pallet'), output: jpeg(200, 80) },
      { output: jpeg(20, 20), label: 'overview' },
    ];
    const { out } = await flow.send({ frames, imageWidth: 9, imageHeight: 9 });
    const { images, eventData } = out!.payload as Built;
    assert.deepEqual(
      images.map(({ label, objectDetections }) => [label, objectDetections?.map(({ x }) => x)]),
      [
        ['north', [50]],
        ['south', [200]],
        [undefined, [100]],
        ['overview', undefined],
      ],
    );
    assert.deepEqual(eventData, { itemCount: 2 });
    assert.deepEqual(out!.visionEvent!.detections, {
      format: 'custom',
      count: 3,
      dropped: 0,
      notes: ['missing-confidence'],
      sizes: [{ width: 100, height: 80 }, { width: 400, height: 80 }, { width: 200, height: 80 }, null],
    });
  });

  it('gives no value that one of the entries could change', async () => {
    const flow = await build({ ...FRACTIONS, eventType: 'inventory_count', itemCountType: 'count' });
    const unreadable = { found: [...fraction('crate').found, { name: 'crate', box: 'lost' }] };
    const { out } = await flow.send({
      frames: [
        { output: jpeg(100, 80), detections: fraction('crate') },
        { output: jpeg(100, 80), detections: unreadable },
      ],
    });
    assert.deepEqual((out!.payload as Built).eventData, {});
    assert.deepEqual(out!.visionEvent!.uncertain, ['itemCount']);
    assert.equal(out!.visionEvent!.detections!.dropped, 1);
  });

  it('takes the detections of the message for pictures without any of their own', async () => {
    const flow = await build({ resultType: 'detected' });
    const payload = [roboflow({ class: 'dent' }), roboflow({ class: 'scratch' }), roboflow()];
    const { out } = await flow.send({ payload, frames: [jpeg(640, 480), png(640, 480), jpeg(640, 480)] });
    const { images, eventData } = out!.payload as Built;
    assert.deepEqual(
      images.map(({ objectDetections }) => objectDetections?.[0]?.class),
      ['dent', 'scratch', undefined],
    );
    assert.deepEqual(eventData, { result: 'fail' });
  });

  it('lets one picture size speak for several pictures only where they have it', async () => {
    const flow = await build({ format: 'tfjs' });
    const payload = [{ bbox: [1, 2, 3, 4], class: 'dent', score: 0.9 }];
    const { out } = await flow.send({ payload, frames: [jpeg(64, 48), jpeg(64, 48)] });
    assert.equal((out!.payload as Built).images.length, 2);
    await helper.unload();
    const fractions = await build(FRACTIONS);
    const same = await fractions.send({ payload: fraction('a'), frames: [jpeg(64, 48), jpeg(64, 48)] });
    assert.equal((same.out!.payload as Built).images[0]!.objectDetections![0]!.x, 32);
    const other = await fractions.send({ payload: fraction('a'), frames: [jpeg(64, 48), jpeg(32, 48)] });
    assert.equal(other.caught!.error!.code, 'DETECTIONS_IMAGE_SIZE_REQUIRED');
  });

  it('sends metadata with every upload: rows over what an entry has', async () => {
    const flow = await load({ detectionsType: 'none', pictureMetadata: [CAMERA_ROW] });
    await flow.send({
      frames: [{ output: jpeg(8, 8), input: png(8, 8), metadata: { camera: 3, site: 'x' } }, jpeg(16, 8)],
    });
    const [first, second] = stored().images;
    const metadataOf = async (sourceId: unknown) => (await pictureFacts(sourceId)).metadata;
    assert.deepEqual(await metadataOf(first!.sourceId), { camera: 3, site: 'Kiel' });
    assert.deepEqual(await metadataOf(first!.inputSourceId), { camera: 3, site: 'Kiel' });
    assert.deepEqual(await metadataOf(second!.sourceId), { site: 'Kiel' });
  });

  it('sends metadata with the upload of a single picture as well', async () => {
    const flow = await load({
      detectionsType: 'none',
      picturesType: 'none',
      inputImage: 'frame',
      inputImageType: 'msg',
      pictureMetadata: [{ key: 'camera', value: 'topic', valueType: 'msg' }],
    });
    await flow.send({ frame: jpeg(8, 8), topic: 'gate' });
    assert.deepEqual((await pictureFacts(stored().images[0]!.inputSourceId)).metadata, { camera: 'gate' });
  });

  it('refuses metadata that the API would refuse, unless it can be repaired', async () => {
    const pictureMetadata = [{ key: 'Höhe (mm)', value: '1.23456789', valueType: 'num' as const }];
    const refusing = await load({ detectionsType: 'none', pictureMetadata });
    const { caught } = await refusing.send({ frames: [jpeg(8, 8)] });
    assert.equal(caught!.error!.code, 'IMAGE_INVALID');
    assert.match(caught!.error!.message, /metadata of the picture.*Höhe/);
    await helper.unload();
    const repairing = await load({ detectionsType: 'none', pictureMetadata, onWarnings: 'repair' });
    const { out } = await repairing.send({ frames: [jpeg(8, 8), jpeg(16, 8)] });
    assert.deepEqual((await pictureFacts(stored().images[1]!.sourceId)).metadata, { Hohe_mm: 1.234568 });
    const where = 'pictureMetadata.Höhe (mm)';
    assert.deepEqual(out!.visionEvent!.repaired, [
      { path: where, from: 1.23456789, to: 1.234568 },
      { path: where, from: 'Höhe (mm)', to: 'Hohe_mm' },
    ]);
  });

  for (const [name, frames, expected] of [
    ['what is not a list', jpeg(8, 8), /pictures: the value must be a list/],
    ['nothing', undefined, /pictures: the value must be a list/],
    ['more than 1,000', new Array(1001).fill(jpeg(8, 8)), /at most 1000 entries, but there are 1001/],
    ['an entry without a picture', [jpeg(8, 8), { label: 'gate' }], /^pictures\[1\]: give it a picture/],
    ['a damaged picture', [{ input: jpeg(8, 8).subarray(0, 90) }], /^pictures\[0\]\.input: .* incomplete/],
    ['a path', ['/etc/hostname.png'], /^pictures\[0\]\.output: .*path/],
    [
      'metadata that is not an object',
      [{ output: jpeg(8, 8), metadata: 'x' }],
      /^pictures\[0\]\.metadata must/,
    ],
  ] as const) {
    it(`says which entry is wrong: ${name}`, async () => {
      const flow = await load({ detectionsType: 'none' });
      const { caught } = await flow.send({ frames });
      assert.equal(caught!.error!.code, 'IMAGE_INVALID');
      assert.match(caught!.error!.message, expected);
      assert.equal(simulator.requests.total, 0);
    });
  }

  it('says which detections are wrong', async () => {
    const flow = await build();
    const [odd, several] = [{ odd: true }, [roboflow(), roboflow()]];
    for (const [detections, code, text] of [
      [odd, 'DETECTIONS_UNKNOWN_FORMAT', /\(pictures\[1\]\)$/],
      [
        several,
        'DETECTIONS_AMBIGUOUS_FORMAT',
        /^Give each picture an entry.*2 pictures\. \(pictures\[1\]\)$/,
      ],
    ] as const) {
      const { caught } = await flow.send({ frames: [jpeg(8, 8), { output: jpeg(8, 8), detections }] });
      assert.equal(caught!.error!.code, code);
      assert.match(caught!.error!.message, text);
    }
  });

  it('sends without the pictures that fail, and keeps the places of the others', async () => {
    const flow = await load({ detectionsType: 'none', whenImageFails: 'send-without' });
    const { out } = await flow.send({
      frames: ['no picture', { label: 'gate', output: jpeg(8, 8) }, 'nor this'],
    });
    const { images, displayImagePosition } = stored();
    assert.deepEqual(
      images.map(({ label, sourceId }) => [label, sourceId !== undefined]),
      [
        [undefined, false],
        ['gate', true],
      ],
    );
    assert.equal(displayImagePosition, 1);
    assert.deepEqual(
      out!.visionEvent!.imagesLeftOut!.map(({ role, image }) => [role, image]),
      [
        ['output', undefined],
        ['output', 2],
      ],
    );
    await flow.send({ frames: 7 });
    assert.deepEqual(
      flow.out[1]!.visionEvent!.imagesLeftOut!.map(({ role }) => role),
      [undefined],
    );
    assert.equal('images' in stored(), false);
  });

  it('sends without a picture whose upload is refused', async () => {
    const flow = await load({ detectionsType: 'none', whenImageFails: 'send-without' });
    simulator.faults.next({ status: 400, body: { error: 'not that one' }, endpoint: 'upload' });
    await flow.send({ frames: [jpeg(8, 8), jpeg(16, 8), png(8, 8)] });
    assert.deepEqual(
      stored().images.map(({ sourceId }) => sourceId !== undefined),
      [false, true, true],
    );
    assert.equal(stored().displayImagePosition, 1);
  });

  it('queued: delivers every picture with its place and metadata', async () => {
    const flow = await load({ delivery: 'queue', pictureMetadata: [CAMERA_ROW] });
    await flow.send({
      frames: [
        { output: jpeg(8, 8), label: 'a', detections: roboflow({ class: 'x' }) },
        { output: jpeg(16, 8), input: png(16, 8), label: 'b', metadata: { camera: 2 } },
      ],
    });
    await flow.until(() => simulator.events().length === 1, 20_000);
    const { images } = stored();
    assert.deepEqual(
      images.map(({ label, objectDetections }) => [label, objectDetections?.length]),
      [
        ['a', 1],
        ['b', undefined],
      ],
    );
    const facts = await pictureFacts(images[1]!.inputSourceId);
    assert.deepEqual(facts, { ...facts, bytes: png(16, 8).length, metadata: { camera: 2, site: 'Kiel' } });
  });

  describe('in one bundle', () => {
    const requests = () =>
      simulator.requests.entries.map(({ method, path: url }) => `${method} ${url.split('?')[0]}`);

    it('go all of them', async () => {
      const flow = await load({ detectionsType: 'none' }, { transport: 'bundle' });
      const { out } = await flow.send({ frames: [jpeg(8, 8), { output: jpeg(16, 8), input: png(16, 8) }] });
      assert.deepEqual(requests(), ['POST /vision-events/bundle']);
      assert.equal((await pictureFacts(stored().images[1]!.inputSourceId)).bytes, png(16, 8).length);
      assert.deepEqual(
        out!.visionEvent!.images!.map(({ role, image }) => [role, image]),
        [
          ['output', undefined],
          ['output', 1],
          ['input', 1],
        ],
      );
    });

    it('has no place for metadata: then they are uploaded, and nothing is called too large', async () => {
      const flow = await load(
        { detectionsType: 'none', pictureMetadata: [CAMERA_ROW] },
        { transport: 'bundle' },
      );
      const { out } = await flow.send({ frames: [jpeg(8, 8)] });
      assert.deepEqual(requests(), ['POST /vision-events/upload', 'POST /vision-events']);
      assert.equal(out!.visionEvent!.notes, undefined);
      assert.deepEqual((await pictureFacts(stored().images[0]!.sourceId)).metadata, { site: 'Kiel' });
    });
  });

  it('a Local Event Store gets the pictures, and the report says that their metadata stays behind', async () => {
    const store = await startEventStore({ apiKey: 'edge-key' });
    try {
      const flow = await TestFlow.load(
        { ...LISTED, detectionsType: 'none', pictureMetadata: [CAMERA_ROW] },
        { target: 'event-store', baseUrl: store.url, eventStoreKey: 'edge-key', outboxDir },
      );
      const { out } = await flow.send({ frames: [jpeg(8, 8), jpeg(16, 8)] });
      assert.deepEqual(out!.visionEvent!.notes, ['picture-metadata-left-out']);
      const { images } = store.events()[0]!.event as unknown as { images: { base64Image?: string }[] };
      assert.deepEqual(
        images.map(({ base64Image }) => base64Image),
        [jpeg(8, 8), jpeg(16, 8)].map((bytes) => bytes.toString('base64')),
      );
    } finally {
      await store.close();
    }
  });
});
