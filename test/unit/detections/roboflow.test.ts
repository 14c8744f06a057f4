import assert from 'node:assert/strict';
import { convertDetections, DetectionError } from '../../../src/detections/convert';

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
});
