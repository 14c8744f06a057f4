import assert from 'node:assert/strict';
import { convertDetections, DetectionError } from '../../../src/detections/convert';
import { hasLongList, MAX_LIST_LENGTH } from '../../../src/event/long-lists';
import { loadPicture } from '../../../src/images/picture';
import { MAPPED } from '../detections/mapped';
import { CHOSEN, RECOGNISED } from '../detections/scene';
import { eventJson } from '../../../nodes/shared/event-json';
import { givenEvents } from '../../../nodes/send/input';

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

/** The payload as often as there are lists in it, each time with an endless one in the place of another. */
function* withEachListEndless(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) yield endless();
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    for (const changed of withEachListEndless(inner))
      yield Array.isArray(value)
        ? value.map((element: unknown, at) => (String(at) === key ? changed : element))
        : { ...value, [key]: changed };
  }
}

describe('a list of billions of entries', () => {
  const payloads: [string, () => unknown][] = [
    ['the payload', endless],
    ['a list of detections', () => ({ image: { width: 1, height: 1 }, predictions: endless() })],
  ];
  for (const [name, payload] of payloads) {
    for (const format of ['auto', 'roboflow', 'custom']) {
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

  it('in the place of any list of any format holds nothing up', () => {
    let tried = 0;
    for (const { name, format, payload, settings, context } of [...RECOGNISED, ...CHOSEN, ...MAPPED]) {
      for (const changed of withEachListEndless(payload)) {
        tried++;
        quickly(() => {
          try {
            convertDetections(changed, { format, ...settings }, context);
          } catch (error) {
            assert.ok(error instanceof DetectionError, `${name}: ${String(error)}`);
          }
        });
      }
    }
    assert.ok(tried > 300, `${tried} lists`);
  });

  it('of events, and inside one, is refused by its length', () => {
    const tooLong = { code: 'EVENT_INVALID', message: /^A list is too long/ };
    assert.throws(() => quickly(() => givenEvents(endless())), tooLong);
    assert.throws(() => quickly(() => givenEvents({ events: endless() })), tooLong);
    assert.throws(() => quickly(() => eventJson({ eventData: { a: endless() } })), tooLong);
  });

  it('of bytes is not a picture', async () => {
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
