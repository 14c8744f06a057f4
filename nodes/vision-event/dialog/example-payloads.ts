/**
 * A small payload for each format that has an adapter of its own, as docs/formats.md describes it: what "Try it" shows
 * before a message came. Those of most presets follow from their mappings (scripts/preset-examples.ts); the rest are
 * below.
 */
export const EXAMPLE_PAYLOADS: Readonly<Record<string, unknown>> = {
  roboflow: {
    image: { width: 640, height: 480 },
    predictions: [
      { x: 200, y: 220, width: 160, height: 144, confidence: 0.87, class: 'bolt', class_id: 0 },
      { x: 460, y: 300, width: 90, height: 80, confidence: 0.64, class: 'nut', class_id: 1 },
    ],
  },
  frigate: {
    type: 'new',
    before: {},
    after: {
      id: '1700000000.5-abc123',
      camera: 'dock',
      label: 'person',
      score: 0.82,
      top_score: 0.87,
      false_positive: false,
      box: [120, 148, 280, 292],
      snapshot: { frame_time: 1700000000.5, box: [120, 148, 280, 292], score: 0.87 },
    },
  },
  ultralytics: [
    { name: 'bolt', class: 0, confidence: 0.87, box: { x1: 120, y1: 148, x2: 280, y2: 292 } },
    { name: 'nut', class: 1, confidence: 0.64, box: { x1: 415, y1: 260, x2: 505, y2: 340 } },
  ],
  deepstack: {
    success: true,
    predictions: [{ label: 'person', confidence: 0.87, x_min: 120, y_min: 148, x_max: 280, y_max: 292 }],
  },
  tfjs: [{ bbox: [120, 148, 160, 144], class: 'cup', score: 0.87 }],
  sscma: {
    type: 1,
    name: 'INVOKE',
    code: 0,
    data: { count: 1, resolution: [640, 480], labels: ['bolt'], boxes: [[200, 220, 160, 144, 87, 0]] },
  },
  'edge-impulse': {
    result: { bounding_boxes: [{ label: 'bolt', value: 0.87, x: 120, y: 148, width: 160, height: 144 }] },
  },
  'aws-rekognition': {
    Labels: [
      {
        Name: 'Car',
        Confidence: 87,
        Instances: [{ BoundingBox: { Left: 0.19, Top: 0.31, Width: 0.25, Height: 0.3 }, Confidence: 87 }],
      },
    ],
  },
  'google-vision': {
    localizedObjectAnnotations: [
      {
        name: 'Bottle',
        score: 0.87,
        boundingPoly: {
          normalizedVertices: [
            { x: 0.19, y: 0.31 },
            { x: 0.44, y: 0.31 },
            { x: 0.44, y: 0.61 },
            { x: 0.19, y: 0.61 },
          ],
        },
      },
    ],
  },
  'azure-vision': {
    metadata: { width: 640, height: 480 },
    objectsResult: {
      values: [
        { boundingBox: { x: 120, y: 148, w: 160, h: 144 }, tags: [{ name: 'forklift', confidence: 0.87 }] },
      ],
    },
  },
  huggingface: [{ label: 'cat', score: 0.87, box: { xmin: 120, ymin: 148, xmax: 280, ymax: 292 } }],
  dlstreamer: {
    resolution: { width: 640, height: 480 },
    timestamp: 0,
    objects: [
      {
        detection: {
          bounding_box: { x_min: 0.19, y_min: 0.31, x_max: 0.44, y_max: 0.61 },
          confidence: 0.87,
          label: 'vehicle',
          label_id: 2,
        },
        x: 120,
        y: 148,
        w: 160,
        h: 144,
      },
    ],
  },
  doods: {
    id: 'dock',
    detections: [{ top: 0.31, left: 0.19, bottom: 0.61, right: 0.44, label: 'person', confidence: 87 }],
  },
  deepstream: {
    version: '4.0',
    id: 7,
    '@timestamp': '2026-01-01T08:00:00.000Z',
    sensorId: 'dock',
    objects: ['1|120|148|280|292|Person'],
  },
  'vision-event': {
    objectDetections: [{ class: 'bolt', x: 200, y: 220, width: 160, height: 144, confidence: 0.87 }],
  },
  custom: {
    camera: 'dock',
    found: [
      { what: 'bolt', sure: 0.87, left: 120, top: 148, width: 160, height: 144 },
      { what: 'nut', sure: 0.64, left: 415, top: 260, width: 90, height: 80 },
    ],
  },
  // From here on presets: what stands beside their rows does not follow from a mapping.
  'coco-results': [
    { image_id: 1, category_id: 1, category_name: 'bolt', bbox: [120, 148, 160, 144], score: 0.87 },
  ],
  'florence-2': { '<OD>': { bboxes: [[120, 148, 280, 292]], labels: ['bolt'] } },
  hailo: {
    HailoROI: {
      HailoBBox: { xmin: 0, ymin: 0, width: 1, height: 1 },
      SubObjects: [
        {
          HailoDetection: {
            label: 'person',
            confidence: 0.87,
            HailoBBox: { xmin: 0.1875, ymin: 0.3125, width: 0.25, height: 0.3 },
            SubObjects: [],
          },
        },
      ],
    },
  },
  mmdetection: { predictions: [{ bboxes: [[120, 148, 280, 292]], labels: [0], scores: [0.87] }] },
  modelarts: {
    detection_classes: ['bolt'],
    detection_boxes: [[148, 120, 292, 280]],
    detection_scores: [0.87],
  },
  'tf-od-api': {
    predictions: [
      {
        num_detections: 1,
        detection_boxes: [[0.3125, 0.1875, 0.6125, 0.4375]],
        detection_classes: [0],
        detection_scores: [0.87],
      },
    ],
  },
  torchvision: { boxes: [[120, 148, 280, 292]], labels: [0], scores: [0.87] },
  'vertex-automl': {
    predictions: [
      { bboxes: [[0.1875, 0.4375, 0.3125, 0.6125]], displayNames: ['bolt'], confidences: [0.87] },
    ],
  },
  'zoneminder-es': {
    labels: ['person'],
    confidences: [0.87],
    boxes: [[120, 148, 280, 292]],
    image_dimensions: { original: [480, 640], resized: [480, 640] },
  },
};
