import assert from 'node:assert/strict';
import type { EventImage } from '../../src/event/types';
import { startSimulator, type Simulator } from '../../simulator/server';
import { answeringFlow } from '../support/answering-flow';
import { drawScene } from '../support/drawn-scene';
import type { RealNodeRed } from '../support/real-node-red';
import { sharedNodeRed } from '../support/shared-node-red';
import { assertClose } from '../unit/detections/assertions';
import { PICTURE, RECOGNISED, VALVE, type Fixture } from '../unit/detections/scene';

const SLOW_MS = 180_000;

/** The formats that must be among those sent; there are more. */
const MOST_USED = ['roboflow', 'frigate', 'ultralytics', 'deepstack', 'tfjs', 'sscma'];

/** What needs no setting. The picture of the scene goes with each, so that its size is known. */
const PAYLOADS: Fixture[] = RECOGNISED.filter(({ settings }) => settings === undefined);

interface Answer {
  report: { eventId?: string; detections?: { format: string }; warnings: unknown[] };
  error?: { message: string };
}

describe('payloads of detectors in a real Node-RED', function () {
  this.timeout(SLOW_MS);

  const picture = drawScene(PICTURE.width, PICTURE.height, [VALVE]);
  let simulator: Simulator;
  let nodeRed: RealNodeRed;

  before(async () => {
    simulator = await startSimulator();
    nodeRed = await sharedNodeRed('4.1');
    await nodeRed.deploy(
      answeringFlow(simulator.url, simulator.keys.full, [
        {
          url: '/detector',
          event: { outputImage: 'image', outputImageType: 'msg', result: 'valve', resultType: 'detected' },
          prepare: `msg.image = Buffer.from('${picture.toString('base64')}', 'base64'); return msg;`,
        },
      ]),
    );
  });
  after(async () => {
    await simulator?.close();
  });

  it('are of at least six detectors', () => {
    const formats = new Set(PAYLOADS.map(({ format }) => format));
    assert.deepEqual(
      MOST_USED.filter((format) => !formats.has(format)),
      [],
    );
  });

  for (const { name, format, payload, expected } of PAYLOADS) {
    it(`${format}, ${name}: the box is where the scene has the object`, async () => {
      const response = await fetch(`${nodeRed.url}/detector`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body: typeof payload === 'string' ? payload : JSON.stringify(payload),
      });
      const answer = (await response.json()) as Answer;
      assert.equal(response.status, 201, answer.error?.message);
      assert.equal(answer.report.detections?.format, format);
      assert.deepEqual(answer.report.warnings, []);

      const stored = simulator.events().find(({ eventId }) => eventId === answer.report.eventId);
      assert.deepEqual(stored?.warnings, []);
      const [image] = stored?.event['images'] as EventImage[];
      assertClose(image?.objectDetections, [{ ...VALVE, ...expected }]);
      const shown = await fetch(`${simulator.url}/_simulator/images/${image?.sourceId}`);
      assert.ok(Buffer.from(await shown.arrayBuffer()).equals(picture), 'another picture');
    });
  }
});
