/** Events for the tests: generated ones without a fault, and the same with random faults put in. */
import fc from 'fast-check';

export const NOW = Date.parse('2026-06-15T12:00:00Z');

export type Json = Record<string, unknown>;

const text = (max: number) =>
  fc.oneof(
    { weight: 20, arbitrary: fc.string({ minLength: 1, maxLength: Math.min(max, 20) }) },
    { weight: 1, arbitrary: fc.constantFrom('x'.repeat(max), 'ü'.repeat(max), '\u{1F6A7}'.repeat(max / 2)) },
  );
const identifier = text(256);
const coordinate = fc.oneof(
  fc.integer({ min: -10, max: 4000 }),
  fc.double({ min: -10, max: 4000, noNaN: true }),
);
const box = {
  class: text(300),
  x: coordinate,
  y: coordinate,
  width: coordinate,
  height: coordinate,
  confidence: fc.double({ min: 0, max: 1, noNaN: true }),
};
const keypoint = fc.record(
  { id: fc.nat(40), x: coordinate, y: coordinate, occluded: fc.boolean() },
  { requiredKeys: ['id', 'x', 'y'] },
);
const few = <T>(arbitrary: fc.Arbitrary<T>, minLength = 0) =>
  fc.array(arbitrary, { minLength, maxLength: minLength + 3 });

const image = fc.record(
  {
    label: text(300),
    sourceId: text(40),
    inputSourceId: text(40),
    objectDetections: few(fc.record(box)),
    classifications: few(fc.record({ class: box.class, confidence: box.confidence })),
    instanceSegmentations: few(fc.record({ ...box, points: few(fc.tuple(coordinate, coordinate), 3) })),
    keypoints: few(fc.record({ ...box, keypoints: few(keypoint, 1) })),
  },
  { requiredKeys: [] },
);

const metadataKey = fc.stringMatching(/^[a-zA-Z0-9_ -]{1,20}$/).filter((key) => key !== '__proto__');
const metadataValue = fc.oneof(
  text(1000),
  fc.integer(),
  fc.integer({ min: -1e9, max: 1e9 }).map((millionths) => millionths / 1e6),
  fc.boolean(),
);
const externalId = text(1000);

export const EVENT_DATA = {
  quality_check: fc.record({ result: fc.constantFrom('pass', 'fail'), externalId }, { requiredKeys: [] }),
  inventory_count: fc.record(
    { location: text(1000), itemCount: fc.nat(), itemType: text(1000), externalId },
    { requiredKeys: [] },
  ),
  safety_alert: fc.record(
    {
      alertType: fc.stringMatching(/^[a-zA-Z0-9_-]{1,30}$/),
      severity: fc.constantFrom('low', 'medium', 'high'),
      description: text(10000),
      externalId,
    },
    { requiredKeys: [] },
  ),
  custom: fc.record({ value: text(10000), externalId }, { requiredKeys: [] }),
  operator_feedback: fc.record({
    relatedEventId: fc.uuid(),
    feedback: fc.constantFrom('correct', 'incorrect', 'inconclusive'),
  }),
};

const timestamp = fc
  .integer({ min: NOW - 364 * 86_400_000, max: NOW + 86_000_000 })
  .map((moment) => new Date(moment).toISOString());

/** Any event that the API stores without a warning. */
export const faultlessEvent: fc.Arbitrary<Json> = fc
  .constantFrom(...(Object.keys(EVENT_DATA) as (keyof typeof EVENT_DATA)[]))
  .chain((type) =>
    fc.record(
      {
        eventId: fc.uuid(),
        eventType: fc.constant(type),
        useCaseId: identifier,
        timestamp,
        eventData: EVENT_DATA[type] as fc.Arbitrary<Json>,
        deviceId: identifier,
        streamId: identifier,
        workflowId: identifier,
        workflowVersion: text(64),
        images: few(image),
        displayImagePosition: fc.integer({ min: 0, max: 999 }),
        customMetadata: fc.dictionary(metadataKey, metadataValue, { maxKeys: 5, noNullPrototype: true }),
        comment: text(300),
      },
      { requiredKeys: ['eventId', 'eventType', 'useCaseId', 'timestamp', 'eventData'] },
    ),
  );

/** Values at and beyond the edges of the rules, and such as users really send. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      '',
      ' ',
      ' pass ',
      'FAIL',
      'High',
      'true',
      'False',
      'null',
      '12',
      ' -3.5 ',
      '1e400',
      '0x10',
      '1,5',
      'Quality_Check',
    ],
    ...[
      -1,
      -0.0000001,
      0,
      0.1234567,
      1,
      1.5,
      1e-7,
      1e21,
      999,
      1000,
      41.999,
      2 ** 53,
      1_780_000_000,
      1_780_000_000_000,
    ],
    ...[
      true,
      false,
      null,
      [],
      {},
      [[]],
      [null],
      { a: 1 },
      [[1, 2]],
      [
        ['1', '2'],
        [3, 4],
        [5, 6, 7],
      ],
    ],
    ...[64, 100, 256, 1000, 10000].flatMap((length) => ['y'.repeat(length), 'y'.repeat(length + 1)]),
    `   ${'z'.repeat(300)}   `,
    'No hard hat!',
    '\u5371\u967a',
  ),
  // Joi does not look at a field of this name; `validate.test.ts` does.
  (fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>).filter(
    (value) => !JSON.stringify(value).includes('__proto__'),
  ),
);

const oddKey = fc
  .oneof(
    fc.constantFrom(
      'solution',
      'metadata',
      'a b',
      'Gr\u00f6\u00dfe (mm)',
      'temp\u00b0',
      'temp',
      'k'.repeat(100),
      'k'.repeat(101),
      '10',
      '9',
      '',
    ),
    fc.string({ maxLength: 10 }),
  )
  .filter((key) => key !== '__proto__');

interface Change {
  where: number;
  what: 'replace' | 'remove' | 'add' | 'grow';
  key: string;
  value: unknown;
}

const change: fc.Arbitrary<Change> = fc.record({
  where: fc.nat(),
  what: fc.oneof(
    { weight: 60, arbitrary: fc.constant('replace' as const) },
    { weight: 20, arbitrary: fc.constant('remove' as const) },
    { weight: 20, arbitrary: fc.constant('add' as const) },
    { weight: 1, arbitrary: fc.constant('grow' as const) },
  ),
  key: oddKey,
  value: oddValue,
});

/** An event with up to so many faults anywhere; sometimes with none. */
export function brokenEvent(maxChanges: number): fc.Arbitrary<Json> {
  return fc.tuple(faultlessEvent, fc.array(change, { maxLength: maxChanges })).map(([event, changes]) => {
    // Through JSON, because that is how an event reaches the API; and for a copy of its own.
    const copy = JSON.parse(JSON.stringify(event)) as Json;
    for (const one of changes) apply(one, copy);
    return copy;
  });
}

type Container = Json | unknown[];

function apply({ where, what, key, value }: Change, event: Json): void {
  const places = placesIn(event);
  const { parent, name } = places[where % places.length]!;
  const fields = parent as Json;
  const own = JSON.parse(JSON.stringify(value)) as unknown;
  if (what === 'replace') fields[name] = own;
  else if (what === 'add') addTo(fields[name], key, own);
  else if (what === 'grow') grow(fields[name]);
  else if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete fields[name];
}

function addTo(container: unknown, key: string, value: unknown): void {
  if (Array.isArray(container)) container.push(value);
  else if (typeof container === 'object' && container !== null) (container as Json)[key] = value;
}

function grow(container: unknown): void {
  if (Array.isArray(container) && container.length > 0) {
    const length = container.length;
    for (let i = length; i < 1001; i += 1) {
      container.push(JSON.parse(JSON.stringify(container[i % length])) as unknown);
    }
  } else if (typeof container === 'object' && container !== null && !Array.isArray(container)) {
    for (let i = 0; i < 101; i += 1) (container as Json)[`grown ${i}`] = i;
  }
}

function placesIn(container: Container): { parent: Container; name: string }[] {
  return Object.keys(container).flatMap((name) => {
    const child = (container as Json)[name];
    const below = typeof child === 'object' && child !== null ? placesIn(child as Container) : [];
    return [{ parent: container, name }, ...below];
  });
}
