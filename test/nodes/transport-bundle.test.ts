import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper, roboflow, TestFlow } from '../support/node-red-helper';
import { jpeg, png } from '../unit/images/made-pictures';

const PICTURES = {
  outputImage: 'annotated',
  outputImageType: 'msg',
  inputImage: 'original',
  inputImageType: 'msg',
};

describe('the transport "bundle"', function () {
  let simulator: Simulator;
  let outboxDir: string;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
  });
  beforeEach(() => {
    simulator.reset();
    outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-bundles-'));
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(outboxDir, { recursive: true, force: true });
  });
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (event: object = {}, workspace: object = {}) =>
    TestFlow.load(
      { ...PICTURES, ...event },
      {
        baseUrl: simulator.url,
        apiKey: simulator.keys.full,
        transport: 'bundle',
        outboxDir,
        batchLinger: 20,
        ...workspace,
      },
    );
  const message = (more: object = {}) => ({
    payload: roboflow({ class: 'part' }),
    annotated: jpeg(64, 48),
    original: png(64, 48),
    ...more,
  });
  const requests = () =>
    simulator.requests.entries.map(({ method, path: url }) => `${method} ${url.split('?')[0]}`);
  const pictureOf = async (sourceId: unknown) =>
    Buffer.from(await (await fetch(`${simulator.url}/_simulator/images/${String(sourceId)}`)).arrayBuffer());

  it('sends an event and both pictures as one request', async () => {
    const flow = await load();
    const { out } = await flow.send(message());
    assert.deepEqual(requests(), ['POST /vision-events/bundle']);
    const { event } = simulator.events()[0]!;
    const [image] = event['images'] as Record<string, unknown>[];
    assert.deepEqual(await pictureOf(image!['sourceId']), jpeg(64, 48));
    assert.deepEqual(await pictureOf(image!['inputSourceId']), png(64, 48));
    assert.equal((image!['objectDetections'] as object[]).length, 1);
    assert.equal(event['eventId'], out!.visionEvent!.eventId);
    assert.equal(event['useCaseId'], 'quality-line-1');
    const { state, statusCode, attempts, images, notes } = out!.visionEvent!;
    assert.deepEqual(
      { state, statusCode, attempts, images, notes },
      {
        state: 'created',
        statusCode: 201,
        attempts: 1,
        notes: undefined,
        images: [
          { role: 'output', bytes: jpeg(64, 48).length },
          { role: 'input', bytes: png(64, 48).length },
        ],
      },
    );
  });

  it('sends an event without pictures as ever', async () => {
    const flow = await load({ outputImageType: 'none', inputImageType: 'none' });
    await flow.send(message());
    assert.deepEqual(requests(), ['POST /vision-events']);
  });

  it('goes separately, and says so, when it does not fit into one bundle', async () => {
    const flow = await load();
    const large = { filler: 13 * 1024 * 1024 };
    const { out } = await flow.send(
      message({ annotated: jpeg(64, 48, large), original: jpeg(72, 48, large) }),
    );
    assert.deepEqual(requests(), [
      'POST /vision-events/upload',
      'POST /vision-events/upload',
      'POST /vision-events',
    ]);
    assert.deepEqual(out!.visionEvent!.notes, ['bundle-too-large']);
    assert.equal(out!.visionEvent!.images!.length, 2);
  });

  it('queued: the same bytes until they are taken, and no upload', async () => {
    const flow = await load({ delivery: 'queue' });
    simulator.faults.next({ status: 500 });
    simulator.faults.next({ kind: 'reset' });
    await flow.send(message());
    await flow.until(() => simulator.events().length === 1, 20_000);
    assert.deepEqual(requests(), Array<string>(3).fill('POST /vision-events/bundle'));
    const bodies = simulator.requests.entries.filter(({ bodyBytes }) => bodyBytes > 0);
    assert.ok(bodies.length >= 2);
    assert.equal(new Set(bodies.map(({ bodySha256 }) => bodySha256)).size, 1);
    const [image] = simulator.events()[0]!.event['images'] as Record<string, unknown>[];
    assert.deepEqual(await pictureOf(image!['sourceId']), jpeg(64, 48));
  });

  it('a refused bundle: an error, or the event without its pictures when the node may', async () => {
    const refusal = { endpoint: 'bundle' as const, status: 413, body: { error: 'too large' } };
    const stop = await load();
    simulator.faults.always(refusal);
    const { caught } = await stop.send(message());
    assert.deepEqual([caught!.error!.code, caught!.statusCode], ['REJECTED', 413]);
    assert.equal(simulator.events().length, 0);
    await helper.unload();
    const without = await load({ whenImageFails: 'send-without' });
    const { out } = await without.send(message());
    assert.deepEqual(
      out!.visionEvent!.imagesLeftOut!.map(({ role }) => role),
      ['output', 'input'],
    );
    assert.equal(simulator.events().length, 1);
  });

  for (const [status, code] of [
    [401, 'UNAUTHORIZED'],
    [404, 'REJECTED'],
    [503, 'SERVER_ERROR'],
  ] as const) {
    it(`${status}: one error, nothing stored`, async () => {
      const flow = await load();
      simulator.faults.always({ status, body: { error: 'as told' } });
      const { out, caught } = await flow.send(message());
      assert.equal(out, undefined);
      assert.deepEqual([caught!.error!.code, caught!.statusCode], [code, status]);
      assert.deepEqual(requests(), ['POST /vision-events/bundle']);
    });
  }
});
