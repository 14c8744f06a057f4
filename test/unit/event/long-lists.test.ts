import assert from 'node:assert/strict';
import { convertDetections, DetectionError } from '../../../src/detections/convert';
import { hasLongList, MAX_LIST_LENGTH } from '../../../src/event/long-lists';
import { loadPicture } from '../../../src/images/picture';
import { eventJson } from '../../../nodes/adapter/event-json';
import { givenEvents } from '../../../nodes/adapter/send-events-input';

/** As long as a list can be, and empty: who walks it does not come back. */
const endless = () => new Array<unknown>(2 ** 32 - 1);
const QUICK_MS = 100;

function quickly<T>(work: () => T): T {
  const started = process.cpuUsage();
  const result = work();
  const took = process.cpuUsage(started).user / 1000;
  assert.ok(took < QUICK_MS, `${took} ms`);
  return result;
}

describe('a list of billions of entries', () => {
  const row = { bbox: [1, 2, 3, 4], class: 'cup', score: 0.5 };
  const payloads: [string, () => unknown][] = [
    ['the payload', endless],
    ['a list of detections', () => ({ image: { width: 1, height: 1 }, predictions: endless() })],
    ['beside a row', () => [row, endless()]],
    ['a box', () => [{ ...row, bbox: endless() }]],
    ['deep inside', () => ({ a: [{ b: { c: [[[endless()]]] } }] })],
  ];
  for (const [name, payload] of payloads) {
    for (const format of ['auto', 'tfjs', 'roboflow', 'custom']) {
      it(`as ${name} is refused by its length, as ${format}`, () => {
        const settings = { format, mapping: { list: 'predictions', class: 'class', kind: 'classification' } };
        const convert = () => convertDetections(payload(), settings);
        assert.throws(
          () => quickly(convert),
          (error) =>
            error instanceof DetectionError && /^A list in the payload is too long/.test(error.message),
        );
      });
    }
  }

  it('of events, and inside one, is refused by its length', () => {
    const tooLong = { code: 'EVENT_INVALID', message: /^A list is too long/ };
    assert.throws(() => quickly(() => givenEvents(endless())), tooLong);
    assert.throws(() => quickly(() => givenEvents({ events: endless() })), tooLong);
    assert.throws(() => quickly(() => eventJson({ eventData: { a: endless() } })), tooLong);
  });

  it('of bytes is no picture', async () => {
    const data = new Array(20_000_000);
    const started = process.cpuUsage();
    await assert.rejects(loadPicture({ type: 'Buffer', data }, { from: 'value' }), /other things than bytes/);
    assert.ok(process.cpuUsage(started).user / 1000 < QUICK_MS);
  });
});

describe('hasLongList', () => {
  it('takes a million entries, and no more', () => {
    assert.equal(hasLongList({ a: new Array(MAX_LIST_LENGTH) }), false);
    assert.equal(hasLongList({ a: new Array(MAX_LIST_LENGTH + 1) }), true);
  });

  it('ends at objects that contain themselves, and at typed arrays', () => {
    const cycle: Record<string, unknown> = { bytes: new Float64Array(2_000_000) };
    Object.assign(cycle, { a: cycle, b: [cycle, cycle] });
    assert.equal(hasLongList(cycle), false);
  });
});
