import assert from 'node:assert/strict';
import { compose, type EventParts } from '../../../src/event/compose';
import { validate } from '../../../src/event/validate';
import { NOW } from './events';

const box = { class: 'dent', x: 1, y: 2, width: 3, height: 4, confidence: 0.5 };
const base: EventParts = {
  eventId: 'e1',
  eventType: 'quality_check',
  useCaseId: 'u1',
  timestamp: NOW,
};
const composed = {
  eventId: 'e1',
  eventType: 'quality_check',
  useCaseId: 'u1',
  timestamp: '2026-06-15T12:00:00.000Z',
  eventData: {},
};

describe('event: compose', () => {
  it('composes the least event, always with eventData', () => {
    assert.deepEqual(compose(base), composed);
    assert.deepEqual(validate(compose(base), NOW).warnings, []);
  });

  it('composes every part, in the order of the API page', () => {
    const event = compose({
      ...base,
      deviceId: 'd',
      streamId: 's',
      workflowId: 'w',
      workflowVersion: '1',
      comment: 'c',
      eventData: { result: 'pass', externalId: 'x' },
      images: [{ label: 'top', sourceId: 'out', inputSourceId: 'in', objectDetections: [box] }],
      metadata: [{ key: 'line', value: 'A1' }],
    });
    assert.deepEqual(event, {
      ...composed,
      eventData: { result: 'pass', externalId: 'x' },
      deviceId: 'd',
      streamId: 's',
      workflowId: 'w',
      workflowVersion: '1',
      images: [{ label: 'top', sourceId: 'out', inputSourceId: 'in', objectDetections: [box] }],
      displayImagePosition: 0,
      customMetadata: { line: 'A1' },
      comment: 'c',
    });
    assert.deepEqual(Object.keys(event), [
      ...[
        'eventId',
        'eventType',
        'useCaseId',
        'timestamp',
        'eventData',
        'deviceId',
        'streamId',
        'workflowId',
      ],
      ...['workflowVersion', 'images', 'displayImagePosition', 'customMetadata', 'comment'],
    ]);
    assert.deepEqual(validate(event, NOW).warnings, []);
  });

  it('writes every kind of time as ISO 8601 with Z, and leaves what is none to validation', () => {
    const times: [unknown, unknown][] = [
      [new Date(NOW), '2026-06-15T12:00:00.000Z'],
      [NOW / 1000, '2026-06-15T12:00:00.000Z'],
      ['2026-06-15T14:00:00.5+02:00', '2026-06-15T12:00:00.500Z'],
      ['2026-06-15', '2026-06-15T00:00:00.000Z'],
      ['noon', 'noon'],
      [true, true],
    ];
    for (const [given, written] of times) {
      assert.equal(compose({ ...base, timestamp: given }).timestamp, written);
    }
    assert.equal('timestamp' in compose({ ...base, timestamp: undefined }), false);
    const invalid = new Date(NaN);
    assert.equal(compose({ ...base, timestamp: invalid }).timestamp, invalid);
    const local = compose({ ...base, timestamp: '2026-06-15T12:00:00' }).timestamp;
    assert.equal(local, new Date(2026, 5, 15, 12).toISOString());
  });

  it('takes only the eventData fields of its own type, empty ones not at all', () => {
    const eventData = {
      ...{
        result: 'fail',
        location: 'dock',
        itemCount: 0,
        itemType: '',
        alertType: undefined,
        severity: null,
      },
      ...{ description: 'd', value: 'v', relatedEventId: 'r', feedback: 'correct', externalId: 'x' },
    };
    const expected = {
      quality_check: { result: 'fail', externalId: 'x' },
      inventory_count: { location: 'dock', itemCount: 0, externalId: 'x' },
      safety_alert: { description: 'd', externalId: 'x' },
      custom: { value: 'v', externalId: 'x' },
      operator_feedback: { relatedEventId: 'r', feedback: 'correct' },
      audit: {},
      // `repair` will correct the type; its data must still be there then.
      ' Custom': { value: 'v', externalId: 'x' },
    };
    for (const [eventType, data] of Object.entries(expected)) {
      assert.deepEqual(compose({ ...base, eventType, eventData }).eventData, data);
    }
  });

  it('lets values of the wrong type through, so that validation names them', () => {
    const event = compose({
      ...base,
      deviceId: 7,
      eventData: { externalId: 0, result: false },
      metadataFrom: 'text',
    });
    assert.deepEqual(
      validate(event, NOW).warnings.map(({ type, path }) => `${type} ${path}`),
      [
        'object.base customMetadata',
        'string.base deviceId',
        'string.base eventData.externalId',
        'any.only eventData.result',
      ],
    );
  });

  it('puts metadata rows over an object', () => {
    const metadataFrom = { line: 'A1', shift: 'early', open: false, gone: null };
    const metadata = [
      { key: 'line', value: 'B2' },
      { key: 'shift', value: undefined },
      { key: 'count', value: 0 },
      { key: '', value: 'no key' },
      { key: 'line', value: 'C3' },
    ];
    const { customMetadata } = compose({ ...base, metadata, metadataFrom });
    assert.deepEqual(customMetadata, { line: 'C3', shift: 'early', open: false, count: 0 });
    assert.equal(metadataFrom.line, 'A1');
    assert.equal('customMetadata' in compose({ ...base, metadata: [], metadataFrom: {} }), false);
    const own = compose({ ...base, metadata: [{ key: '__proto__', value: 1 }] }).customMetadata;
    assert.equal(JSON.stringify(own), '{"__proto__":1}');
  });

  it('keeps detections without a picture', () => {
    const event = compose({ ...base, images: [{ label: 'top', objectDetections: [box] }] });
    assert.deepEqual(event.images, [{ label: 'top', objectDetections: [box] }]);
    assert.equal('displayImagePosition' in event, false);
  });

  it('keeps an entry for a picture that is still to be uploaded', () => {
    const event = compose({ ...base, images: [{ label: 'top', hasPicture: true, objectDetections: [] }] });
    assert.deepEqual(event.images, [{ label: 'top' }]);
    assert.equal(event.displayImagePosition, 0);
    assert.deepEqual(compose({ ...base, images: [{ inputSourceId: 'in' }] }).images, [
      { inputSourceId: 'in' },
    ]);
  });

  it('has no images where there is nothing to show, and keeps positions of several', () => {
    for (const images of [undefined, [], [{}], [{ label: 'top' }], [{ classifications: [] }, {}]]) {
      assert.equal('images' in compose({ ...base, images }), false);
    }
    const second = { classifications: [{ class: 'a', confidence: 1 }] };
    assert.deepEqual(compose({ ...base, images: [{}, second, {}] }).images, [{}, second]);
    assert.deepEqual(compose({ ...base, images: [{ sourceId: 's' }, second] }).images, [
      { sourceId: 's' },
      second,
    ]);
  });

  it('labels every image, and shows the first that has a picture', () => {
    const images = [{ label: 'gate' }, { label: 'dock', hasPicture: true }, { label: 'yard', sourceId: 's' }];
    const event = compose({ ...base, images });
    assert.deepEqual(event.images, [{ label: 'gate' }, { label: 'dock' }, { label: 'yard', sourceId: 's' }]);
    assert.equal(event.displayImagePosition, 1);
  });

  it('does not change its parts', () => {
    const parts = {
      ...base,
      images: [{ label: 'l', objectDetections: [box], classifications: [] }],
      metadataFrom: { a: 1 },
      eventData: { a: 1 },
    };
    const copy = structuredClone(parts);
    compose(parts);
    assert.deepEqual(parts, copy);
  });
});
