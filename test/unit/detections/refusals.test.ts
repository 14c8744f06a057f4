import assert from 'node:assert/strict';
import { convertDetections, DetectionError, FORMATS } from '../../../src/detections/convert';
import type { DetectionErrorCode } from '../../../src/detections/convert';
import { assertRefused, refusal } from './assertions';

const answer = {
  image: { width: 8, height: 6 },
  predictions: [{ x: 2, y: 2, width: 2, height: 2, class: 'a', class_id: 1 }],
};
const bytes = (text: string) => new TextEncoder().encode(text);
/** What a broker or a file makes of a Buffer. */
const inJson = (text: string): unknown => JSON.parse(JSON.stringify(Buffer.from(text)));

const REFUSED: [name: string, code: DetectionErrorCode, payload: unknown, message: RegExp][] = [
  ['nothing', 'unknown-format', undefined, /nothing/],
  ['null', 'unknown-format', null, /null/],
  ['a number', 'unknown-format', 3, /number/],
  ['an empty object', 'unknown-format', {}, /empty object/],
  ['an unknown object, whose keys are named', 'unknown-format', { gizmo: 1, frame: 2 }, /gizmo, frame/],
  ['rows of numbers', 'unknown-format', [[10, 20, 110, 220, 0.9, 2]], /a list of 1/],
  ['a raw tensor', 'unknown-format', { outputs: [{ name: 'o', shape: [1, 84], data: [0.1] }] }, /outputs/],
  [
    'masks without a class',
    'unknown-format',
    { predictions: [{ masks: [[[1, 2]]] }], time: 1 },
    /predictions, time/,
  ],
  ['counts', 'unknown-format', { person: 3 }, /person/],
  [
    'centre or corner',
    'ambiguous-format',
    [{ x: 1, y: 2, width: 3, height: 4, class: 'a', confidence: 0.5 }],
    /middle/,
  ],
  ['the same inside', 'ambiguous-format', { detections: [{ x: 1, y: 2, width: 3, height: 4 }] }, /middle/],
  [
    'corner or corners',
    'ambiguous-format',
    [{ bbox: [1, 2, 3, 4], label: 'a', score: 0.5 }],
    /second corner/,
  ],
  [
    'a nested box that may be either',
    'ambiguous-format',
    [{ bbox: { x: 1, y: 2, width: 3, height: 4 } }],
    /middle/,
  ],
  [
    'rows of two detectors',
    'ambiguous-format',
    [
      { bbox: [1, 2, 3, 4], class: 'a', score: 0.5 },
      { label: 'a', confidence: 0.5, x_min: 1, y_min: 2, x_max: 3, y_max: 4 },
    ],
    /tfjs.*deepstack/,
  ],
  [
    'rows of which one is odd',
    'ambiguous-format',
    [{ bbox: [1, 2, 3, 4], class: 'a', score: 0.5 }, { b: 1 }],
    /tfjs/,
  ],
  [
    'detections and classes in one list',
    'ambiguous-format',
    [
      { name: 'a', class: 0, confidence: 0.5, box: { x1: 1, y1: 2, x2: 30, y2: 40 } },
      { name: 'a', class: 0, confidence: 0.5 },
    ],
    /different shapes/,
  ],
  [
    'two formats at once',
    'ambiguous-format',
    { ...answer, Labels: [] },
    /roboflow, aws-rekognition|aws-rekognition, roboflow/,
  ],
  ['an error', 'error-payload', { error: 'model is loading', estimated_time: 20 }, /model is loading/],
  ['an error object', 'error-payload', { error: { code: 3, message: 'bad image' } }, /bad image/],
  [
    'a failure',
    'detector-reported-error',
    { success: false, predictions: [], error: 'no module' },
    /no module/,
  ],
  [
    'a failure without rows',
    'detector-reported-error',
    { success: false, error: 'out of memory' },
    /out of memory/,
  ],
  ['a failure without a reason', 'detector-reported-error', { success: false }, /no reason/],
  [
    'a failure inside the envelope',
    'detector-reported-error',
    { responses: [{ error: { message: 'bad image' } }] },
    /bad image/,
  ],
  [
    'a failure of DOODS',
    'detector-reported-error',
    { id: 'a', error: 'no detector', detections: null },
    /no detector/,
  ],
  [
    'a failure of the camera',
    'detector-reported-error',
    { type: 1, name: 'INVOKE', code: 5, data: {} },
    /code 5/,
  ],
  [
    "the camera's answer to a command",
    'no-geometry',
    { type: 0, name: 'INVOKE', code: 0, data: { model: { id: 2 }, sensor: { id: 1 } } },
    /answer to a command/,
  ],
  [
    'an answer of texts',
    'no-geometry',
    { responses: [{ textAnnotations: [{ description: 'LOT 4711' }] }] },
    /textAnnotations/,
  ],
  [
    'classes of a server that answers success and predictions',
    'unknown-format',
    { success: true, predictions: [{ label: 'scratch', probability: 0.93 }] },
    /success, predictions/,
  ],
  [
    'a class number beside what may be the corner',
    'ambiguous-format',
    { bounding_boxes: [{ x: 10, y: 20, width: 100, height: 200, confidence: 0.9, class_id: 0 }] },
    /upper left corner/,
  ],
  [
    'points without a name of what they belong to',
    'unknown-format',
    [{ score: 0.8, keypoints: [{ x: 1, y: 2 }] }],
    /score, keypoints/,
  ],
  [
    'only failed modules',
    'detector-reported-error',
    [{ api: 'alpr', found: { success: false, error: 'timeout' } }],
    /timeout/,
  ],
  [
    'a Frigate review',
    'no-geometry',
    { type: 'new', before: {}, after: { id: 'r', camera: 'gate' } },
    /frigate\/events/,
  ],
  [
    'a Frigate description',
    'no-geometry',
    { type: 'description', id: 'a', camera: 'gate', timestamp: 1, description: 'a van' },
    /frigate\/events/,
  ],
  [
    'a pixel map',
    'unsupported-semantic-mask',
    { image: { width: 8, height: 6 }, predictions: { segmentation_mask: 'iVBOR' } },
    /semantic/,
  ],
  [
    'shares of pixels',
    'unsupported-semantic-mask',
    [{ class: 0, name: 'road', pixel_ratio: 0.4 }],
    /semantic/,
  ],
  ['masks as pictures', 'unsupported-mask-image', [{ label: 'a', score: 0.5, mask: 'iVBOR' }], /PNG/],
  ['prose', 'payload-not-json', 'I see two valves.', /I see two valves/],
  ['an empty text', 'payload-not-json', '  ', /empty/],
  ['a printed Python object', 'payload-not-json', "[{'label': 'valve', 'score': None}]", /json\.dumps/],
  ['NaN in JSON', 'payload-not-json', '[{"bbox":[NaN,1,2,3]}]', /NaN/],
  ['XML', 'payload-not-json', '<html>', /XML/],
  ['a code block', 'payload-not-json', '```json\n[]\n```', /code block/i],
  ['a JPEG', 'payload-not-json', new Uint8Array([0xff, 0xd8, 0xff, 0xe0]), /picture/],
  ['a PNG in a Buffer', 'payload-not-json', Buffer.from('89504e470d0a1a0a', 'hex'), /picture/],
  ['a WebP', 'payload-not-json', bytes('RIFF....WEBP'), /picture/],
  ['a base64 JPEG', 'payload-not-json', '/9j/4AAQSkZJRg', /picture/],
  ['a data URL', 'payload-not-json', 'data:image/png;base64,iVBOR', /picture/],
  ['a JPEG as a Buffer in JSON', 'payload-not-json', { type: 'Buffer', data: [255, 216, 255] }, /picture/],
  ['prose as a Buffer in JSON', 'payload-not-json', inJson('I see two valves.'), /I see two valves/],
  [
    'no bytes in a Buffer in JSON',
    'payload-not-json',
    { type: 'Buffer', data: [91, 256] },
    /other.*than bytes/,
  ],
  ['holes in a Buffer in JSON', 'payload-not-json', { type: 'Buffer', data: Array(3) }, /other.*than bytes/],
  [
    'a very long list in a Buffer in JSON',
    'payload-not-json',
    { type: 'Buffer', data: Array(2 ** 32 - 1) },
    /other.*than bytes/,
  ],
  ['180 KB of marks', 'payload-not-json', '--SPLIT--'.repeat(20_000), /empty/],
  [
    '180 KB of marks in front of prose',
    'payload-not-json',
    `${'--SPLIT--'.repeat(20_000)} a valve`,
    /a valve/,
  ],
];

/** What to do comes first: the debug sidebar shows some 80 characters at once. */
const REMEDY =
  /\b(ask|check|choose|convert|decode|enter|fix|let|name|replace|send|set|subscribe|use|wire)\b/i;

describe('refusals', () => {
  for (const [name, code, payload, message] of REFUSED) {
    it(`${name}: ${code}`, () => {
      const error = assertRefused(code, payload);
      assert.match(error.message, message);
      assert.match(error.message.slice(0, 80), REMEDY);
    });
  }

  it('name the readings to choose from', () => {
    const error = refusal([{ x: 1, y: 2, width: 3, height: 4, class: 'a', confidence: 0.5 }]);
    assert.deepEqual(error.candidates, ['center', 'corner']);
    assert.deepEqual(refusal([{ bbox: [1, 2, 3, 4], label: 'a' }]).candidates, ['corner', 'corners']);
  });

  it('a chosen format is never given up for another', () => {
    for (const { id } of FORMATS) {
      if (id === 'roboflow') continue;
      let result;
      try {
        result = convertDetections(answer, { format: id });
      } catch (error) {
        assert.ok(error instanceof DetectionError, id);
        continue;
      }
      assert.equal(result.format, id);
      assert.equal(result.count, 0, `${id} took Roboflow's boxes for its own`);
    }
  });

  it('an unknown format is named', () => {
    assert.match(assertRefused('unknown-format', answer, { format: 'robotflow' }).message, /robotflow/);
  });

  it('a wrong output is told which there are', () => {
    const error = assertRefused(
      'list-not-found',
      { outputs: [{ found: answer }] },
      { format: 'auto', output: 'lost' },
    );
    assert.deepEqual(error.candidates, ['found']);
  });
});

describe('the same payload in another form', () => {
  const text = JSON.stringify(answer);
  const expected = convertDetections(answer, { format: 'auto' });
  const forms: [string, unknown][] = [
    ['text', text],
    ['a Buffer', Buffer.from(text)],
    ['a Buffer in JSON', inJson(text)],
    ['the text of a Buffer in JSON', JSON.stringify(Buffer.from(text))],
    ['text behind a mark', `[a] valve:75% --SPLIT--${text}`],
    ['text behind very many marks', '--SPLIT--'.repeat(20_000) + text],
  ];
  for (const [name, payload] of forms) {
    it(`${name} is read alike`, () => {
      assert.deepEqual(convertDetections(payload, { format: 'auto' }), expected);
    });
  }

  it('a class may hold the mark itself', () => {
    const marked = { ...answer, predictions: [{ ...answer.predictions[0], class: 'a--SPLIT--b' }] };
    const payload = `[a] --SPLIT--${JSON.stringify(marked)}`;
    const [image] = convertDetections(payload, { format: 'auto' }).images;
    assert.equal(image?.annotations.objectDetections?.[0]?.class, 'a--SPLIT--b');
  });
});

describe('empty lists', () => {
  for (const payload of [[], { detections: [] }, { seq: 4, detections: [] }, '[]']) {
    it(`${JSON.stringify(payload)} is not a detection of any format`, () => {
      assert.deepEqual(convertDetections(payload, { format: 'auto' }), {
        format: 'any-empty',
        images: [{ annotations: {} }],
        count: 0,
        dropped: 0,
        unread: 0,
        notes: [],
        seen: [{ objectDetections: [], classifications: [], instanceSegmentations: [], keypoints: [] }],
      });
    });
  }

  it('keep the name of the format that was chosen', () => {
    assert.equal(convertDetections([], { format: 'ultralytics' }).format, 'ultralytics');
    assert.equal(convertDetections({ detections: [] }, { format: 'mediapipe' }).format, 'mediapipe');
  });
});

describe('hostile payloads', () => {
  it('a cyclic object is refused', () => {
    const cyclic: Record<string, unknown> = { name: 'a' };
    cyclic.self = cyclic;
    cyclic.list = [cyclic];
    assertRefused('unknown-format', cyclic);
    assertRefused('unknown-format', [cyclic]);
  });

  it('100 000 rows become the 1000 most confident', () => {
    const rows = Array.from({ length: 100000 }, (_, index) => ({
      bbox: [index % 500, 2, 30, 40],
      class: 'a',
      score: index / 100000,
    }));
    const { count, dropped } = convertDetections(rows, { format: 'auto' });
    assert.equal(count, 1000);
    assert.equal(dropped, 99000);
  });

  it('100 000 unknown rows are refused', () => {
    assertRefused(
      'unknown-format',
      Array.from({ length: 100000 }, () => ({ a: 1 })),
    );
  });

  it('ten megabytes of text are refused with a short message', () => {
    assert.ok(assertRefused('payload-not-json', 'x'.repeat(10_000_000)).message.length < 400);
    assert.ok(assertRefused('payload-not-json', '['.repeat(10_000_000)).message.length < 400);
  });

  it('a tensor of ten million numbers is refused, a typed box is not', () => {
    assert.match(assertRefused('unknown-format', new Float32Array(10_000_000)).message, /tensor/);
    const row = { bbox: new Float32Array([10, 20, 30, 40]), class: 'a', score: 0.5 };
    assert.equal(convertDetections([row], { format: 'auto' }).count, 1);
    const tensor = { bbox: new Float32Array(1_000_000), class: 'a', score: 0.5 };
    assertRefused('unknown-format', [tensor]);
  });

  it('long keys and messages do not flood the error', () => {
    assert.ok(refusal({ ['k'.repeat(5000)]: 1 }).message.length < 500);
    assert.ok(refusal({ error: 'e'.repeat(5000) }).message.length < 500);
  });

  it('keys of the prototype are neither followed nor written', () => {
    const payload = JSON.parse(
      '{"__proto__": {"predictions": []}, "constructor": {"prototype": {"x": 1}}}',
    ) as unknown;
    assertRefused('unknown-format', payload);
    assert.equal(({} as Record<string, unknown>).x, undefined);
    const named = JSON.parse('{"result": {"classification": {"__proto__": 0.5, "valve": 0.75}}}') as unknown;
    const { images } = convertDetections(named, { format: 'auto' });
    assert.deepEqual(
      images[0]?.annotations.classifications?.map((entry) => entry.class),
      ['__proto__', 'valve'],
    );
  });

  it('deep nesting is refused without descending', () => {
    let deep: unknown = { x: 1 };
    for (let depth = 0; depth < 20000; depth++) deep = { a: deep };
    assertRefused('unknown-format', deep);
  });
});
