import assert from 'node:assert/strict';
import { convertDetections, DetectionError } from '../../../src/detections/convert';
import { assertRefused } from './assertions';

const bolt = { x: 120, y: 80, width: 40, height: 20, confidence: 0.9, class: 'bolt', class_id: 3 };
const answer = { image: { width: 640, height: 480 }, predictions: [bolt] };
const expectedBolt = { class: 'bolt', x: 120, y: 80, width: 40, height: 20, confidence: 0.9 };

describe('roboflow', () => {
  for (const [name, payload] of Object.entries({
    'an answer of the inference server': answer,
    'its JSON text': JSON.stringify(answer),
    'its bytes': new TextEncoder().encode(JSON.stringify(answer)),
    'a Workflow over HTTP': { outputs: [{ found: answer, inference_id: 'a' }], profiler_trace: [] },
    'a webhook with free names': { line: 3, anything: answer },
    'a list of outputs without the envelope': [{ found: answer, time: 1 }],
    'a WebRTC message': { video_metadata: {}, serialized_output_data: { found: answer } },
    'rows under a free name': { line: 3, found: [bolt] },
    'rows alone': [bolt],
    'an output that is bound to a whole step': {
      outputs: [{ model: { inference_id: 'a', predictions: answer } }],
    },
    'such an output under a free name, beside others': {
      count: 1,
      found: { model_id: 'b/4', predictions: answer },
    },
    'a whole step alone': { inference_id: 'a', model_id: 'b/4', predictions: answer },
  })) {
    it(`reads ${name}`, () => {
      const result = convertDetections(payload, { format: 'auto' });
      assert.equal(result.format, 'roboflow');
      assert.deepEqual(result.images[0]?.annotations, { objectDetections: [expectedBolt] });
    });
  }

  it('asks which output to use when two hold predictions, and takes the named one', () => {
    const payload = { outputs: [{ first: answer, second: { ...answer, predictions: [] } }] };
    assert.throws(
      () => convertDetections(payload, { format: 'auto' }),
      (error) =>
        error instanceof DetectionError &&
        error.code === 'ambiguous-outputs' &&
        assert.deepEqual(error.candidates, ['first', 'second']) === undefined,
    );
    assert.equal(convertDetections(payload, { format: 'auto', output: 'first' }).count, 1);
  });

  it('takes an output bound to a whole step by the name that the user gave it', () => {
    const step = (predictions: unknown) => ({ inference_id: 'a', model_id: 'bolts/4', predictions });
    const payload = { outputs: [{ first: step(answer), second: step({ ...answer, predictions: [] }) }] };
    assertRefused('ambiguous-outputs', payload);
    for (const format of ['auto', 'roboflow']) {
      for (const output of ['first', 'first.predictions']) {
        const { images } = convertDetections(payload, { format, output });
        assert.deepEqual(images[0]?.annotations, { objectDetections: [expectedBolt] }, `${format} ${output}`);
      }
      assert.equal(convertDetections(payload, { format, output: 'second' }).count, 0);
      assert.match(
        assertRefused('list-not-found', payload, { format, output: 'third' }).message,
        /first, second/,
      );
    }
  });

  it('names the outputs of a step that returns several', () => {
    const payload = { outputs: [{ track: { tracked: answer, fresh: { ...answer, predictions: [] } } }] };
    assert.deepEqual(assertRefused('ambiguous-outputs', payload).candidates, [
      'track.tracked',
      'track.fresh',
    ]);
    assert.equal(convertDetections(payload, { format: 'auto', output: 'track.tracked' }).count, 1);
    assert.deepEqual(
      assertRefused('ambiguous-outputs', payload, { format: 'auto', output: 'track' }).candidates,
      ['track.tracked', 'track.fresh'],
    );
  });

  it('gives an image for each crop, of answers or of whole steps', () => {
    const grade = {
      image: { width: 40, height: 20 },
      predictions: [{ class: 'rusty', class_id: 1, confidence: 0.7 }],
    };
    for (const grades of [
      [grade, grade],
      [{ predictions: grade }, { predictions: grade }],
    ]) {
      const payload = { outputs: [{ boxes: 'none', grades }] };
      for (const output of [undefined, 'grades']) {
        const { images, notes } = convertDetections(payload, { format: 'auto', output });
        assert.deepEqual(
          images.map(({ annotations }) => annotations),
          Array.from({ length: 2 }, () => ({ classifications: [{ class: 'rusty', confidence: 0.7 }] })),
        );
        assert.deepEqual(notes, ['multiple-images']);
      }
    }
  });

  it('takes a named output that auto alone would not find', () => {
    const deep = { outputs: [{ line: { two: { found: answer } } }] };
    assertRefused('unknown-format', deep);
    assert.equal(convertDetections(deep, { format: 'auto', output: 'line.two.found' }).count, 1);
    const noCrops = { outputs: [{ grades: [] }] };
    assertRefused('unknown-format', noCrops);
    assert.equal(convertDetections(noCrops, { format: 'auto', output: 'grades' }).count, 0);
  });

  it('never reads an answer inside an answer as classes', () => {
    const payload = { image: { width: 640, height: 480 }, predictions: answer };
    for (const format of ['auto', 'roboflow']) {
      const { images } = convertDetections(payload, { format });
      assert.deepEqual(images[0]?.annotations, { objectDetections: [expectedBolt] });
    }
    assertRefused('unknown-format', { predictions: { image: {}, predictions: 3 } }, { format: 'roboflow' });
  });

  it('keeps a predicted class whose confidence is missing', () => {
    const payload = {
      ...answer,
      predictions: { cat: { confidence: 0.9 } },
      predicted_classes: ['cat', 'dog'],
    };
    const { images, notes } = convertDetections(payload, { format: 'auto' });
    assert.deepEqual(images[0]?.annotations.classifications, [
      { class: 'cat', confidence: 0.9 },
      { class: 'dog', confidence: 0 },
    ]);
    assert.deepEqual(notes, ['missing-confidence']);
  });

  it('reads the faces of a gaze detection, and that there is none', () => {
    const times = { time: 0.1, time_face_det: null, time_gaze_det: null };
    const face = {
      x: 120,
      y: 80,
      width: 40,
      height: 20,
      confidence: 0.9,
      class: 'face',
      class_id: 0,
      landmarks: [],
    };
    const seen = [{ predictions: [{ face, yaw: -0.2, pitch: 0.1 }], ...times }];
    assert.deepEqual(convertDetections(seen, { format: 'auto' }).images[0]?.annotations, {
      objectDetections: [{ ...expectedBolt, class: 'face' }],
    });
    assert.equal(convertDetections([{ predictions: [], ...times }], { format: 'auto' }).count, 0);
  });

  it('reads the polygons of SAM 3 by the text of their prompt, of several the largest', () => {
    const square = (left: number, size: number) => [
      [left, 0],
      [left + size, 0],
      [left + size, size],
      [left, size],
    ];
    const prediction = (masks: unknown) => ({ masks, confidence: 0.7, format: 'polygon' });
    const prompt = (text: string, masks: unknown) => ({
      echo: { type: 'text', text },
      predictions: [prediction(masks)],
    });
    const payload = {
      prompt_results: [prompt('pallet', [square(50, 2), square(10, 20)]), prompt('fork', [square(80, 10)])],
      time: 0.4,
    };
    const { images, notes } = convertDetections(payload, { format: 'auto' });
    assert.deepEqual(images[0]?.annotations, {
      instanceSegmentations: [
        { class: 'pallet', x: 20, y: 10, width: 20, height: 20, confidence: 0.7, points: square(10, 20) },
        { class: 'fork', x: 85, y: 5, width: 10, height: 10, confidence: 0.7, points: square(80, 10) },
      ],
    });
    assert.deepEqual([...notes].sort(), ['box-derived', 'mask-simplified']);
  });

  describe('run-length masks', () => {
    // a box, 2 to 5 by 1 to 4, and a smaller one, in a mask 8 wide and 10 high
    const mask = { size: [10, 8], counts: 'e037000`0OD' };
    const onlyBox = { size: [10, 8], counts: [21, 3, 7, 3, 7, 3, 36] };
    const outline = [
      [5, 1],
      [5, 4],
      [2, 4],
      [2, 1],
    ];
    const read = (row: object, image: unknown = { width: 8, height: 10 }) => {
      const predictions = [{ ...bolt, ...row }];
      const { images, notes } = convertDetections({ image, predictions }, { format: 'auto' });
      return { annotations: images[0]?.annotations, notes };
    };
    const segmentation = { instanceSegmentations: [{ ...expectedBolt, points: outline }] };

    it('become the polygon of their largest part, of a server and of a Workflow', () => {
      for (const key of ['rle', 'rle_mask']) {
        const { annotations, notes } = read({ [key]: onlyBox }, { width: null, height: null });
        assert.deepEqual(annotations, segmentation);
        assert.deepEqual(notes, []);
        assert.deepEqual(read({ [key]: mask }).annotations, segmentation);
        assert.ok(read({ [key]: mask }).notes.includes('mask-simplified'));
      }
    });

    it('leave the box, with a note, when they are damaged, empty or not of the size of the picture', () => {
      for (const rle of [
        { size: [10, 8], counts: 'no' },
        { size: [10, 8], counts: [80] },
        'x',
        { ...mask, size: [9, 8] },
      ]) {
        const { annotations, notes } = read({ rle });
        assert.deepEqual(annotations, { objectDetections: [expectedBolt] });
        assert.ok(notes.includes('mask-not-converted'), JSON.stringify(rle));
      }
    });

    it('give way to a polygon that is there', () => {
      const points = [
        { x: 1, y: 1 },
        { x: 2, y: 1 },
        { x: 2, y: 2 },
      ];
      assert.equal(read({ rle: mask, points }).annotations?.instanceSegmentations?.[0]?.points.length, 3);
    });

    it('of SAM 3 are read too', () => {
      const prediction = { masks: mask, confidence: 0.9, format: 'rle' };
      const payload = { prompt_results: [{ echo: { text: 'bolt' }, predictions: [prediction] }], time: 1 };
      const { images, notes } = convertDetections(payload, { format: 'auto' });
      assert.deepEqual(images[0]?.annotations.instanceSegmentations, [
        { class: 'bolt', x: 3.5, y: 2.5, width: 3, height: 3, confidence: 0.9, points: outline },
      ]);
      assert.deepEqual([...notes].sort(), ['box-derived', 'mask-simplified']);
    });
  });
});
