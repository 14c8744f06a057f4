import assert from 'node:assert/strict';
import fc from 'fast-check';
import { repair } from '../../../src/event/repair';
import { validate } from '../../../src/event/validate';
import { brokenEvent, faultlessEvent, NOW, type Json } from './events';
import { holds } from './property';

const box = { class: 'dent', x: 1, y: 2, width: 3, height: 4, confidence: 0.5 };

function eventWith(changes: Json, type = 'quality_check'): Json {
  return {
    eventId: 'e1',
    eventType: type,
    useCaseId: 'u1',
    timestamp: '2026-06-15T10:00:00Z',
    eventData: {},
    ...changes,
  };
}

/** Repairs one thing; expects what it became and that just this was said. */
function expectRepaired(event: Json, path: string, from: unknown, to: unknown): Json {
  const { event: after, repaired } = repair(event);
  assert.deepEqual(repaired, [to === undefined ? { path, from } : { path, from, to }]);
  return after;
}

describe('event: what repair changes', () => {
  const leaves: [string, Json, string, unknown, unknown, string?][] = [
    ['an enum value in another case', { eventData: { result: 'FAIL' } }, 'eventData.result', 'FAIL', 'fail'],
    [
      'an enum value with spaces',
      { eventData: { severity: ' High ' } },
      'eventData.severity',
      ' High ',
      'high',
      'safety_alert',
    ],
    [
      'an alertType',
      { eventData: { alertType: 'No hard hat!' } },
      'eventData.alertType',
      'No hard hat!',
      'No_hard_hat',
      'safety_alert',
    ],
    [
      'a number as text',
      { eventData: { itemCount: ' 42 ' } },
      'eventData.itemCount',
      ' 42 ',
      42,
      'inventory_count',
    ],
    [
      'a number with a fraction',
      { eventData: { itemCount: 41.999 } },
      'eventData.itemCount',
      41.999,
      42,
      'inventory_count',
    ],
    ['text given as a number', { eventData: { externalId: 4711 } }, 'eventData.externalId', 4711, '4711'],
    ['an empty text', { deviceId: '' }, 'deviceId', '', undefined],
    ['null', { streamId: null }, 'streamId', null, undefined],
    [
      'spaces around a text that is too long',
      { workflowVersion: `${' '.repeat(64)}1.2` },
      'workflowVersion',
      `${' '.repeat(64)}1.2`,
      '1.2',
    ],
    [
      'a text that is too long',
      { workflowVersion: 'v'.repeat(65) },
      'workflowVersion',
      'v'.repeat(65),
      'v'.repeat(64),
    ],
    ['a position as text', { displayImagePosition: '0' }, 'displayImagePosition', '0', 0],
    [
      'metadata with too many decimals',
      { customMetadata: { t: 1.23456789 } },
      'customMetadata.t',
      1.23456789,
      1.234568,
    ],
    ['metadata without a value', { customMetadata: { t: null, u: 1 } }, 'customMetadata.t', null, undefined],
    ['the event type', { eventType: 'Quality_Check' }, 'eventType', 'Quality_Check', 'quality_check'],
    ['an epoch in milliseconds', { timestamp: NOW }, 'timestamp', NOW, '2026-06-15T12:00:00.000Z'],
    ['an epoch in seconds', { timestamp: NOW / 1000 }, 'timestamp', NOW / 1000, '2026-06-15T12:00:00.000Z'],
    ['an epoch as text', { timestamp: String(NOW) }, 'timestamp', String(NOW), '2026-06-15T12:00:00.000Z'],
    [
      'a space in a timestamp',
      { timestamp: '2026-06-15 12:00:00+02:00' },
      'timestamp',
      '2026-06-15 12:00:00+02:00',
      '2026-06-15T10:00:00.000Z',
    ],
    ['eventData that is missing', { eventData: undefined }, 'eventData', null, {}],
  ];
  for (const [name, changes, path, from, to, type = 'quality_check'] of leaves) {
    it(name, () => {
      const after = expectRepaired(eventWith({ eventType: type, ...changes }), path, from, to);
      const { errors, warnings } = validate(after, NOW);
      assert.deepEqual([errors, warnings], [[], []]);
    });
  }

  it('a Date as timestamp', () => {
    const { event, repaired } = repair(eventWith({ timestamp: new Date(NOW) }));
    assert.equal(event.timestamp, '2026-06-15T12:00:00.000Z');
    assert.deepEqual(
      repaired.map(({ path }) => path),
      ['timestamp'],
    );
  });

  it('metadata keys, never merging two into one', () => {
    const { event, repaired } = repair(
      eventWith({ customMetadata: { 'Größe (mm)': 1, 'a!': 2, 'a?': 3, 'b.c': 4, b_c: 5, 温度: 6 } }),
    );
    assert.deepEqual(event.customMetadata, { Grosse_mm: 1, a: 2, 'a?': 3, 'b.c': 4, b_c: 5, 温度: 6 });
    assert.deepEqual(repaired, [
      { path: 'customMetadata.Größe (mm)', from: 'Größe (mm)', to: 'Grosse_mm' },
      { path: 'customMetadata.a!', from: 'a!', to: 'a' },
    ]);
  });

  it('numbers, confidence and flags of detections', () => {
    const images = [
      {
        objectDetections: [
          { ...box, class: 7, x: '1.5', confidence: 1.2 },
          { ...box, confidence: '-0.1' },
        ],
        keypoints: [{ ...box, keypoints: [{ id: '0', x: 1, y: '2e1', occluded: 'True' }] }],
      },
    ];
    const { event } = repair(eventWith({ images }));
    assert.deepEqual(event.images, [
      {
        objectDetections: [
          { ...box, class: '7', x: 1.5, confidence: 1 },
          { ...box, confidence: 0 },
        ],
        keypoints: [{ ...box, keypoints: [{ id: 0, x: 1, y: 20, occluded: true }] }],
      },
    ]);
    assert.deepEqual(validate(event, NOW).warnings, []);
  });

  it('a polygon under 3 points and a pose without keypoints become boxes', () => {
    const short = {
      ...box,
      class: 'p',
      points: [
        [1, 2],
        [3, 4],
      ],
    };
    const pose = { ...box, class: 'k', keypoints: [] };
    const whole = { ...box, keypoints: [{ id: 1, x: 1, y: 1 }] };
    const images = [
      {
        objectDetections: [box],
        instanceSegmentations: [short, { ...box, class: 'q' }],
        keypoints: [pose, whole],
      },
    ];
    const { event, repaired } = repair(eventWith({ images }));
    assert.deepEqual(event.images, [
      {
        objectDetections: [box, { ...box, class: 'p' }, { ...box, class: 'q' }, { ...box, class: 'k' }],
        keypoints: [whole],
      },
    ]);
    assert.deepEqual(
      repaired.map(({ path }) => path),
      ['images.0.instanceSegmentations.0', 'images.0.instanceSegmentations.1', 'images.0.keypoints.0'],
    );
  });

  it('of a list that is too long the 1000 most confident stay, in their order, of equals the first', () => {
    const classifications = Array.from({ length: 1500 }, (_, i) => ({
      class: String(i),
      confidence: i % 3 === 0 ? 0.1 : 0.9,
    }));
    const { event } = repair(eventWith({ images: [{ classifications }] }));
    const kept = (event.images as { classifications: unknown[] }[])[0]!.classifications;
    assert.deepEqual(
      kept,
      classifications.filter(({ confidence }) => confidence === 0.9),
    );

    const equal = Array.from({ length: 1001 }, (_, i) => ({ class: String(i), confidence: 0.5 }));
    const { event: after, repaired } = repair(eventWith({ images: [{ classifications: equal }] }));
    assert.deepEqual(after.images, [{ classifications: equal.slice(0, 1000) }]);
    assert.deepEqual(repaired, [
      { path: 'images.0.classifications', from: '1001 entries', to: 'the 1000 most confident' },
    ]);
  });

  it('a polygon moved into a full list makes room by confidence', () => {
    const full = Array.from({ length: 1000 }, (_, i) => ({ ...box, x: i, confidence: i === 3 ? 0.1 : 0.6 }));
    const { event } = repair(
      eventWith({ images: [{ objectDetections: full, instanceSegmentations: [{ ...box, points: [] }] }] }),
    );
    assert.deepEqual(event.images, [{ objectDetections: [...full.filter((_, i) => i !== 3), box] }]);
  });

  it('never cuts half a character', () => {
    const { event } = repair(eventWith({ workflowVersion: `${'v'.repeat(63)}\u{1F6A7}` }));
    assert.equal(event.workflowVersion, 'v'.repeat(63));
  });

  it('leaves what would be made up, and what it does not know', () => {
    const stays: Json[] = [
      { useCaseId: 'u'.repeat(300) },
      { eventId: '' },
      { timestamp: 'yesterday' },
      { eventType: 'audit' },
      { eventData: { result: 'ok' } },
      { eventData: { relatedEventId: null }, eventType: 'operator_feedback' },
      { eventData: undefined, eventType: 'operator_feedback' },
      { eventData: { itemCount: -1 }, eventType: 'inventory_count' },
      { eventData: { alertType: '危険' }, eventType: 'safety_alert' },
      { eventData: { shade: ' X '.repeat(1000) } },
      { solution: 'u1', images: [{ metadata: { a: '' } }] },
      {
        images: [
          {
            objectDetections: [{ ...box, class: null, x: 'left', y: '0x10', width: '1,5', confidence: NaN }],
          },
        ],
      },
      { images: [{ objectDetections: 'none', instanceSegmentations: [{ ...box, points: [] }] }] },
      { customMetadata: { nested: { a: 1 }, list: [1] } },
    ];
    for (const changes of stays) {
      const event = eventWith(changes);
      const { event: after, repaired } = repair(event);
      assert.deepEqual(repaired, [], JSON.stringify(changes).slice(0, 80));
      assert.equal(after, event);
    }
  });

  it('keeps a field called __proto__ a field', () => {
    const given = JSON.parse(
      '{"__proto__": {"polluted": 1}, "deviceId": "", "customMetadata": {"__proto__": 1, "a!": 2}}',
    ) as Json;
    const { event } = repair({ ...eventWith({}), ...given });
    assert.equal(JSON.stringify(event.customMetadata), '{"__proto__":1,"a":2}');
    assert.equal(Object.getPrototypeOf(event), Object.prototype);
    assert.equal((event as { polluted?: number }).polluted, undefined);
  });

  it('lists at most 200 changes and counts all', () => {
    const objectDetections = Array.from({ length: 500 }, () => ({ ...box, x: '1' }));
    const { repaired, repairedCount } = repair(eventWith({ images: [{ objectDetections }] }));
    assert.deepEqual([repaired.length, repairedCount], [200, 500]);
  });
});

describe('event: the laws of repair', () => {
  const faultsOf = (event: unknown) => {
    const { errors, warningCount } = validate(event, NOW);
    return errors.length + warningCount;
  };

  it('a repaired event has never more faults, warnings or errors than before', function () {
    this.timeout(60_000);
    let better = 0;
    holds(
      fc.property(brokenEvent(5), (event) => {
        const before = validate(event, NOW);
        const after = validate(repair(event).event, NOW);
        assert.ok(after.warningCount <= before.warningCount, 'more warnings');
        assert.ok(after.errors.length <= before.errors.length, 'more errors');
        if (faultsOf(event) > faultsOf(repair(event).event)) better += 1;
      }),
      3000,
    );
    assert.ok(better > 200, `only ${better} events became better`);
  });

  it('repairing twice is repairing once', function () {
    this.timeout(60_000);
    holds(
      fc.property(brokenEvent(5), (event) => {
        const once = repair(event).event;
        const twice = repair(once);
        assert.equal(twice.event, once);
        assert.deepEqual(twice.repaired, []);
      }),
      2000,
    );
  });

  it('the given event is not changed, and says nothing when nothing was', function () {
    this.timeout(60_000);
    holds(
      fc.property(brokenEvent(5), (event) => {
        const copy = structuredClone(event);
        const { event: after, repaired } = repair(event);
        assert.deepEqual(event, copy);
        assert.equal(repaired.length === 0, after === event);
        if (repaired.length > 0) assert.notDeepEqual(after, event);
      }),
      2000,
    );
  });

  it('a faultless event is left alone', () => {
    holds(
      fc.property(faultlessEvent, (event) => {
        assert.equal(repair(event).event, event);
      }),
      500,
    );
  });

  it('never throws', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSparseArray: true,
      withNullPrototype: true,
    });
    const name = fc.constantFrom(
      'eventId',
      'eventType',
      'timestamp',
      'eventData',
      'images',
      'customMetadata',
      'deviceId',
    );
    holds(
      fc.property(name, anything, (field, value) => {
        JSON.stringify(repair(eventWith({ [field]: value })).repaired);
        repair(eventWith({ images: [value, { objectDetections: [value], keypoints: value }] }));
        repair(value);
      }),
      2000,
    );
    const huge = eventWith({ images: [{ objectDetections: new Array(4_000_000_000) }] });
    assert.equal(repair(huge).event, huge);
    const cyclic = eventWith({ deviceId: '' });
    cyclic.self = cyclic;
    assert.equal(repair(cyclic).repaired.length, 1);
    const trap = {
      get eventType(): string {
        throw new Error('trap');
      },
    };
    assert.equal(repair(trap).event, trap);
  });
});
