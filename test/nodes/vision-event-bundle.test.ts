import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { visionEventBundleDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { readBundle } from '../../src/bundle/read';
import type { UploadSummary } from '../../src/bundle/upload-folder';
import { helper } from '../support/node-red-helper';
import { SingleNodeFlow } from '../support/single-node-flow';
import { decode } from '../../src/images/work/codec';
import { jpeg, png } from '../unit/images/made-pictures';
import { at, busy, difference, jpegOf, painted } from '../unit/images/work/painted';

import visionEventBundle = require('../../nodes/bundle/node');

const event = (number: number) => ({
  eventId: `event-${number}`,
  eventType: 'quality_check',
  useCaseId: 'quality-line-1',
  timestamp: new Date(Date.now() - 1000 + number).toISOString(),
  eventData: { result: 'fail' },
  images: [{ objectDetections: [{ class: 'dent', x: 20, y: 12, width: 8, height: 4, confidence: 0.9 }] }],
});

describe('roboflow-vision-event-bundle', function () {
  let simulator: Simulator;
  let folder: string;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
  });
  beforeEach(async () => {
    simulator.reset();
    folder = await mkdtemp(path.join(tmpdir(), 'bundle-node-'));
  });
  afterEach(() => helper.unload());
  afterEach(() => rm(folder, { recursive: true, force: true }));
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (properties: Partial<typeof visionEventBundleDefaults>, workspace?: object) =>
    SingleNodeFlow.load(
      {
        type: 'roboflow-vision-event-bundle',
        register: visionEventBundle,
        properties: {
          ...visionEventBundleDefaults,
          directory: folder,
          workspace: 'workspace',
          ...properties,
        },
      },
      workspace && { baseUrl: simulator.url, apiKey: simulator.keys.full, ...workspace },
    );
  const loadWriter = (properties: Partial<typeof visionEventBundleDefaults> = {}) =>
    load({
      workspace: '',
      outputImage: 'annotated',
      outputImageType: 'msg',
      inputImage: 'original',
      inputImageType: 'msg',
      ...properties,
    });
  const loadUploader = (properties: Partial<typeof visionEventBundleDefaults> = {}, workspace: object = {}) =>
    load({ action: 'upload', ...properties }, workspace);
  const pictures = { annotated: jpeg(40, 24), original: png(40, 24) };

  async function writeBundles(count: number): Promise<void> {
    const writer = await loadWriter();
    for (let number = 1; number <= count; number++)
      await writer.send({ payload: event(number), ...pictures });
    assert.equal(writer.out.length, count, JSON.stringify(writer.caught[0]?.error));
    await helper.unload();
  }

  describe('writing', () => {
    it('writes the pictures of a list, each at its place', async () => {
      const list = {
        pictures: 'frames',
        picturesType: 'msg',
        outputImageType: 'none',
        inputImageType: 'none',
      };
      const flow = await loadWriter(list);
      const labelled = { ...event(1), images: [{ label: 'north' }, { label: 'south' }] };
      const frames = [jpeg(40, 24), { input: png(40, 24), output: jpeg(8, 8), label: 'not used here' }];
      const { out, caught } = await flow.send({ payload: labelled, frames });
      assert.equal(caught, undefined);
      const { path: file } = out!.payload as { path: string };
      const { payload, files } = await readBundle(file);
      const images = payload['images'] as { label: string; file: string; inputFile?: string }[];
      const bytesOf = (member?: string) => member && Buffer.from(files.get(member)!);
      assert.deepEqual(
        images.map(({ label, file: output, inputFile }) => [label, bytesOf(output), bytesOf(inputFile)]),
        [
          ['north', jpeg(40, 24), undefined],
          ['south', jpeg(8, 8), png(40, 24)],
        ],
      );
    });

    it('writes a built event with its pictures, without a workspace', async () => {
      const flow = await loadWriter();
      const { out } = await flow.send({ payload: event(1), ...pictures, topic: 'kept' });
      const { path: file, bytes, eventId } = out!.payload as { path: string; bytes: number; eventId: string };
      assert.equal(eventId, 'event-1');
      assert.equal(out!['topic'], 'kept');
      assert.equal(path.dirname(file), folder);
      assert.equal((await readFile(file)).length, bytes);
      const bundle = await readBundle(file);
      const [image] = bundle.payload.images as { file: string; inputFile: string }[];
      assert.deepEqual(Buffer.from(bundle.files.get(image!.file)!), pictures.annotated);
      assert.deepEqual(Buffer.from(bundle.files.get(image!.inputFile)!), pictures.original);
      await flow.until(() => flow.statuses.includes('green written'));
    });

    it('reduces and hides in pictures, and the boxes follow', async () => {
      const flow = await loadWriter({ hideClasses: 'dent', pictureMaxSide: '80', outputImageType: 'none' });
      const original = await jpegOf(painted(160, 120, busy));
      const sizes = [{ width: 160, height: 120 }];
      const detections = { format: 'roboflow', count: 1, dropped: 0, notes: [], sizes };
      const dent = { class: 'dent', x: 80, y: 60, width: 64, height: 48, confidence: 0.9 };
      const { out, caught } = await flow.send({
        payload: { ...event(1), images: [{ objectDetections: [dent] }] },
        original,
        visionEvent: { eventId: 'event-1', detections },
      });
      assert.equal(caught, undefined);
      const { payload, files } = await readBundle((out!.payload as { path: string }).path);
      const [image] = payload['images'] as { inputFile: string; objectDetections: { x: number }[] }[];
      assert.equal(image!.objectDetections[0]!.x, 40);
      const bytes = Buffer.from(files.get(image!.inputFile)!);
      const pixels = await decode(bytes, 'image/jpeg');
      assert.equal(pixels.width, 80);
      assert.ok(difference(at(pixels, 41, 31), at(pixels, 42, 31)) < 16);
    });

    it('writes no bundle when the event may not carry all that was detected', async () => {
      const flow = await loadWriter({ hideClasses: 'dent', outputImageType: 'none' });
      const original = await jpegOf(painted(160, 120, busy));
      const whole = { format: 'roboflow', count: 0, dropped: 0, notes: [], sizes: [null] };
      const built = (detections: object, eventId = 'event-1') => ({ eventId, detections });
      const doubtful = [
        undefined,
        built(whole, 'event-0'),
        built({ ...whole, count: 2 }),
        built({ ...whole, sizes: undefined }),
        built({ ...whole, sizes: [{ width: 640, height: 640 }] }),
        built({ ...whole, doubt: 'Check the mapping: the list of detections is missing' }),
      ];
      for (const visionEvent of doubtful) {
        const { caught } = await flow.send({ payload: event(1), original, visionEvent });
        assert.equal(caught!.error!.code, 'IMAGE_INVALID');
      }
      assert.deepEqual(await readdir(folder), []);
    });

    it('hides in a picture of another size than that of the detections where these belong', async () => {
      const flow = await loadWriter({ hideClasses: 'dent', outputImageType: 'none' });
      const original = await jpegOf(painted(320, 240, busy));
      const sizes = [{ width: 160, height: 120 }];
      const detections = { format: 'roboflow', count: 1, dropped: 0, notes: [], sizes };
      const dent = { class: 'dent', x: 120, y: 90, width: 40, height: 30, confidence: 0.9 };
      const { out } = await flow.send({
        payload: { ...event(1), images: [{ objectDetections: [dent] }] },
        original,
        visionEvent: { eventId: 'event-1', detections },
      });
      const { payload, files } = await readBundle((out!.payload as { path: string }).path);
      const [image] = payload['images'] as { inputFile: string }[];
      const pixels = await decode(Buffer.from(files.get(image!.inputFile)!), 'image/jpeg');
      const sharpSteps = (x: number, y: number) =>
        [0, 1, 2, 3, 4, 5, 6, 7].filter(
          (step) => difference(at(pixels, x + step, y), at(pixels, x + step + 1, y)) > 24,
        ).length;
      assert.ok(sharpSteps(234, 177) <= 1);
      assert.ok(sharpSteps(114, 87) > 1);
    });

    it('lets only so many messages wait for the work on their pictures', async () => {
      const flow = await loadWriter({ pictureMaxSide: '20', outputImageType: 'none' });
      const original = await jpegOf(painted(160, 120, busy));
      for (let number = 1; number <= 60; number++) flow.receive({ payload: event(number), original });
      await flow.until(() => flow.out.length + flow.caught.length === 60);
      assert.equal(flow.out.length, 51);
      assert.ok(flow.caught.every(({ error }) => error!.code === 'BUSY'));
    });

    it('keeps the order of a burst, and leaves no dot files', async () => {
      const flow = await loadWriter();
      for (let number = 1; number <= 20; number++) flow.receive({ payload: event(number), ...pictures });
      await flow.until(() => flow.out.length === 20);
      const ids = flow.out.map(({ payload }) => (payload as { eventId: string }).eventId);
      assert.deepEqual(
        ids,
        Array.from({ length: 20 }, (_, index) => `event-${index + 1}`),
      );
      const names = await readdir(folder);
      assert.ok(names.every((name) => name.startsWith('event_')));
      assert.equal(names.length, 20);
    });

    it('names files as the dialog says, and never overwrites one', async () => {
      const flow = await loadWriter({ fileName: '{eventType}_{class}' });
      for (const number of [1, 2]) await flow.send({ payload: event(number), ...pictures });
      assert.deepEqual((await readdir(folder)).sort(), [
        'quality_check_dent.tar.gz',
        'quality_check_dent_event-2.tar.gz',
      ]);
    });

    it('fails each message for a file name that cannot be used, and says so on deploy', async () => {
      const flow = await loadWriter({ fileName: '{klass}' });
      await flow.until(() => flow.statuses.includes('red NOT_CONFIGURED'));
      const { caught } = await flow.send({ payload: event(1), ...pictures });
      assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
      assert.match(caught!.error!.message, /"\{klass\}" cannot be used/);
      assert.deepEqual(await readdir(folder), []);
    });

    it('leaves the use case to the uploader when told so', async () => {
      const flow = await loadWriter({
        useCaseInBundle: false,
        outputImageType: 'none',
        inputImageType: 'none',
      });
      const { useCaseId: _, ...withoutUseCase } = event(1);
      const { out } = await flow.send({ payload: withoutUseCase });
      const bundle = await readBundle((out!.payload as { path: string }).path);
      assert.equal('useCaseId' in bundle.payload, false);
    });

    it('refuses what cannot become a bundle, with one error each, and goes on', async () => {
      const flow = await loadWriter();
      const cases: [message: object, code: string, text: RegExp][] = [
        [{ payload: 'text' }, 'EVENT_INVALID', /not a vision event.*Only build/],
        [{ payload: { ...event(1), useCaseId: undefined } }, 'EVENT_INVALID', /useCaseId is missing/],
        [{ payload: { ...event(1), timestamp: 'now' } }, 'EVENT_INVALID', /timestamp/],
        [{ payload: event(1), annotated: undefined }, 'IMAGE_INVALID', /no picture/],
        [{ payload: event(1), annotated: '<html>' }, 'IMAGE_INVALID', /not a picture/],
      ];
      for (const [message, code, text] of cases) {
        const { out, caught } = await flow.send({ ...pictures, ...message });
        assert.equal(out, undefined);
        assert.equal(caught!.error!.code, code);
        assert.match(caught!.error!.message, text);
      }
      assert.deepEqual(await readdir(folder), []);
      assert.ok((await flow.send({ payload: event(1), ...pictures })).out);
      assert.equal(flow.caught.length, cases.length);
    });

    it('says that the folder is missing', async () => {
      const none = await loadWriter({ directory: '' });
      assert.equal(
        (await none.send({ payload: event(1), ...pictures })).caught!.error!.code,
        'NOT_CONFIGURED',
      );
      await helper.unload();
      const gone = await loadWriter({ directory: path.join(folder, 'usb', 'out') });
      const { caught } = await gone.send({ payload: event(1), ...pictures });
      assert.equal(caught!.error!.code, 'BUNDLE_IO');
      assert.match(caught!.error!.message, /drive is mounted/);
      await gone.until(() => gone.statuses.includes('red BUNDLE_IO'));
    });
  });

  describe('uploading', () => {
    it('uploads a folder of written bundles in order and empties it', async () => {
      await writeBundles(4);
      const flow = await loadUploader();
      const { out } = await flow.send({ payload: 'go', topic: 'kept' });
      assert.deepEqual(out!.payload, {
        uploaded: 4,
        refused: [],
        kept: [],
        left: 0,
        passedOver: { count: 0, names: [] },
      });
      assert.equal(out!['topic'], 'kept');
      assert.deepEqual(await readdir(folder), []);
      const stored = simulator.events().reverse();
      assert.deepEqual(
        stored.map(({ eventId, via }) => [eventId, via]),
        [1, 2, 3, 4].map((number) => [`event-${number}`, 'bundle']),
      );
      const [image] = stored[0]!.event['images'] as { sourceId?: string; inputSourceId?: string }[];
      assert.ok(image!.sourceId && image!.inputSourceId);
      assert.ok(flow.statuses.includes('blue progress'));
      await flow.until(() => flow.statuses.includes('green uploaded'));
    });

    it('uploads a bundle that plain tar made, as it is, into the use case chosen here', async () => {
      const made = path.join(folder, 'made');
      await mkdir(path.join(made, 'images'), { recursive: true });
      await writeFile(path.join(made, 'images', 'a.jpg'), jpeg(40, 24));
      const { useCaseId: _, ...payload } = {
        ...event(1),
        bundleFormatVersion: 1,
        images: [{ file: 'images/a.jpg' }],
      };
      await writeFile(path.join(made, 'payload.json'), JSON.stringify(payload));
      const file = path.join(folder, 'event_20261120T081530_000000_x.tar.gz');
      execFileSync('tar', ['-czf', file, '-C', made, 'payload.json', 'images']);
      const flow = await loadUploader({ useCase: 'dock-count' });
      assert.equal(((await flow.send({})).out!.payload as UploadSummary).uploaded, 1);
      assert.equal(simulator.events()[0]!.useCaseId, 'dock-count');
    });

    it('sets a refused bundle aside and reports it in the summary', async () => {
      await writeBundles(2);
      await writeFile(path.join(folder, 'event_00000000T000000_000000_bad.tar.gz'), 'no archive');
      const flow = await loadUploader();
      const summary = (await flow.send({})).out!.payload as UploadSummary;
      assert.deepEqual([summary.uploaded, summary.left, summary.refused.length], [2, 0, 1]);
      assert.equal(summary.refused[0]!.statusCode, 400);
      await flow.until(() => flow.statuses.at(-1) === 'yellow someFailed');
      assert.deepEqual((await readdir(path.join(folder, 'refused'))).sort(), [
        'event_00000000T000000_000000_bad.tar.gz',
        'event_00000000T000000_000000_bad.tar.gz.reason.json',
      ]);
    });

    it('a refused key is an error, and everything is kept', async () => {
      await writeBundles(3);
      const flow = await loadUploader({}, { apiKey: 'wrong' });
      const { out, caught } = await flow.send({});
      assert.equal(out, undefined);
      assert.deepEqual([caught!.error!.code, caught!.statusCode], ['UNAUTHORIZED', 401]);
      assert.match(caught!.error!.message, /0 bundles uploaded, 3 kept/);
      assert.equal((caught!.visionEvent as unknown as UploadSummary).left, 3);
      assert.equal((await readdir(folder)).length, 3);
      assert.equal(simulator.requests.count('POST', '/vision-events/bundle'), 1);
    });

    it('a dead network is an error, and the next run sends everything', async () => {
      await writeBundles(2);
      simulator.faults.always({ kind: 'reset' });
      const flow = await loadUploader();
      assert.equal((await flow.send({})).caught!.error!.code, 'NETWORK');
      assert.equal((await readdir(folder)).length, 2);
      simulator.faults.clear();
      assert.equal(((await flow.send({})).out!.payload as UploadSummary).uploaded, 2);
    });

    it('runs once at a time', async () => {
      await writeBundles(1);
      simulator.faults.always({ slowMs: 200 });
      const flow = await loadUploader();
      flow.receive({ payload: 'first' });
      assert.equal((await flow.send({ payload: 'second' })).caught!.error!.code, 'BUSY');
      await flow.until(() => flow.out.length === 1);
      assert.equal(simulator.events().length, 1);
    });

    it('stops on a deploy, quickly, and keeps what was not confirmed', async () => {
      await writeBundles(2);
      simulator.faults.always({ kind: 'hang' });
      const flow = await loadUploader();
      flow.receive({});
      await flow.until(() => simulator.requests.total === 1);
      const begun = Date.now();
      await helper.unload();
      assert.ok(Date.now() - begun < 5000, 'close took longer than 5 s');
      assert.equal((await readdir(folder)).length, 2);
    });

    it('fails without a workspace, and for a folder that is not there', async () => {
      const alone = await load({ action: 'upload', workspace: '' });
      assert.equal((await alone.send({})).caught!.error!.code, 'NOT_CONFIGURED');
      await helper.unload();
      const gone = await loadUploader({ directory: path.join(folder, 'none') });
      assert.equal((await gone.send({})).caught!.error!.code, 'BUNDLE_IO');
    });
  });
});
