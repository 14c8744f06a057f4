import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventImage } from '../../src/event/types';
import { startSimulator, type Simulator } from '../../simulator/server';
import { answeringFlow } from '../support/answering-flow';
import { drawScene } from '../support/drawn-scene';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { jpeg } from '../unit/images/made-pictures';

const SLOW_MS = 180_000;

const SIZE = { width: 640, height: 480 };
const PART = { x: 320, y: 240, width: 60, height: 40 };
const PREDICTIONS = { image: SIZE, predictions: [{ ...PART, confidence: 0.9, class: 'part', class_id: 2 }] };
/** What the camera saw, before anything was drawn on it. */
const UNTOUCHED = drawScene(SIZE.width, SIZE.height, [PART]);

/** The request is the camera's picture; the detector's answer comes with it. */
const FROM_CAMERA = `
  msg.image = msg.payload;
  msg.untouched = Buffer.from('${UNTOUCHED.toString('base64')}', 'base64');
  msg.payload = ${JSON.stringify(PREDICTIONS)};`;

const ROUNDS = 3;
const EVENTS_OF_A_ROUND = 30;
const PICTURE_BYTES = 200_000;
/** A quarter of what the pictures of one round weigh: a heap is never exactly the same twice. */
const GROWTH_ALLOWED_BYTES = (EVENTS_OF_A_ROUND * PICTURE_BYTES) / 4;

interface Report {
  eventId: string;
  images?: { role: string; sourceId: string; bytes: number }[];
}

describe('pictures in a real Node-RED', function () {
  this.timeout(SLOW_MS);

  let simulator: Simulator;
  let nodeRed: RealNodeRed;

  before(async () => {
    simulator = await startSimulator();
    nodeRed = await RealNodeRed.start('4.1');
    const output = { outputImage: 'image', outputImageType: 'msg' };
    const both = { ...output, inputImage: 'untouched', inputImageType: 'msg' };
    const keep = "context.set('kept', (context.get('kept') || []).concat([msg.image]));";
    await nodeRed.deploy([
      ...answeringFlow(simulator.url, simulator.keys.full, [
        { url: '/both', event: both, prepare: `${FROM_CAMERA} return msg;` },
        { url: '/output', event: output, prepare: `${FROM_CAMERA} return msg;` },
        { url: '/kept', event: output, prepare: `${FROM_CAMERA} ${keep} return msg;` },
      ]),
      ...memoryFlow(),
    ]);
  });
  beforeEach(() => simulator.requests.reset());
  after(async () => {
    await nodeRed?.stop();
    await simulator?.close();
  });

  async function film(route: string, picture: Buffer): Promise<Report> {
    const answer = await fetch(`${nodeRed.url}${route}`, {
      method: 'POST',
      headers: { 'Content-Type': 'image/jpeg' },
      body: new Uint8Array(picture),
    });
    const text = await answer.text();
    assert.equal(answer.status, 201, text);
    return (JSON.parse(text) as { report: Report }).report;
  }

  async function storedPicture(sourceId: string | undefined): Promise<Buffer> {
    const answer = await fetch(`${simulator.url}/_simulator/images/${sourceId}`);
    assert.equal(answer.status, 200, `no picture ${sourceId}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  const uploads = () => simulator.requests.count('POST', '/vision-events/upload');

  it("arrive with the event: the camera's Buffer and the untouched one", async () => {
    const filmed = jpeg(SIZE.width, SIZE.height);
    const report = await film('/both', filmed);
    const stored = simulator.events().find(({ eventId }) => eventId === report.eventId);
    assert.deepEqual(stored?.warnings, []);
    const [image] = stored?.event['images'] as EventImage[];
    assert.ok((await storedPicture(image?.sourceId)).equals(filmed));
    assert.ok((await storedPicture(image?.inputSourceId)).equals(UNTOUCHED));
    assert.deepEqual(image?.objectDetections, [{ class: 'part', ...PART, confidence: 0.9 }]);
    assert.deepEqual(
      report.images?.map(({ role, bytes }) => [role, bytes]),
      [
        ['output', filmed.length],
        ['input', UNTOUCHED.length],
      ],
    );
  });

  it('are uploaded once when two events have the same', async () => {
    const filmed = jpeg(320, 200);
    const [first, second] = [await film('/output', filmed), await film('/output', filmed)];
    assert.equal(uploads(), 1);
    assert.notEqual(first?.eventId, second?.eventId);
    assert.equal(first?.images?.[0]?.sourceId, second?.images?.[0]?.sourceId);
  });

  it('are uploaded once when two events with the same are under way at once', async () => {
    const filmed = jpeg(320, 208);
    await Promise.all([film('/output', filmed), film('/output', filmed)]);
    assert.equal(uploads(), 1);
  });

  describe(`${EVENTS_OF_A_ROUND} events with a picture of ${PICTURE_BYTES / 1000} KB each`, () => {
    let next = 0;

    /** The median growth of a few rounds; one goes ahead, as caches and code settle with the first. */
    async function medianGrowth(route: string): Promise<number> {
      const growths: number[] = [];
      await round(route);
      let before = await memoryOf(nodeRed);
      for (let i = 0; i < ROUNDS; i++) {
        await round(route);
        const after = await memoryOf(nodeRed);
        growths.push(after - before);
        before = after;
      }
      console.log(`      grew by ${growths.map((bytes) => Math.round(bytes / 1024)).join(', ')} KiB`);
      return growths.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
    }

    async function round(route: string): Promise<void> {
      for (let i = 0; i < EVENTS_OF_A_ROUND; i++) {
        await film(route, jpeg(400 + next++, 300, { filler: PICTURE_BYTES }));
      }
    }

    it('leave the memory where it was', async () => {
      const grown = await medianGrowth('/output');
      assert.ok(grown < GROWTH_ALLOWED_BYTES, `grew by ${grown} bytes a round`);
      assert.equal(uploads(), EVENTS_OF_A_ROUND * (ROUNDS + 1));
    });

    it('control: a flow that keeps the pictures is noticed', async () => {
      const grown = await medianGrowth('/kept');
      assert.ok(grown > GROWTH_ALLOWED_BYTES, `grew by ${grown} bytes a round`);
    });
  });
});

/** Answers how many bytes the process of Node-RED holds after collecting its garbage. */
function memoryFlow(): FlowNode[] {
  const func = `
    v8.setFlagsFromString('--expose-gc');
    const collect = vm.runInNewContext('gc');
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    msg.payload = { bytes: heapUsed + external };
    return msg;`;
  const place = { z: 'tab', x: 200, y: 400 };
  return [
    {
      ...place,
      id: 'memory-in',
      type: 'http in',
      url: '/memory',
      method: 'get',
      wires: [['memory']],
    },
    {
      ...place,
      id: 'memory',
      type: 'function',
      func,
      libs: ['v8', 'vm', 'process'].map((module) => ({ var: module, module })),
      outputs: 1,
      wires: [['memory-out']],
    },
    { ...place, id: 'memory-out', type: 'http response', statusCode: '200', wires: [] },
  ];
}

/** The least of a few looks: what is just being let go does not count. */
async function memoryOf(nodeRed: RealNodeRed): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < 4; look++) {
    await delay(100);
    least = Math.min(least, (await nodeRed.get<{ bytes: number }>('memory')).bytes);
  }
  return least;
}
