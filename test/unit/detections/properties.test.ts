import assert from 'node:assert/strict';
import fc from 'fast-check';
import { convertDetections, DetectionError, FORMATS } from '../../../src/detections/convert';
import type { DetectionResult, DetectionSettings } from '../../../src/detections/convert';
import { ADAPTERS } from '../../../src/detections/formats';
import { recognise } from '../../../src/detections/recognise';
import { BOX_CONVENTIONS, COORDINATE_UNITS } from '../../../src/detections/geometry';
import type { BoxConvention, CoordinateUnit } from '../../../src/detections/geometry';
import { SOURCE_FITS } from '../../../src/detections/types';
import { customMetadataSchema, eventImageSchema } from '../../../src/event/model';
import type { Classification, ObjectDetection } from '../../../src/event/types';
import { assertClose } from './assertions';
import { CHOSEN, PICTURE, RECOGNISED } from './scene';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const FIXTURES = [...RECOGNISED, ...CHOSEN];

/** What the event model and, beyond it, the API asks of annotations ("Create a Vision Event"). */
function assertObeysEventModel({ images, count, dropped, notes, metadata }: DetectionResult): void {
  assert.ok(images.length >= 1 && images.length <= 1000);
  let counted = 0;
  for (const { annotations, imageSize } of images) {
    assert.deepEqual(eventImageSchema.safeParse(annotations).error?.issues ?? [], []);
    if (imageSize) assert.ok(imageSize.width > 0 && imageSize.height > 0);
    for (const list of Object.values<(ObjectDetection | Classification)[]>(annotations)) {
      assert.ok(list.length > 0, 'an empty list');
      counted += list.length;
      for (const entry of list) if ('width' in entry) assert.ok(entry.width > 0 && entry.height > 0);
    }
  }
  assert.equal(count, counted);
  assert.ok(dropped >= 0);
  assert.equal(new Set(notes).size, notes.length);
  if (metadata) assert.deepEqual(customMetadataSchema.safeParse(metadata).error?.issues ?? [], []);
}

/** Converts, or is refused with the one documented error; anything else fails the test. */
function convertOrRefuse(payload: unknown, settings: DetectionSettings, sized: boolean): void {
  try {
    assertObeysEventModel(convertDetections(payload, settings, sized ? { imageSize: PICTURE } : {}));
  } catch (error) {
    if (!(error instanceof DetectionError)) throw error;
    assert.ok(error.message.length > 20 && error.message.length < 1000, error.message);
  }
}

/** Values that detectors should not send. */
const oddValue = fc.oneof(
  fc.constantFrom(
    null,
    '',
    '0.5',
    'abc',
    -1,
    0,
    0.5,
    1.2,
    1e308,
    -1e308,
    5e-324,
    87,
    true,
    [],
    {},
    [[]],
    [{}],
    [null],
  ),
  fc.double(),
  fc.jsonValue(),
);

/** A fixture with a few of its values replaced. */
const damagedFixture = fc
  .tuple(fc.constantFrom(...FIXTURES), fc.array(fc.tuple(fc.nat(), oddValue), { minLength: 1, maxLength: 4 }))
  .map(([fixture, changes]) => {
    let payload: unknown = structuredClone(fixture.payload);
    for (const [position, value] of changes) payload = replaceAt(payload, position, value);
    return { fixture, payload };
  });

function replaceAt(root: unknown, position: number, value: unknown): unknown {
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      const holder = node as Record<string, unknown>;
      places.push({ holder, key });
      visit(holder[key]);
    }
  };
  visit(root);
  const place = places[position % Math.max(places.length, 1)];
  if (!place) return value;
  place.holder[place.key] = structuredClone(value);
  return root;
}

const settings = fc.record(
  {
    units: fc.constantFrom('auto' as const, 'pixel' as const, 'fraction' as const),
    sourceFit: fc.constantFrom(...SOURCE_FITS),
    sourceSize: fc.constantFrom({ width: 320, height: 320 }),
    onMissingSize: fc.constantFrom('error' as const, 'skip-boxes' as const),
    allClasses: fc.boolean(),
    metadataCandidates: fc.boolean(),
    personalNames: fc.boolean(),
    multipleImages: fc.constantFrom('all' as const, 'first' as const),
    labels: fc.constant<string[]>(['pipe', 'valve']),
    defaultClass: fc.constantFrom('thing'),
  },
  { requiredKeys: [] },
);

function findsNothing(payload: unknown, format: string): boolean {
  try {
    return convertDetections(payload, { format }).count === 0;
  } catch (error) {
    assert.ok(error instanceof DetectionError);
    return true;
  }
}

const anyFormat = fc.constantFrom('auto', ...FORMATS.map(({ id }) => id));

describe('properties of the conversion', function () {
  this.timeout(60000);
  before(() => console.log(`    fast-check seed ${seed} (set SEED to repeat)`));

  it('any JSON value is converted to lists that the event model takes, or refused with a DetectionError', () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyFormat, settings, fc.boolean(), (payload, format, others, sized) =>
        convertOrRefuse(payload, { format, ...others }, sized),
      ),
      { seed, numRuns: 1500 },
    );
  });

  it('so is any detector payload with odd values in it', () => {
    fc.assert(
      fc.property(
        damagedFixture,
        fc.boolean(),
        settings,
        fc.boolean(),
        ({ fixture, payload }, declared, others, sized) =>
          convertOrRefuse(
            payload,
            { format: declared ? fixture.format : 'auto', ...fixture.settings, ...others },
            sized,
          ),
      ),
      { seed, numRuns: 4000 },
    );
  });

  it('never changes the payload', () => {
    fc.assert(
      fc.property(damagedFixture, anyFormat, settings, ({ payload }, format, others) => {
        const before = structuredClone(payload);
        convertOrRefuse(payload, { format, ...others }, true);
        assert.deepEqual(payload, before);
      }),
      { seed, numRuns: 1500 },
    );
  });

  it('finds with the keys of the first row what it would find by looking at all formats', () => {
    fc.assert(
      fc.property(damagedFixture, ({ payload }) => {
        const hits = ADAPTERS.filter((adapter) => adapter.matches(payload)).map(({ id }) => id);
        let found: string[];
        try {
          const adapter = recognise(payload);
          // An empty list is told from all formats before any of them is asked: those that it fits find nothing in it.
          found = adapter === 'any-empty' ? hits.filter((id) => findsNothing(payload, id)) : [adapter.id];
        } catch (error) {
          assert.ok(error instanceof DetectionError);
          found = hits.length > 1 && error.code === 'ambiguous-format' ? (error.candidates ?? []) : [];
        }
        assert.deepEqual([...found].sort(), [...hits].sort());
      }),
      { seed, numRuns: 3000 },
    );
  });

  it('brings a box home from every convention, unit and fit within a millionth', () => {
    const scene = fc.record({
      picture: fc.record({
        width: fc.integer({ min: 16, max: 8000 }),
        height: fc.integer({ min: 16, max: 8000 }),
      }),
      source: fc.option(
        fc.record({ width: fc.integer({ min: 16, max: 2000 }), height: fc.integer({ min: 16, max: 2000 }) }),
        { nil: undefined },
      ),
      fit: fc.constantFrom(...SOURCE_FITS),
      convention: fc.constantFrom(...BOX_CONVENTIONS),
      units: fc.constantFrom(...COORDINATE_UNITS),
      left: fc.double({ min: 0, max: 0.9, noNaN: true }),
      top: fc.double({ min: 0, max: 0.9, noNaN: true }),
      width: fc.double({ min: 0.01, max: 0.1, noNaN: true }),
      height: fc.double({ min: 0.01, max: 0.1, noNaN: true }),
    });
    fc.assert(
      fc.property(scene, ({ picture, source, fit, convention, units, ...parts }) => {
        const corners = {
          left: parts.left * picture.width,
          top: parts.top * picture.height,
          right: (parts.left + parts.width) * picture.width,
          bottom: (parts.top + parts.height) * picture.height,
        };
        const project = (x: number, y: number) =>
          toUnits(toGrid([x, y], picture, source, fit), source ?? picture, units);
        const first = project(corners.left, corners.top);
        const second = project(corners.right, corners.bottom);
        const points = [first, project(corners.right, corners.top), second];
        const mapping = {
          list: '',
          class: { const: 'valve' },
          confidence: { const: 1 },
          box: { convention, units, fields: 'box' },
          points: { path: 'points', shape: 'pairs', units },
          sourceSize: source,
          fit,
        };
        const payload = [{ box: inConvention(first, second, convention), points }];
        const { images } = convertDetections(payload, { format: 'custom', mapping }, { imageSize: picture });
        assertClose(images[0]?.annotations.instanceSegmentations, [
          {
            class: 'valve',
            confidence: 1,
            x: (corners.left + corners.right) / 2,
            y: (corners.top + corners.bottom) / 2,
            width: corners.right - corners.left,
            height: corners.bottom - corners.top,
            points: [
              [corners.left, corners.top],
              [corners.right, corners.top],
              [corners.right, corners.bottom],
            ],
          },
        ]);
      }),
      { seed, numRuns: 2000 },
    );
  });
});

type Point = [x: number, y: number];
type Size = { width: number; height: number };

/** What a detector does with the picture: stretches it, shrinks it between bars, or cuts its middle out. */
function toGrid(
  [x, y]: Point,
  picture: Size,
  source: Size | undefined,
  fit: (typeof SOURCE_FITS)[number],
): Point {
  if (!source) return [x, y];
  const wide = source.width / picture.width;
  const high = source.height / picture.height;
  if (fit === 'squash') return [x * wide, y * high];
  const scale = fit === 'letterbox' ? Math.min(wide, high) : Math.max(wide, high);
  return [
    source.width / 2 + (x - picture.width / 2) * scale,
    source.height / 2 + (y - picture.height / 2) * scale,
  ];
}

function toUnits([x, y]: Point, grid: Size, units: CoordinateUnit): Point {
  const across = x / grid.width;
  const down = y / grid.height;
  switch (units) {
    case 'pixel':
      return [x, y];
    case 'fraction':
      return [across, down];
    case 'percent':
      return [across * 100, down * 100];
    case 'per1000':
      return [across * 1000, down * 1000];
    case 'onvif':
      return [across * 2 - 1, 1 - down * 2];
  }
}

function inConvention([x1, y1]: Point, [x2, y2]: Point, convention: BoxConvention): number[] {
  const width = Math.abs(x2 - x1);
  const height = Math.abs(y2 - y1);
  switch (convention) {
    case 'center':
      return [(x1 + x2) / 2, (y1 + y2) / 2, width, height];
    case 'corner':
      return [x1, y1, width, height];
    case 'corners':
      return [x1, y1, x2, y2];
    case 'corners-yx':
      return [y1, x1, y2, x2];
    case 'xxyy':
      return [x1, x2, y1, y2];
  }
}
