import assert from 'node:assert/strict';
import fc from 'fast-check';
import { looseVisionEventSchema } from '../../../src/event/model';
import { validate } from '../../../src/event/validate';
import type { EventWarning } from '../../../src/event/types';
import { brokenEvent, NOW, type Json } from './events';
import { holds } from './property';

const DAY = 86_400_000;
const at = (moment: number) => new Date(moment).toISOString();

const EVENT_DATA: Record<string, Json> = {
  quality_check: { result: 'fail', externalId: 'lot-7' },
  inventory_count: { location: 'dock 2', itemCount: 3, itemType: 'crate', externalId: 'asn-1' },
  safety_alert: { alertType: 'no_helmet', severity: 'high', description: 'zone B', externalId: 'a1' },
  custom: { value: 'anything', externalId: 'c1' },
  operator_feedback: { relatedEventId: '0d1f8a52-6f0e-4f8a-9a53-4d4f6a3b9c11', feedback: 'incorrect' },
};

/** An event of a type in which every field is there and right. */
function fullEvent(type = 'quality_check'): Json {
  const box = { class: 'scratch', x: 10, y: 20.5, width: 4, height: 3, confidence: 0.5 };
  return {
    eventId: '7f0d2f7e-6f5b-4d61-8f0a-1d2c3b4a5e6f',
    eventType: type,
    useCaseId: 'line-3',
    timestamp: at(NOW),
    eventData: { ...EVENT_DATA[type] },
    deviceId: 'cam-1',
    streamId: 'stream-1',
    workflowId: 'flow-1',
    workflowVersion: '1.2',
    images: [
      {
        label: 'top',
        sourceId: 'src-out',
        inputSourceId: 'src-in',
        objectDetections: [{ ...box }],
        classifications: [{ class: 'bad', confidence: 1 }],
        instanceSegmentations: [
          {
            ...box,
            points: [
              [1, 2],
              [3, 4],
              [5, 6],
            ],
          },
        ],
        keypoints: [{ ...box, keypoints: [{ id: 0, x: 1, y: 2, occluded: false }] }],
      },
    ],
    displayImagePosition: 0,
    customMetadata: { line: 'A1', 'belt speed': 1.25, open: true },
    comment: 'seen twice',
  };
}

function put(event: Json, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop()!;
  let parent = event;
  for (const name of names) parent = parent[name] as Json;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
}

const typeOf = (value: unknown) => (value === undefined ? 'object' : typeof value);

/** Breaks one place of a full event and expects exactly these rules to be named there. */
function expectFaults(
  type: string,
  path: string,
  value: unknown,
  rules: string[],
  shown = value ?? null,
): void {
  const event = fullEvent(type);
  put(event, path, value);
  const expected = rules.map((rule): EventWarning => {
    return { type: rule, path, value: shown, valueType: typeOf(value) };
  });
  const found = validate(event, NOW);
  assert.deepEqual(found.warnings, expected, `${path} = ${JSON.stringify(value)?.slice(0, 40)}`);
  assert.equal(found.warningCount, rules.length);
  assert.deepEqual(found.errors, []);
}

const cut = (text: string) =>
  text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;

type Expectation = (type: string, path: string) => void;

/** What a field has to do when it is broken in every way that its kind knows. */
const kinds: Record<string, (...limits: number[]) => Expectation> = {
  text: (max?: number) => (type, path) => {
    for (const wrong of [7, true, null, []]) expectFaults(type, path, wrong, ['string.base']);
    expectFaults(type, path, '', ['string.empty']);
    const long = 'n'.repeat((max ?? 100_000) + 1);
    expectFaults(type, path, long, max ? ['string.max'] : [], cut(long));
    expectFaults(type, path, long.slice(1), []);
  },
  choice: () => (type, path) => {
    expectFaults(type, path, 'PASS', ['any.only']);
    for (const wrong of ['', 1, null, []]) expectFaults(type, path, wrong, ['any.only']);
  },
  number: () => (type, path) => {
    for (const wrong of ['1', true, null, {}]) expectFaults(type, path, wrong, ['number.base']);
    for (const fine of [-1, 0, 0.5, 1e12]) expectFaults(type, path, fine, []);
    expectFaults(type, path, NaN, ['number.base']);
  },
  integer: (max?: number) => (type, path) => {
    for (const wrong of ['1', true, null]) expectFaults(type, path, wrong, ['number.base']);
    expectFaults(type, path, 1.5, ['number.integer']);
    expectFaults(type, path, -1, ['number.min']);
    expectFaults(type, path, -1.5, ['number.integer', 'number.min']);
    if (max !== undefined) expectFaults(type, path, max + 1, ['number.max']);
    expectFaults(type, path, max ?? 1e12, []);
  },
  confidence: () => (type, path) => {
    for (const wrong of ['0.5', null, Infinity]) expectFaults(type, path, wrong, ['number.base']);
    expectFaults(type, path, -0.01, ['number.min']);
    expectFaults(type, path, 1.01, ['number.max']);
    for (const fine of [0, 1]) expectFaults(type, path, fine, []);
  },
  flag: () => (type, path) => {
    for (const wrong of ['true', 0, null]) expectFaults(type, path, wrong, ['boolean.base']);
    expectFaults(type, path, true, []);
  },
  list: () => (type, path) => {
    for (const wrong of ['[]', 3, null, {}]) expectFaults(type, path, wrong, ['array.base']);
  },
  object: () => (type, path) => {
    for (const wrong of ['{}', 3, null, []]) expectFaults(type, path, wrong, ['object.base']);
  },
};

const box = ['x', 'y', 'width', 'height'];
const detections = ['objectDetections', 'instanceSegmentations', 'keypoints'].map(
  (list) => `images.0.${list}.0`,
);

/** Every field that is not strict, the way it is to be checked, and whether it must be there. */
const fields: { type?: string; path: string; kind: Expectation; required?: boolean }[] = [
  { path: 'eventData', kind: kinds.object!(), required: true },
  { path: 'eventData.result', kind: kinds.choice!() },
  { path: 'eventData.externalId', kind: kinds.text!(1000) },
  { type: 'inventory_count', path: 'eventData.location', kind: kinds.text!(1000) },
  { type: 'inventory_count', path: 'eventData.itemCount', kind: kinds.integer!() },
  { type: 'inventory_count', path: 'eventData.itemType', kind: kinds.text!(1000) },
  { type: 'inventory_count', path: 'eventData.externalId', kind: kinds.text!(1000) },
  { type: 'safety_alert', path: 'eventData.alertType', kind: kinds.text!(256) },
  { type: 'safety_alert', path: 'eventData.severity', kind: kinds.choice!() },
  { type: 'safety_alert', path: 'eventData.description', kind: kinds.text!(10000) },
  { type: 'safety_alert', path: 'eventData.externalId', kind: kinds.text!(1000) },
  { type: 'custom', path: 'eventData.value', kind: kinds.text!(10000) },
  { type: 'custom', path: 'eventData.externalId', kind: kinds.text!(1000) },
  { type: 'operator_feedback', path: 'eventData.relatedEventId', kind: kinds.text!(), required: true },
  { type: 'operator_feedback', path: 'eventData.feedback', kind: kinds.choice!(), required: true },
  { path: 'deviceId', kind: kinds.text!(256) },
  { path: 'streamId', kind: kinds.text!(256) },
  { path: 'workflowId', kind: kinds.text!(256) },
  { path: 'workflowVersion', kind: kinds.text!(64) },
  { path: 'comment', kind: kinds.text!() },
  { path: 'displayImagePosition', kind: kinds.integer!(999) },
  { path: 'customMetadata', kind: kinds.object!() },
  { path: 'images', kind: kinds.list!() },
  { path: 'images.0', kind: kinds.object!() },
  { path: 'images.0.label', kind: kinds.text!() },
  { path: 'images.0.sourceId', kind: kinds.text!() },
  { path: 'images.0.inputSourceId', kind: kinds.text!() },
  { path: 'images.0.objectDetections', kind: kinds.list!() },
  { path: 'images.0.classifications', kind: kinds.list!() },
  { path: 'images.0.instanceSegmentations', kind: kinds.list!() },
  { path: 'images.0.keypoints', kind: kinds.list!() },
  ...detections.flatMap((path) => [
    { path, kind: kinds.object!() },
    { path: `${path}.class`, kind: kinds.text!(), required: true },
    { path: `${path}.confidence`, kind: kinds.confidence!(), required: true },
    ...box.map((name) => ({ path: `${path}.${name}`, kind: kinds.number!(), required: true })),
  ]),
  { path: 'images.0.classifications.0', kind: kinds.object!() },
  { path: 'images.0.classifications.0.class', kind: kinds.text!(), required: true },
  { path: 'images.0.classifications.0.confidence', kind: kinds.confidence!(), required: true },
  { path: 'images.0.instanceSegmentations.0.points', kind: kinds.list!(), required: true },
  { path: 'images.0.instanceSegmentations.0.points.1', kind: kinds.list!() },
  { path: 'images.0.instanceSegmentations.0.points.1.0', kind: kinds.number!() },
  { path: 'images.0.keypoints.0.keypoints', kind: kinds.list!(), required: true },
  { path: 'images.0.keypoints.0.keypoints.0', kind: kinds.object!() },
  { path: 'images.0.keypoints.0.keypoints.0.id', kind: kinds.number!(), required: true },
  { path: 'images.0.keypoints.0.keypoints.0.x', kind: kinds.number!(), required: true },
  { path: 'images.0.keypoints.0.keypoints.0.y', kind: kinds.number!(), required: true },
  { path: 'images.0.keypoints.0.keypoints.0.occluded', kind: kinds.flag!() },
];

describe('event: warnings, field by field', () => {
  for (const type of Object.keys(EVENT_DATA)) {
    it(`a full ${type} has no fault`, () => {
      const { errors, warnings } = validate(fullEvent(type), NOW);
      assert.deepEqual([errors, warnings], [[], []]);
    });
  }

  for (const { type = 'quality_check', path, kind, required = false } of fields) {
    it(`${type} ${path}`, () => {
      if (path !== 'images.0' && !/\.points\.1/.test(path) && !/\.\d+$/.test(path)) {
        expectFaults(type, path, undefined, required ? ['any.required'] : []);
      }
      kind(type, path);
    });
  }

  it('alertType: letters, digits, underscores and dashes', () => {
    const check = (value: string, rules: string[]) =>
      expectFaults('safety_alert', 'eventData.alertType', value, rules, cut(value));
    for (const value of ['no helmet', 'no.helmet', 'fünf', 'a\n']) check(value, ['string.pattern.base']);
    check('no helmet'.repeat(30), ['string.max', 'string.pattern.base']);
    check('No_Helmet-2', []);
  });

  it('lists: as many entries as the page says', () => {
    const sizes: [string, number, string[]][] = [
      ['images', 1000, []],
      ['images', 1001, ['array.max']],
      ...['objectDetections', 'classifications', 'instanceSegmentations', 'keypoints'].flatMap(
        (list): [string, number, string[]][] => [
          [`images.0.${list}`, 0, []],
          [`images.0.${list}`, 1000, []],
          [`images.0.${list}`, 1001, ['array.max']],
        ],
      ),
      ['images.0.instanceSegmentations.0.points', 2, ['array.min']],
      ['images.0.instanceSegmentations.0.points', 5000, []],
      ['images.0.instanceSegmentations.0.points.0', 1, ['array.length']],
      ['images.0.instanceSegmentations.0.points.0', 3, ['array.length']],
      ['images.0.keypoints.0.keypoints', 0, ['array.min']],
    ];
    for (const [path, size, rules] of sizes) {
      const event = fullEvent();
      const entry = path.split('.').reduce((at: unknown, name) => (at as Json)[name], event) as unknown[];
      put(event, path, new Array(size).fill(entry[0]));
      const { warnings } = validate(event, NOW);
      assert.deepEqual(
        warnings.map((warning) => `${warning.type} ${warning.path}`),
        rules.map((rule) => `${rule} ${path}`),
      );
    }
  });

  it('custom metadata: keys, number of keys, values', () => {
    const long = 'v'.repeat(1001);
    const values: [unknown, string[], unknown?][] = [
      ['', ['string.empty']],
      [long, ['string.max'], cut(long)],
      ['v'.repeat(1000), []],
      [0.1234567, ['number.precision']],
      [1e-7, ['number.precision']],
      [0.123456, []],
      [123456789.123456, []],
      [1e21, []],
      [-0.5, []],
      [false, []],
      [null, ['alternatives.types']],
      [[1], ['alternatives.types']],
      [{ a: 1 }, ['alternatives.types']],
      [NaN, ['alternatives.types']],
    ];
    for (const [value, rules, shown] of values) {
      expectFaults('quality_check', 'customMetadata.line', value, rules, shown ?? value);
    }
    for (const key of ['ä', 'a:b', 'a\n', 'k'.repeat(101), '']) {
      expectFaults('quality_check', `customMetadata.${key}`, 1, ['object.unknown']);
    }
    for (const key of ['k'.repeat(100), 'A-z_0 9', '__proto__x']) {
      expectFaults('quality_check', `customMetadata.${key}`, 1, []);
    }
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
    const tooMany = validate({ ...fullEvent(), customMetadata: keys(101) }, NOW).warnings;
    assert.deepEqual(
      tooMany.map(({ type, path }) => [type, path]),
      [['object.max', 'customMetadata']],
    );
    assert.deepEqual(validate({ ...fullEvent(), customMetadata: keys(100) }, NOW).warnings, []);
  });

  it('unknown fields, wherever they stand', () => {
    const places = [
      '',
      'eventData.',
      'images.0.',
      'images.0.classifications.0.',
      'images.0.keypoints.0.keypoints.0.',
      ...detections.map((path) => `${path}.`),
    ];
    for (const place of places) {
      expectFaults('quality_check', `${place}shade`, 'x', ['object.unknown']);
    }
    // A field of another type's eventData is unknown too.
    expectFaults('operator_feedback', 'eventData.externalId', 'x', ['object.unknown']);
    expectFaults('quality_check', 'eventData.severity', 'low', ['object.unknown']);
  });
});

describe('event: errors in the strict fields', () => {
  const error = (path: string, value: unknown) => {
    const event = fullEvent();
    put(event, path, value);
    const { errors, asStored } = validate(event, NOW);
    assert.ok(errors.length <= 1);
    assert.equal(asStored === undefined, errors.length > 0, 'nothing is stored of an event with an error');
    return errors[0];
  };

  const cases: [string, unknown, string][] = [
    ...['eventId', 'useCaseId', 'timestamp'].flatMap((path): [string, unknown, string][] => [
      [path, undefined, 'any.required'],
      [path, null, 'string.base'],
      [path, 7, 'string.base'],
      [path, [], 'string.base'],
      [path, '', 'string.empty'],
    ]),
    ['eventType', undefined, 'any.required'],
    ['eventType', null, 'any.only'],
    ['eventType', 'Quality_Check', 'any.only'],
    ['eventType', '', 'any.only'],
    ['useCaseId', 'u'.repeat(257), 'string.max'],
    ['timestamp', 'yesterday', 'string.isoDate'],
    ['timestamp', '2026-06-31T25:00:00Z', 'string.isoDate'],
    ['timestamp', '06/15/2026', 'string.isoDate'],
    ['timestamp', '2026-02-29T10:00:00Z', 'string.isoDate'],
    ['timestamp', '2026-04-31', 'string.isoDate'],
    ['timestamp', String(NOW), 'string.isoDate'],
    ['timestamp', at(NOW - 365 * DAY - 1), 'date.min'],
    ['timestamp', at(NOW + DAY + 1), 'date.max'],
    ['timestamp', '1970-01-01T00:00:05Z', 'date.min'],
  ];

  it('timestamp: a clock that is plainly wrong is named, and no time is judged by it', () => {
    const in1970 = Date.UTC(1970, 0, 1, 2, 37);
    const errorOf = (timestamp: string, options?: { timeFollows?: boolean }) =>
      validate({ ...fullEvent(), timestamp }, in1970, options).errors[0];
    const found = errorOf(at(in1970));
    assert.equal(found?.type, 'date.min');
    assert.match(
      found.message,
      /^timestamp 1970-01-01T02:37:00.000Z: set this device's clock, it shows 1970-01-01\./,
    );
    assert.equal(errorOf(at(NOW)), undefined, 'the flow knew better than the clock');
    assert.equal(errorOf(at(in1970), { timeFollows: true }), undefined);
    assert.equal(errorOf('yesterday', { timeFollows: true })?.type, 'string.isoDate');
  });

  for (const [path, value, type] of cases) {
    it(`${path}: ${String(JSON.stringify(value)).slice(0, 40)} is ${type}`, () => {
      const found = error(path, value);
      assert.equal(found?.type, type);
      assert.equal(found.path, path);
      assert.ok(found.message.startsWith(`${path} `), found.message);
      assert.match(found.message, /\.$/);
      assert.ok(found.message.length < 400);
    });
  }

  it('takes what is right', () => {
    const fine: [string, unknown][] = [
      ['useCaseId', 'u'.repeat(256)],
      ['eventId', 'any text'],
      ['timestamp', at(NOW - 365 * DAY)],
      ['timestamp', at(NOW + DAY)],
      ['timestamp', '2026-06-15T10:30:00Z'],
      ['timestamp', '2026-06-15T10:30:00.123456+00:00'],
      ['timestamp', '2026-06-15T10:30:00,5+0200'],
      ['timestamp', '2026-06-15T10:30+02'],
      ['timestamp', '2026-02-28T10:30Z'],
      ['timestamp', '2026-05-31'],
    ];
    for (const [path, value] of fine) assert.equal(error(path, value), undefined, `${path} ${String(value)}`);
  });

  it('reports them in the order of the API page, warnings beside', () => {
    const { errors, warnings } = validate({ images: 1 }, NOW);
    assert.deepEqual(
      errors.map(({ path }) => path),
      ['eventId', 'eventType', 'useCaseId', 'timestamp'],
    );
    assert.deepEqual(
      warnings.map(({ path }) => path),
      ['eventData', 'images'],
    );
  });

  it('hands back a sendable event, and none that the API would refuse', () => {
    const faulty = { ...fullEvent(), deviceId: 5 };
    for (const event of [fullEvent(), faulty]) {
      const checked = validate(event, NOW);
      assert.ok(checked.ok && checked.event === event);
    }
    const refused = validate({ ...fullEvent(), eventId: 5 }, NOW);
    assert.deepEqual([refused.ok, refused.event], [false, undefined]);
  });

  it('takes the clock of the machine when it is given none', () => {
    const ofDay = (timestamp: number) => validate({ ...fullEvent(), timestamp: at(timestamp) }).ok;
    assert.deepEqual([ofDay(Date.now()), ofDay(Date.now() - 400 * DAY)], [true, false]);
  });

  it('says of anything that is not an object that it is none', () => {
    for (const nothing of [undefined, null, 'text', 5, [], [fullEvent()], new Date(), () => 1]) {
      const { errors, warnings, warningCount, asStored } = validate(nothing, NOW);
      assert.deepEqual([errors.length, errors[0]?.type, errors[0]?.path], [1, 'object.base', '']);
      assert.deepEqual([warnings, warningCount, asStored], [[], 0, undefined]);
    }
  });
});

describe('event: the report', () => {
  it('lists 200 warnings, the first by path, and counts all', () => {
    const event = fullEvent();
    const broken = Array.from({ length: 1000 }, () => ({ class: '', confidence: 2 }));
    put(event, 'images.0.classifications', broken);
    put(event, 'zzz', 1);
    const { warnings, warningCount } = validate(event, NOW);
    assert.equal(warningCount, 2001);
    assert.equal(warnings.length, 200);
    assert.equal(warnings[0]?.path, 'images.0.classifications.0.class');
    assert.equal(warnings[199]?.path, 'images.0.classifications.99.confidence');
  });

  it('orders by path, array positions as numbers', () => {
    const event = fullEvent();
    put(
      event,
      'images.0.classifications',
      Array.from({ length: 12 }, () => ({ class: 'a' })),
    );
    put(event, 'images.0.aaa', 1);
    put(event, 'images.0.sss', 1);
    put(event, 'aaa', 1);
    put(event, 'deviceId', 1);
    const paths = validate(event, NOW).warnings.map(({ path }) => path);
    const classifications = Array.from({ length: 12 }, (_, i) => `images.0.classifications.${i}.confidence`);
    assert.deepEqual(paths, ['aaa', 'deviceId', 'images.0.aaa', ...classifications, 'images.0.sss']);
  });

  it('shortens long values, and leaves the event alone', () => {
    const event = fullEvent();
    put(event, 'eventData.externalId', 'e'.repeat(5000));
    put(event, 'images.0.odd', {
      list: Array.from({ length: 500 }, (_, i) => i),
      deep: { deep: { deep: { deep: 1 } } },
    });
    const before = structuredClone(event);
    const { warnings } = validate(event, NOW);
    assert.deepEqual(event, before);
    assert.ok(JSON.stringify(warnings).length < 1000, JSON.stringify(warnings));
    assert.deepEqual(
      warnings.map(({ valueType }) => valueType),
      ['string', 'object'],
    );
  });
});

describe('event: as stored', () => {
  it('empties eventData with a fault, and drops every other field with one', () => {
    const event = fullEvent();
    put(event, 'eventData.result', 'PASS');
    put(event, 'images.0.keypoints.0.x', '1');
    put(event, 'customMetadata.line', null);
    put(event, 'deviceId', 5);
    put(event, 'solution', 'old name');
    const {
      eventId,
      eventType,
      useCaseId,
      timestamp,
      streamId,
      workflowId,
      workflowVersion,
      displayImagePosition,
      comment,
    } = event;
    assert.deepEqual(validate(event, NOW).asStored, {
      ...{
        eventId,
        eventType,
        useCaseId,
        timestamp,
        streamId,
        workflowId,
        workflowVersion,
        displayImagePosition,
        comment,
      },
      ...{ eventData: {} },
    });
  });

  it('an operator feedback without relatedEventId is stored without its data, as the API page shows', () => {
    const event = fullEvent('operator_feedback');
    put(event, 'eventData.relatedEventId', undefined);
    const { warnings, asStored } = validate(event, NOW);
    assert.deepEqual(warnings, [
      { type: 'any.required', path: 'eventData.relatedEventId', value: null, valueType: 'object' },
    ]);
    assert.deepEqual((asStored as Json).eventData, {});
  });

  it('what is stored has no faults any more, but for the fields that feedback must have', () => {
    holds(
      fc.property(brokenEvent(4), (event) => {
        const { errors, asStored } = validate(event, NOW);
        if (errors.length > 0) return assert.equal(asStored, undefined);
        assert.deepEqual(
          looseVisionEventSchema.safeParse(asStored).error,
          undefined,
          'its type tells the truth',
        );
        const again = validate(asStored, NOW);
        assert.deepEqual(again.errors, []);
        const emptied = Object.keys((asStored as Json).eventData as Json).length === 0;
        const expected =
          emptied && event.eventType === 'operator_feedback'
            ? ['eventData.feedback', 'eventData.relatedEventId']
            : [];
        assert.deepEqual(
          again.warnings.map(({ path }) => path),
          expected,
        );
      }),
      2000,
    );
  });
});

describe('event: hostile input', () => {
  it('any value as any field never throws', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSparseArray: true,
      withNullPrototype: true,
      withBoxedValues: true,
      withObjectString: true,
    });
    holds(
      fc.property(
        fc.constantFrom(...fields.map(({ path }) => path), 'eventId', 'timestamp'),
        anything,
        (path, value) => {
          const event = fullEvent();
          put(event, path, value);
          const { warnings, errors } = validate(event, NOW);
          JSON.stringify([warnings, errors]);
        },
      ),
      3000,
    );
    holds(
      fc.property(anything, (value) => {
        const { errors } = validate(value, NOW);
        JSON.stringify(errors);
        assert.notEqual(errors.length, 0);
      }),
      500,
    );
  });

  it('cycles, getters that throw, odd prototypes, revoked proxies', () => {
    const cyclic = fullEvent();
    put(cyclic, 'eventData.self', cyclic);
    put(cyclic, 'images.0.classifications.0.self', cyclic.images);
    assert.deepEqual(
      validate(cyclic, NOW).warnings.map(({ type, path }) => `${type} ${path}`),
      ['object.unknown eventData.self', 'object.unknown images.0.classifications.0.self'],
    );

    const trap = {
      get eventType(): string {
        throw new Error('trap');
      },
    };
    assert.match(validate(trap, NOW).errors[0]!.message, /cannot be read/);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    assert.match(validate(proxy, NOW).errors[0]!.message, /cannot be read/);

    const inherited = Object.create(fullEvent()) as Json;
    assert.equal(validate(inherited, NOW).errors.length, 4, 'JSON does not send inherited fields');
    const polluting = JSON.parse(
      `{"__proto__": {"eventId": "x"}, "customMetadata": {"__proto__": {"a": 1}}}`,
    ) as Json;
    const found = validate({ ...fullEvent(), ...polluting, eventData: JSON.parse('{"__proto__": 1}') }, NOW);
    assert.deepEqual(
      found.warnings.map(({ type, path }) => `${type} ${path}`),
      [
        'object.unknown __proto__',
        'alternatives.types customMetadata.__proto__',
        'object.unknown eventData.__proto__',
      ],
    );
    assert.equal(({} as Json).a, undefined);
  });

  it('a hole in a list is what JSON makes of it, null', () => {
    const event = fullEvent();
    put(event, 'images', new Array(1));
    assert.deepEqual(validate(event, NOW).warnings, [
      { type: 'object.base', path: 'images.0', value: null, valueType: 'object' },
    ]);
  });

  it('a huge list takes bounded work', function () {
    this.timeout(30_000);
    const event = fullEvent();
    put(event, 'images.0.classifications', new Array(4_000_000_000));
    const { warnings, warningCount } = validate(event, NOW);
    assert.equal(warnings[0]?.type, 'array.max');
    assert.ok(warningCount > 1_000_000 && warnings.length === 200);
    assert.ok(JSON.stringify(warnings).length < 100_000);
  });
});
