import assert from 'node:assert/strict';
import { convertDetections } from '../../../src/detections/convert';

const SIZE = { width: 1000, height: 500 };
const CORNERS = { left: 0.1, top: 0.1, right: 0.2, bottom: 0.3 };

/** One detection of each format that follows things by itself. */
const PAYLOADS: Record<string, unknown> = {
  roboflow: {
    image: SIZE,
    predictions: [
      { x: 9, y: 9, width: 4, height: 4, confidence: 0.9, class: 'car', class_id: 0, tracker_id: 17 },
    ],
  },
  ultralytics: [
    { name: 'car', class: 0, confidence: 0.9, box: { x1: 1, y1: 1, x2: 9, y2: 9 }, track_id: 17 },
  ],
  deepstream: {
    version: '4.0',
    id: 9,
    '@timestamp': '2026-03-01T08:00:00.000Z',
    objects: ['17|1|1|9|9|car|#|red|0.75'],
  },
  dlstreamer: {
    resolution: SIZE,
    objects: [
      {
        id: 17,
        detection: {
          bounding_box: { x_min: 0.1, y_min: 0.1, x_max: 0.2, y_max: 0.3 },
          confidence: 0.9,
          label: 'car',
        },
      },
    ],
  },
  'edge-impulse': {
    result: {
      object_tracking: [{ object_id: 17, label: 'car', value: 0.9, x: 1, y: 1, width: 4, height: 4 }],
    },
  },
  axis: {
    frame: { observations: [{ class: { type: 'car', score: 0.9 }, bounding_box: CORNERS, track_id: '17' }] },
  },
  supervision: [
    { x_min: 1, y_min: 1, x_max: 9, y_max: 9, class_name: 'car', confidence: 0.9, tracker_id: 17 },
  ],
};

/** What a tracker says of a thing that it does not follow yet. */
const NOT_FOLLOWED = [-1, '-1', '', null, 'None', '18446744073709551615'];

function trackOf(payload: unknown, format: string): string | undefined {
  const { images } = convertDetections(
    payload,
    { format, trackIds: true, units: 'auto' },
    { imageSize: SIZE },
  );
  const [image] = images;
  const [annotation] = Object.values(image!.annotations).flat();
  assert.ok(annotation, format);
  return image!.tracks?.get(annotation);
}

describe('track ids of the detectors', () => {
  for (const [format, payload] of Object.entries(PAYLOADS)) {
    it(`${format} sends them`, () => assert.equal(trackOf(payload, format), '17'));
  }

  it('axis sends them by another name in its newer topic', () => {
    const detection = { bounding_box: CORNERS, class: { type: 'car', score: 0.9 }, object_track_id: '17' };
    assert.equal(trackOf({ channel_id: 1, detections: [detection], track_events: [] }, 'axis'), '17');
  });

  it('are read of an object that Frigate tells of', () => {
    const object = {
      id: '1767225600.1-a',
      camera: 'yard',
      label: 'car',
      score: 0.9,
      top_score: 0.9,
      box: [1, 1, 9, 9],
    };
    const message = { type: 'new', before: object, after: object };
    assert.equal(trackOf(message, 'frigate'), '1767225600.1-a');
  });

  for (const id of NOT_FOLLOWED) {
    it(`are none where the detector says ${JSON.stringify(id)}`, () => {
      const [row] = PAYLOADS['supervision'] as object[];
      assert.equal(trackOf([{ ...row, tracker_id: id }], 'supervision'), undefined);
    });
  }
});
