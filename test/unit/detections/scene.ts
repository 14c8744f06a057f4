/**
 * One scene that every detector saw: a valve in a picture of 800 x 600 pixels, its left upper corner at 200, 60, 160
 * wide, 240 high, with a confidence of 0.75. Each fixture tells it in its format's words, so every one must give the
 * same annotation. The numbers differ in x and y and between corner, centre and size, so that no mistaken convention
 * can go unseen.
 */
import type { DetectionContext, DetectionSettings, NoteCode } from '../../../src/detections/convert';
import type { Keypoint } from '../../../src/event/types';

export const PICTURE = { width: 800, height: 600 };

export const VALVE = { class: 'valve', x: 280, y: 180, width: 160, height: 240, confidence: 0.75 };

export interface Fixture {
  name: string;
  /** the adapter or preset that must read it */
  format: string;
  payload: unknown;
  /** what has to be set beside the format */
  settings?: Partial<DetectionSettings>;
  context?: DetectionContext;
  /** where the format has another word for the class, or no confidence */
  expected?: Partial<typeof VALVE>;
  /** where the format gives more than a box */
  list?: { instanceSegmentations: { points: [number, number][] } } | { keypoints: { keypoints: Keypoint[] } };
  notes?: NoteCode[];
}

/** The outline of the valve, with a point more in the middle of each side than its box needs. */
const OUTLINE: [number, number][] = [
  [200, 60],
  [280, 60],
  [360, 60],
  [360, 180],
  [360, 300],
  [280, 300],
  [200, 300],
  [200, 180],
];
const outlinePoints = OUTLINE.map(([x, y]) => ({ x, y }));
const asPolygon = {
  list: { instanceSegmentations: { points: OUTLINE } },
  notes: ['box-derived' as const],
};

const outlineFractions = OUTLINE.map(([x, y]) => ({ x: x / 800, y: y / 600, visibility: 0.9 }));
const asKeypoints = {
  list: { keypoints: { keypoints: OUTLINE.map(([x, y], id) => ({ id, x, y })) } },
};

const asCorners = {
  list: {
    instanceSegmentations: {
      points: [
        [200, 60],
        [360, 60],
        [360, 300],
        [200, 300],
      ] as [number, number][],
    },
  },
  notes: ['box-derived', 'missing-confidence'] as NoteCode[],
};

const humanResult = { face: [], body: [], hand: [], gesture: [], object: [], width: 800, height: 600 };

const sized = { context: { imageSize: PICTURE } };
const centrePixels = { x: 280, y: 180, width: 160, height: 240 };
const cornerFractions = { left: 0.25, top: 0.1, width: 0.2, height: 0.4 };

const frigateObject = {
  id: '1700000000.25-gate',
  camera: 'gate',
  frame_time: 1700000000.5,
  snapshot: { frame_time: 1700000000.25, box: [200, 60, 360, 300], score: 0.75, area: 38400 },
  label: 'valve',
  sub_label: null,
  false_positive: false,
  score: 0.5,
  box: [210, 70, 370, 310],
};

/** Payloads that `auto` recognises. */
export const RECOGNISED: Fixture[] = [
  {
    name: 'an inference answer',
    format: 'roboflow',
    payload: {
      time: 0.04,
      image: { width: 800, height: 600 },
      predictions: [{ ...centrePixels, confidence: 0.75, class: 'valve', class_id: 7, detection_id: 'b7c1' }],
    },
  },
  {
    name: 'a Workflow of one output',
    format: 'roboflow',
    payload: {
      outputs: [
        {
          count: 1,
          found: {
            image: { width: 800, height: 600 },
            predictions: [{ ...centrePixels, confidence: 0.75, class: 'valve', class_id: 7 }],
          },
        },
      ],
      profiler_trace: [],
    },
  },
  {
    name: 'a browser model',
    format: 'roboflow',
    payload: [{ class: 'valve', confidence: 0.75, bbox: centrePixels, color: '#00ff00' }],
  },
  {
    name: 'the older node, which loses x',
    format: 'roboflow',
    payload: [
      {
        y: 180,
        width: 160,
        height: 240,
        confidence: 0.75,
        class: 'valve',
        class_id: 7,
        center_x: 280,
        center_y: 180,
      },
    ],
  },
  {
    name: 'an MQTT event with a snapshot',
    format: 'frigate',
    payload: { type: 'update', before: { ...frigateObject, snapshot: null }, after: frigateObject },
  },
  {
    name: 'an event of the HTTP API',
    format: 'frigate',
    payload: {
      id: '1700000000.25-gate',
      camera: 'gate',
      label: 'valve',
      data: { box: [0.25, 0.1, 0.2, 0.4], score: 0.75, type: 'object' },
    },
    ...sized,
  },
  {
    name: 'a result list',
    format: 'ultralytics',
    payload: [{ name: 'valve', class: 7, confidence: 0.75, box: { x1: 200, y1: 60, x2: 360, y2: 300 } }],
  },
  {
    name: 'a normalized result list',
    format: 'ultralytics',
    payload: [{ name: 'valve', class: 7, confidence: 0.75, box: { x1: 0.25, y1: 0.1, x2: 0.45, y2: 0.5 } }],
    settings: { units: 'fraction' },
    ...sized,
  },
  {
    name: 'the platform API',
    format: 'ultralytics',
    payload: {
      images: [
        {
          shape: [600, 800],
          results: [
            { name: 'valve', class: 7, confidence: 0.75, box: { x1: 200, y1: 60, x2: 360, y2: 300 } },
          ],
          speed: {},
        },
      ],
      metadata: { imageCount: 1 },
    },
  },
  {
    name: 'corner records of YOLOv5',
    format: 'ultralytics',
    payload: [{ xmin: 200, ymin: 60, xmax: 360, ymax: 300, confidence: 0.75, class: 7, name: 'valve' }],
  },
  {
    name: 'centre records of YOLOv5',
    format: 'ultralytics',
    payload: [
      { xcenter: 280, ycenter: 180, width: 160, height: 240, confidence: 0.75, class: 7, name: 'valve' },
    ],
  },
  {
    name: 'the older HUB answer',
    format: 'ultralytics',
    payload: {
      success: true,
      message: 'done',
      data: [
        { class: 7, name: 'valve', confidence: 0.75, xcenter: 0.35, ycenter: 0.3, width: 0.2, height: 0.4 },
      ],
    },
    ...sized,
  },
  {
    name: 'coco-ssd',
    format: 'tfjs',
    payload: [{ bbox: [200, 60, 160, 240], class: 'valve', score: 0.75 }],
    context: { shape: [600, 800, 3] },
  },
  {
    name: 'the server',
    format: 'deepstack',
    payload: {
      success: true,
      predictions: [{ label: 'valve', confidence: 0.75, x_min: 200, y_min: 60, x_max: 360, y_max: 300 }],
      duration: 0,
    },
  },
  {
    name: 'the Node-RED node',
    format: 'deepstack',
    payload: [{ label: 'valve', confidence: 0.75, x_min: 200, y_min: 60, x_max: 360, y_max: 300 }],
  },
  {
    name: 'Blue Iris under a free key',
    format: 'deepstack',
    payload: {
      camera: 'Gate',
      json: [
        {
          api: 'objects',
          found: {
            success: true,
            predictions: [
              { label: 'valve', confidence: 0.75, x_min: 200, y_min: 60, x_max: 360, y_max: 300 },
            ],
          },
        },
      ],
    },
  },
  {
    name: 'AITool',
    format: 'deepstack',
    payload: {
      name: 'Gate',
      detections: [{ label: 'valve', confidence: 0.75, x_min: 200, y_min: 60, x_max: 360, y_max: 300 }],
    },
  },
  {
    name: 'boxes',
    format: 'sscma',
    payload: {
      type: 1,
      name: 'INVOKE',
      code: 0,
      data: { count: 4, resolution: [800, 600], labels: ['valve'], boxes: [[280, 180, 160, 240, 75, 3]] },
    },
  },
  {
    name: 'the HTTP runner',
    format: 'edge-impulse',
    payload: {
      result: {
        bounding_boxes: [{ label: 'valve', value: 0.75, x: 200, y: 60, width: 160, height: 240 }],
        resized: { originalWidth: 800, originalHeight: 600, newWidth: 320, newHeight: 320 },
      },
      timing: {},
    },
  },
  {
    name: 'instances of a label',
    format: 'aws-rekognition',
    payload: {
      Labels: [
        {
          Name: 'valve',
          Confidence: 99,
          Instances: [{ Confidence: 75, BoundingBox: { Left: 0.25, Top: 0.1, Width: 0.2, Height: 0.4 } }],
        },
      ],
    },
    ...sized,
  },
  {
    name: 'object localisation in the envelope',
    format: 'google-vision',
    payload: {
      responses: [
        {
          localizedObjectAnnotations: [
            {
              name: 'valve',
              score: 0.75,
              boundingPoly: {
                normalizedVertices: [
                  { x: 0.25, y: 0.1 },
                  { x: 0.45, y: 0.1 },
                  { x: 0.45, y: 0.5 },
                  { x: 0.25, y: 0.5 },
                ],
              },
            },
          ],
        },
      ],
    },
    ...sized,
  },
  {
    name: 'image analysis 4.0',
    format: 'azure-vision',
    payload: {
      metadata: { width: 800, height: 600 },
      objectsResult: {
        values: [
          { boundingBox: { x: 200, y: 60, w: 160, h: 240 }, tags: [{ name: 'valve', confidence: 0.75 }] },
        ],
      },
    },
  },
  {
    name: 'image analysis 3.2',
    format: 'azure-vision',
    payload: {
      requestId: 'r',
      metadata: { width: 800, height: 600 },
      objects: [{ rectangle: { x: 200, y: 60, w: 160, h: 240 }, object: 'valve', confidence: 0.75 }],
    },
  },
  {
    name: 'Custom Vision',
    format: 'azure-vision',
    payload: {
      id: 'i',
      project: 'p',
      iteration: 'n',
      predictions: [{ tagName: 'valve', probability: 0.75, boundingBox: cornerFractions }],
    },
    ...sized,
  },
  {
    name: 'a frame',
    format: 'dlstreamer',
    payload: {
      resolution: { width: 800, height: 600 },
      timestamp: 40000000,
      objects: [
        {
          detection: {
            label: 'valve',
            label_id: 7,
            confidence: 0.75,
            bounding_box: { x_min: 0.25, y_min: 0.1, x_max: 0.45, y_max: 0.5 },
          },
          x: 200,
          y: 60,
          w: 160,
          h: 240,
        },
      ],
    },
  },
  {
    name: 'a minimal message',
    format: 'deepstream',
    payload: {
      version: '4.0',
      id: 9,
      '@timestamp': '2026-03-01T08:00:00.000Z',
      sensorId: 'line-2',
      objects: ['17|200|60|360|300|valve|#|brass|0.75'],
    },
  },
  {
    name: 'a full message',
    format: 'deepstream',
    payload: {
      mdsversion: '1.0',
      '@timestamp': '2026-03-01T08:00:00.000Z',
      object: {
        id: '17',
        bbox: { topleftx: 200, toplefty: 60, bottomrightx: 360, bottomrighty: 300 },
        location: { lat: 0, lon: 0 },
        valve: { confidence: 0.75 },
      },
    },
  },
  {
    name: 'object detection',
    format: 'huggingface',
    payload: [{ score: 0.75, label: 'valve', box: { xmin: 200, ymin: 60, xmax: 360, ymax: 300 } }],
  },
  {
    name: 'an answer',
    format: 'doods',
    payload: {
      id: 'gate',
      error: '',
      detections: [{ top: 0.1, left: 0.25, bottom: 0.5, right: 0.45, label: 'valve', confidence: 75 }],
    },
    ...sized,
  },
  {
    name: 'an image entry',
    format: 'vision-event',
    payload: { label: 'line 2', objectDetections: [VALVE] },
  },
  {
    name: 'an event',
    format: 'vision-event',
    payload: { eventType: 'custom', images: [{ objectDetections: [VALVE] }] },
  },
];

/** Payloads that are only read when their preset is chosen. */
export const CHOSEN: Fixture[] = [
  {
    name: 'Tasks in JavaScript',
    format: 'mediapipe-faces',
    payload: { faceLandmarks: [outlineFractions], faceBlendshapes: [] },
    expected: { class: 'face', confidence: 0 },
    ...asKeypoints,
    notes: ['box-derived', 'missing-confidence'],
    ...sized,
  },
  {
    name: 'Solutions in Python',
    format: 'mediapipe-faces',
    payload: { multi_face_landmarks: [{ landmark: outlineFractions }] },
    expected: { class: 'face', confidence: 0 },
    ...asKeypoints,
    notes: ['box-derived', 'missing-confidence'],
    ...sized,
  },
  {
    name: 'Tasks in JavaScript',
    format: 'mediapipe-hands',
    payload: { landmarks: [outlineFractions], handedness: [[{ categoryName: 'Left', score: 0.9 }]] },
    expected: { class: 'hand', confidence: 0 },
    ...asKeypoints,
    notes: ['box-derived', 'missing-confidence'],
    ...sized,
  },
  {
    name: 'Tasks in Python',
    format: 'mediapipe-hands',
    payload: { hand_landmarks: [outlineFractions], hand_world_landmarks: [] },
    expected: { class: 'hand', confidence: 0 },
    ...asKeypoints,
    notes: ['box-derived', 'missing-confidence'],
    ...sized,
  },
  {
    name: 'Solutions',
    format: 'mediapipe-hands',
    payload: { multiHandLandmarks: [outlineFractions] },
    expected: { class: 'hand', confidence: 0 },
    ...asKeypoints,
    notes: ['box-derived', 'missing-confidence'],
    ...sized,
  },
  {
    name: 'Tasks in JavaScript',
    format: 'mediapipe-pose',
    payload: { landmarks: [outlineFractions], worldLandmarks: [] },
    expected: { class: 'person', confidence: 0 },
    ...asKeypoints,
    notes: ['box-derived', 'missing-confidence'],
    ...sized,
  },
  {
    name: 'Tasks in Python',
    format: 'mediapipe-pose',
    payload: { pose_landmarks: [outlineFractions], segmentation_masks: null },
    expected: { class: 'person', confidence: 0 },
    ...asKeypoints,
    notes: ['box-derived', 'missing-confidence'],
    ...sized,
  },
  {
    name: 'Solutions',
    format: 'mediapipe-pose',
    payload: { poseLandmarks: outlineFractions },
    expected: { class: 'person', confidence: 0 },
    ...asKeypoints,
    notes: ['box-derived', 'missing-confidence'],
    ...sized,
  },
  {
    name: 'Solutions in Python',
    format: 'mediapipe-pose',
    payload: { pose_landmarks: { landmark: outlineFractions } },
    expected: { class: 'person', confidence: 0 },
    ...asKeypoints,
    notes: ['box-derived', 'missing-confidence'],
    ...sized,
  },
  {
    name: "the browser's detector",
    format: 'barcodes',
    payload: [{ format: 'valve', rawValue: 'LOT 7', cornerPoints: outlinePoints }],
    expected: { confidence: 0 },
    ...asPolygon,
    notes: ['box-derived', 'missing-confidence'],
  },
  {
    name: 'zxing-wasm',
    format: 'barcodes',
    payload: [
      {
        format: 'valve',
        text: 'LOT 7',
        isValid: true,
        position: {
          topLeft: { x: 200, y: 60 },
          topRight: { x: 360, y: 60 },
          bottomRight: { x: 360, y: 300 },
          bottomLeft: { x: 200, y: 300 },
        },
      },
    ],
    expected: { confidence: 0 },
    ...asCorners,
  },
  {
    name: 'jsQR',
    format: 'barcodes',
    payload: {
      data: 'LOT 7',
      version: 2,
      location: {
        topLeftCorner: { x: 200, y: 60 },
        topRightCorner: { x: 360, y: 60 },
        bottomRightCorner: { x: 360, y: 300 },
        bottomLeftCorner: { x: 200, y: 300 },
        topLeftFinderPattern: { x: 210, y: 70 },
      },
    },
    expected: { class: 'qr_code', confidence: 0 },
    ...asCorners,
  },
  {
    name: "the browser's detector",
    format: 'barcodes-text',
    payload: [{ format: 'qr_code', rawValue: 'valve', cornerPoints: outlinePoints }],
    expected: { confidence: 0 },
    ...asPolygon,
    notes: ['box-derived', 'missing-confidence', 'text-as-class'],
  },
  {
    name: 'the facial-recognition node',
    format: 'face-api',
    payload: {
      Result: [
        {
          detection: {
            _imageDims: { _width: 800, _height: 600 },
            _score: 0.75,
            _box: { _x: 200, _y: 60, _width: 160, _height: 240 },
          },
          gender: 'female',
        },
      ],
    },
    expected: { class: 'face' },
  },
  {
    name: 'detections alone',
    format: 'face-api',
    payload: [
      {
        _imageDims: { _width: 800, _height: 600 },
        _score: 0.75,
        _box: { _x: 200, _y: 60, _width: 160, _height: 240 },
      },
    ],
    expected: { class: 'face' },
  },
  {
    name: 'a result',
    format: 'human-bodies',
    payload: {
      ...humanResult,
      body: [
        {
          id: 0,
          score: 0.75,
          box: [200, 60, 160, 240],
          keypoints: OUTLINE.map(([x, y]) => ({ part: 'nose', score: 0.9, position: [x, y, -3] })),
        },
      ],
    },
    expected: { class: 'person' },
    ...asKeypoints,
  },
  {
    name: 'a result',
    format: 'human-faces',
    payload: { ...humanResult, face: [{ id: 0, score: 0.75, box: [200, 60, 160, 240], age: 30 }] },
    expected: { class: 'face' },
  },
  {
    name: 'a result',
    format: 'human-hands',
    payload: {
      ...humanResult,
      hand: [
        {
          id: 0,
          score: 0.75,
          box: [200, 60, 160, 240],
          label: 'hand',
          keypoints: OUTLINE.map(([x, y]) => [x, y, -3]),
        },
      ],
    },
    expected: { class: 'hand' },
    ...asKeypoints,
  },
  {
    name: 'a result',
    format: 'human-objects',
    payload: { ...humanResult, object: [{ id: 0, score: 0.75, label: 'valve', box: [200, 60, 160, 240] }] },
  },
  {
    name: 'a frame',
    format: 'metropolis',
    payload: {
      version: '4.0',
      id: '252',
      timestamp: '2026-03-01T08:00:00.000Z',
      sensorId: 'line-2',
      objects: [
        {
          id: '17',
          bbox: { leftX: 200, topY: 60, rightX: 360, bottomY: 300 },
          type: 'valve',
          confidence: 0.75,
          info: {},
        },
      ],
    },
  },
  {
    name: 'the topic com.axis.scene.frame.v1',
    format: 'axis',
    payload: {
      channel_id: 1,
      timestamp: '2026-03-01T08:00:00.000000Z',
      detections: [
        {
          bounding_box: { left: 0.25, top: 0.1, right: 0.45, bottom: 0.5 },
          class: { type: 'valve', score: 0.75 },
          object_track_id: '7f',
        },
      ],
      track_events: [],
    },
    ...sized,
  },
  {
    name: 'the best picture of one object',
    format: 'axis',
    payload: {
      crop_box: { left: 0.25, top: 0.1, right: 0.45, bottom: 0.5 },
      channel_id: 1,
      class: { type: 'valve', score: 0.75 },
      data: '/9j/',
    },
    ...sized,
  },
  {
    name: 'a frame',
    format: 'drpai',
    payload: {
      video_rate: 30,
      drpai_rate: 12.5,
      detections: [
        { class: 'valve', probability: 0.75, box: { center_x: 280, center_y: 180, width: 160, height: 240 } },
      ],
    },
  },
  {
    name: 'the data of the node',
    format: 'face-detection-plus',
    payload: { boxes: [{ x: 200, y: 60, w: 160, h: 240, prob: 0.75 }] },
    expected: { class: 'face' },
  },
  {
    name: 'object detection',
    format: 'florence-2',
    payload: { '<OD>': { bboxes: [[200, 60, 360, 300]], labels: ['valve'] } },
    expected: { confidence: 0 },
    notes: ['missing-confidence'],
  },
  {
    name: 'regions of text',
    format: 'florence-2',
    payload: { '<OCR_WITH_REGION>': { quad_boxes: [OUTLINE.flat()], labels: ['VALVE 7'] } },
    expected: { class: 'text', confidence: 0 },
    ...asPolygon,
    notes: ['box-derived', 'missing-confidence'],
  },
  {
    name: 'open vocabulary',
    format: 'florence-2',
    payload: {
      '<OPEN_VOCABULARY_DETECTION>': {
        bboxes: [[200, 60, 360, 300]],
        bboxes_labels: ['valve'],
        polygons: [],
        polygons_labels: [],
      },
    },
    expected: { confidence: 0 },
    notes: ['missing-confidence'],
  },
  {
    name: 'a frame of Hailo analytics',
    format: 'hailo',
    payload: {
      frame_width: 800,
      frame_height: 600,
      detections: [{ label: 'valve', confidence: 0.75, bbox: { xmin: 200, ymin: 60, xmax: 360, ymax: 300 } }],
    },
  },
  {
    name: 'an alarm as JSON',
    format: 'hikvision',
    payload: {
      eventType: 'linedetection',
      DetectionRegionList: {
        DetectionRegionEntry: {
          regionID: '1',
          detectionTarget: 'valve',
          TargetRect: { X: '0.25', Y: '0.1', width: '0.2', height: '0.4' },
        },
      },
    },
    expected: { confidence: 0 },
    notes: ['missing-confidence'],
    ...sized,
  },
  {
    name: 'an alarm through the xml node',
    format: 'hikvision',
    payload: {
      EventNotificationAlert: {
        $: { version: '2.0' },
        eventType: ['fielddetection'],
        DetectionRegionList: [
          {
            DetectionRegionEntry: [
              {
                regionID: ['1'],
                detectionTarget: ['valve'],
                TargetRect: [{ X: ['0.25'], Y: ['0.1'], width: ['0.2'], height: ['0.4'] }],
              },
            ],
          },
        ],
      },
    },
    expected: { confidence: 0 },
    notes: ['missing-confidence'],
    ...sized,
  },
  {
    name: 'LandingEdge and Docker',
    format: 'landing-ai',
    payload: {
      type: 'ObjectDetectionPrediction',
      model_id: 'm',
      predictions: {
        'b3-01': {
          labelName: 'valve',
          score: 0.75,
          coordinates: { xmin: 200, ymin: 60, xmax: 360, ymax: 300 },
        },
      },
      backbonetype: null,
      backbonepredictions: null,
    },
  },
  {
    name: 'agentic object detection',
    format: 'landing-ai',
    payload: { data: [[{ label: 'valve', score: 0.75, bounding_box: [200, 60, 360, 300] }]] },
  },
  {
    name: 'an object detector in Python',
    format: 'mediapipe',
    payload: {
      detections: [
        {
          bounding_box: { origin_x: 200, origin_y: 60, width: 160, height: 240 },
          categories: [{ index: null, score: 0.75, display_name: null, category_name: 'valve' }],
          keypoints: null,
        },
      ],
    },
  },
  {
    name: 'rows',
    format: 'ml5',
    payload: [{ label: 'valve', confidence: 0.75, x: 200, y: 60, width: 160, height: 240 }],
  },
  {
    name: 'the predictions of an inferencer',
    format: 'mmdetection',
    payload: {
      predictions: [{ labels: [1], scores: [0.75], bboxes: [[200, 60, 360, 300]] }],
      visualization: [],
    },
    settings: { labels: ['pipe', 'valve'] },
  },
  {
    name: 'a saved prediction',
    format: 'mmdetection',
    payload: { labels: [1], scores: [0.75], bboxes: [[200, 60, 360, 300]] },
    settings: { labels: ['pipe', 'valve'] },
  },
  {
    name: 'parallel lists with texts',
    format: 'modelarts',
    payload: {
      detection_classes: ['valve'],
      detection_boxes: [[60, 200, 300, 360]],
      detection_scores: ['0.75'],
    },
  },
  {
    name: 'plates',
    format: 'openalpr',
    payload: {
      version: 2,
      img_width: 800,
      img_height: 600,
      results: [{ plate: 'AB12CDE', confidence: 75, coordinates: outlinePoints }],
    },
    expected: { class: 'license_plate' },
    ...asPolygon,
  },
  {
    name: 'a group of plates',
    format: 'openalpr',
    payload: {
      data_type: 'alpr_group',
      best_plate: { plate: 'AB12CDE', confidence: 75, coordinates: outlinePoints },
      best_image_width: 800,
      best_image_height: 600,
    },
    expected: { class: 'license_plate' },
    ...asPolygon,
  },
  {
    name: 'rows of ocr-node',
    format: 'paddleocr',
    payload: [{ mean: 0.75, text: 'VALVE 7', box: OUTLINE }],
    expected: { class: 'text' },
    ...asPolygon,
  },
  {
    name: 'rows up to version 2',
    format: 'paddleocr',
    payload: [[OUTLINE, ['VALVE 7', 0.75]]],
    expected: { class: 'text' },
    ...asPolygon,
  },
  {
    name: 'pictures up to version 2',
    format: 'paddleocr',
    payload: [[[OUTLINE, ['VALVE 7', 0.75]]]],
    expected: { class: 'text' },
    ...asPolygon,
  },
  {
    name: 'a result from version 3 on',
    format: 'paddleocr',
    payload: { rec_texts: ['VALVE 7'], rec_scores: [0.75], rec_polys: [OUTLINE] },
    expected: { class: 'text' },
    ...asPolygon,
  },
  {
    name: 'a saved result, with its text',
    format: 'paddleocr-text',
    payload: { res: { rec_texts: ['valve'], rec_scores: [0.75], rec_polys: [OUTLINE] } },
    ...asPolygon,
    notes: ['box-derived', 'text-as-class'],
  },
  {
    name: 'the webhook of Stream',
    format: 'plate-recognizer',
    payload: {
      hook: { event: 'recognition', id: 'camera-1' },
      data: {
        camera_id: 'camera-1',
        results: [
          { box: { xmin: 200, ymin: 60, xmax: 360, ymax: 300 }, plate: 'ab12cde', score: 0.9, dscore: 0.75 },
        ],
      },
    },
    expected: { class: 'license_plate' },
  },
  {
    name: 'words of tesseract.js up to version 5',
    format: 'tesseract',
    payload: {
      text: 'VALVE',
      words: [{ text: 'VALVE', confidence: 75, bbox: { x0: 200, y0: 60, x1: 360, y1: 300 } }],
    },
    expected: { class: 'text' },
  },
  {
    name: 'the answer of tesseract.js from version 6 on',
    format: 'tesseract',
    payload: {
      jobId: 'Job-1',
      data: {
        blocks: [
          {
            paragraphs: [
              {
                lines: [
                  { words: [{ text: 'VALVE', confidence: 75, bbox: { x0: 200, y0: 60, x1: 360, y1: 300 } }] },
                ],
              },
            ],
          },
        ],
      },
    },
    expected: { class: 'text' },
  },
  {
    name: 'rows of the tsv output, with their text',
    format: 'tesseract-text',
    payload: [
      { level: '1', left: '0', top: '0', width: '800', height: '600', conf: '-1', text: '' },
      { level: '5', left: '200', top: '60', width: '160', height: '240', conf: '75', text: 'valve' },
    ],
    notes: ['text-as-class'],
  },
  {
    name: 'columns',
    format: 'tf-od-api',
    payload: {
      outputs: {
        detection_boxes: [
          [
            [0.1, 0.25, 0.5, 0.45],
            [0, 0, 0, 0],
          ],
        ],
        detection_classes: [[1, 1]],
        detection_scores: [[0.75, 0]],
        num_detections: [1],
      },
    },
    settings: { labels: ['pipe', 'valve'] },
    ...sized,
  },
  {
    name: 'a line of a batch',
    format: 'vertex-automl',
    payload: {
      instance: { content: 'gs://bucket/1.jpg', mimeType: 'image/jpeg' },
      prediction: { bboxes: [[0.25, 0.45, 0.1, 0.5]], displayNames: ['valve'], confidences: [0.75] },
    },
    ...sized,
  },
  {
    name: 'a frame',
    format: 'axis',
    payload: {
      frame: {
        observations: [
          {
            class: { type: 'valve', score: 0.75 },
            bounding_box: { left: 0.25, top: 0.1, right: 0.45, bottom: 0.5 },
          },
        ],
      },
    },
    ...sized,
  },
  {
    name: 'a detection',
    format: 'azure-deepstream-accelerator',
    payload: {
      detections: [
        {
          sourceInfo: { width: 800, height: 600 },
          inference: { label: 'valve', confidence: 0.75, rect: [200, 60, 160, 240] },
        },
      ],
    },
  },
  {
    name: 'regions',
    format: 'clarifai',
    payload: {
      outputs: [
        {
          data: {
            regions: [
              {
                region_info: {
                  bounding_box: { left_col: 0.25, top_row: 0.1, right_col: 0.45, bottom_row: 0.5 },
                },
                data: { concepts: [{ name: 'valve', value: 0.75 }] },
                value: 0.75,
              },
            ],
          },
        },
      ],
    },
    ...sized,
  },
  {
    name: 'results',
    format: 'coco-results',
    payload: [{ image_id: 4, category_id: 1, bbox: [200, 60, 160, 240], score: 0.75 }],
    settings: { labels: ['pipe', 'valve'] },
  },
  {
    name: 'rows that carry the name of the class',
    format: 'coco-results',
    payload: [
      {
        image_id: 4,
        category_id: 1,
        category_name: 'valve',
        bbox: [200, 60, 160, 240],
        score: 0.75,
        segmentation: [],
      },
    ],
  },
  {
    name: 'faces',
    format: 'compreface',
    payload: {
      result: [
        {
          box: { probability: 0.75, x_min: 200, y_min: 60, x_max: 360, y_max: 300 },
          subjects: [{ subject: 'A' }],
        },
      ],
    },
    expected: { class: 'face' },
  },
  {
    name: 'names',
    format: 'compreface-names',
    payload: {
      result: [
        {
          box: { probability: 1, x_min: 200, y_min: 60, x_max: 360, y_max: 300 },
          subjects: [{ subject: 'valve', similarity: 0.75 }],
        },
      ],
    },
  },
  {
    name: 'a frame',
    format: 'darknet',
    payload: {
      frame_id: 5,
      objects: [
        {
          name: 'valve',
          confidence: 0.75,
          relative_coordinates: { center_x: 0.35, center_y: 0.3, width: 0.2, height: 0.4 },
        },
      ],
    },
    ...sized,
  },
  {
    name: 'several files',
    format: 'darknet',
    payload: [
      {
        frame_id: 5,
        objects: [
          {
            name: 'valve',
            confidence: 0.75,
            relative_coordinates: { center_x: 0.35, center_y: 0.3, width: 0.2, height: 0.4 },
          },
        ],
      },
    ],
    ...sized,
  },
  {
    name: 'predicted labels',
    format: 'deepomatic',
    payload: {
      outputs: [
        {
          labels: {
            predicted: [
              {
                label_name: 'valve',
                score: 0.75,
                roi: { bbox: { xmin: 0.25, ymin: 0.1, xmax: 0.45, ymax: 0.5 } },
              },
            ],
            discarded: [{ label_name: 'pipe', score: 0.1 }],
          },
        },
      ],
    },
    ...sized,
  },
  {
    name: 'a result',
    format: 'degirum',
    payload: { result: [[{ label: 'valve', score: 0.75, bbox: [200, 60, 360, 300] }], 'frame 3'] },
  },
  {
    name: 'a result in fractions',
    format: 'degirum',
    payload: { result: [[{ label: 'valve', score: 0.75, bbox: [0.25, 0.1, 0.45, 0.5] }], 'frame 3'] },
    settings: { units: 'fraction' },
    ...sized,
  },
  {
    name: 'detections',
    format: 'depthai',
    payload: {
      seq: 8,
      detections: [{ label: 1, confidence: 0.75, xmin: 0.25, ymin: 0.1, xmax: 0.45, ymax: 0.5 }],
    },
    settings: { labels: ['pipe', 'valve'] },
    ...sized,
  },
  {
    name: 'matches',
    format: 'double-take',
    payload: {
      matches: [{ name: 'A', confidence: 75, box: { left: 200, top: 60, width: 160, height: 240 } }],
    },
    expected: { class: 'face' },
  },
  {
    name: 'one match with its name',
    format: 'double-take-names',
    payload: {
      match: { name: 'valve', confidence: 75, box: { left: 200, top: 60, width: 160, height: 240 } },
    },
  },
  {
    name: 'a fenced answer',
    format: 'gemini-box2d',
    payload: '```json\n[{"box_2d": [100, 250, 500, 450], "label": "valve"}]\n```',
    expected: { confidence: 0 },
    notes: ['missing-confidence'],
    ...sized,
  },
  {
    name: 'the message of the node',
    format: 'good-i-deer',
    payload: {
      originImg: { type: 'Buffer', data: [255, 216, 255] },
      data: { valve: [{ x: 200, y: 60, w: 160, h: 240, prob: 0.75 }] },
    },
  },
  {
    name: 'an object of classes',
    format: 'good-i-deer',
    payload: { valve: [{ x: 200, y: 60, w: 160, h: 240, prob: 0.75 }] },
  },
  {
    name: 'an event',
    format: 'ha-deepstack-event',
    payload: {
      event_type: 'deepstack.object_detected',
      event: {
        name: 'valve',
        confidence: 75,
        box: { x_min: 0.25, y_min: 0.1, x_max: 0.45, y_max: 0.5, width: 0.2, height: 0.4 },
      },
    },
    ...sized,
  },
  {
    name: 'matches by class',
    format: 'ha-doods',
    payload: { state: 1, attributes: { matches: { valve: [{ score: 75, box: [0.1, 0.25, 0.5, 0.45] }] } } },
    ...sized,
  },
  {
    name: 'an export',
    format: 'hailo',
    payload: {
      HailoROI: {
        SubObjects: [
          {
            HailoDetection: {
              label: 'valve',
              confidence: 0.75,
              HailoBBox: { xmin: 0.25, ymin: 0.1, width: 0.2, height: 0.4 },
            },
          },
          { HailoClassification: { label: 'open' } },
        ],
      },
    },
    ...sized,
  },
  {
    name: 'rectangles of a task',
    format: 'label-studio',
    payload: {
      predictions: [
        {
          result: [
            {
              original_width: 800,
              original_height: 600,
              score: 0.75,
              value: { x: 25, y: 10, width: 20, height: 40, rectanglelabels: ['valve'] },
            },
          ],
        },
      ],
    },
  },
  {
    name: 'a map of predictions',
    format: 'landing-ai',
    payload: {
      backbonepredictions: {
        'b3-01': {
          labelName: 'valve',
          score: 0.75,
          coordinates: { xmin: 200, ymin: 60, xmax: 360, ymax: 300 },
        },
      },
      predictions: {},
    },
  },
  {
    name: 'rows',
    format: 'max-object-detector',
    payload: [{ label_id: '7', label: 'valve', probability: 0.75, detection_box: [0.1, 0.25, 0.5, 0.45] }],
    ...sized,
  },
  {
    name: 'an object detector',
    format: 'mediapipe',
    payload: {
      detections: [
        {
          categories: [{ categoryName: 'valve', score: 0.75 }],
          boundingBox: { originX: 200, originY: 60, width: 160, height: 240 },
        },
      ],
    },
  },
  {
    name: 'rows',
    format: 'opendatacam',
    payload: [{ x: 280, y: 180, w: 160, h: 240, prob: 75, name: 'valve' }],
  },
  {
    name: 'plates',
    format: 'plate-recognizer',
    payload: {
      results: [
        { box: { xmin: 200, ymin: 60, xmax: 360, ymax: 300 }, plate: 'ab12cde', score: 0.9, dscore: 0.75 },
      ],
    },
    expected: { class: 'license_plate' },
  },
  {
    name: 'an answer in input pixels',
    format: 'qwen25-bbox2d',
    payload: '```json\n[{"bbox_2d": [100, 30, 180, 150], "label": "valve"}]\n```',
    settings: { sourceSize: { width: 400, height: 300 } },
    expected: { confidence: 0 },
    notes: ['missing-confidence', 'model-input-coordinates'],
    ...sized,
  },
  {
    name: 'an answer in thousandths',
    format: 'qwen3-bbox2d',
    payload: '[{"bbox_2d": [250, 100, 450, 500], "label": "valve"}]',
    expected: { confidence: 0 },
    notes: ['missing-confidence'],
    ...sized,
  },
  {
    name: 'confidence before class',
    format: 'rapidautomation-v1',
    payload: { output: [[200, 60, 360, 300, 0.75, 1]] },
    settings: { labels: ['pipe', 'valve'] },
  },
  {
    name: 'class before confidence',
    format: 'rapidautomation-v2',
    payload: { output: [[200, 60, 360, 300, 1, 0.75]] },
    settings: { labels: ['pipe', 'valve'] },
  },
  {
    name: 'detections',
    format: 'scrypted',
    payload: {
      inputDimensions: [800, 600],
      detections: [{ className: 'valve', score: 0.75, boundingBox: [200, 60, 160, 240] }],
    },
  },
  {
    name: 'an object trigger',
    format: 'shinobi',
    payload: {
      f: 'detector_trigger',
      details: {
        reason: 'object',
        matrices: [{ x: 200, y: 60, width: 160, height: 240, tag: 'valve', confidence: 0.75 }],
        imgWidth: 800,
        imgHeight: 600,
      },
    },
  },
  {
    name: 'rows of a CSV file',
    format: 'supervision',
    payload: [
      {
        x_min: '200',
        y_min: '60',
        x_max: '360',
        y_max: '300',
        class_name: 'valve',
        confidence: '0.75',
        tracker_id: '',
      },
    ],
  },
  {
    name: 'a notification',
    format: 'synoai',
    payload: { predictions: [{ Label: 'valve', Confidence: 75, MinX: 200, MinY: 60, MaxX: 360, MaxY: 300 }] },
  },
  {
    name: 'parallel lists with filling',
    format: 'tf-od-api',
    payload: {
      predictions: [
        {
          detection_boxes: [
            [0.1, 0.25, 0.5, 0.45],
            [0, 0, 0, 0],
          ],
          detection_classes: [1, 0],
          detection_scores: [0.75, 0],
        },
      ],
    },
    settings: { labels: ['pipe', 'valve'] },
    ...sized,
  },
  {
    name: 'parallel lists',
    format: 'torchvision',
    payload: { boxes: [[200, 60, 360, 300]], labels: [1], scores: [0.75] },
    settings: { labels: ['pipe', 'valve'] },
  },
  {
    name: 'parallel lists',
    format: 'vertex-automl',
    payload: {
      predictions: [{ bboxes: [[0.25, 0.45, 0.1, 0.5]], displayNames: ['valve'], confidences: [0.75] }],
    },
    ...sized,
  },
  {
    name: 'pixels as texts',
    format: 'viam',
    payload: {
      detections: [
        { xMin: '200', yMin: '60', xMax: '360', yMax: '300', className: 'valve', confidence: 0.75 },
      ],
    },
  },
  {
    name: 'fractions',
    format: 'viam-normalized',
    payload: {
      detections: [
        {
          xMinNormalized: 0.25,
          yMinNormalized: 0.1,
          xMaxNormalized: 0.45,
          yMaxNormalized: 0.5,
          className: 'valve',
          confidence: 0.75,
        },
      ],
    },
    ...sized,
  },
  {
    name: 'the recorder',
    format: 'viseron',
    payload: {
      state: 'on',
      attributes: {
        objects: [{ label: 'valve', confidence: 0.75, rel_x1: 0.25, rel_y1: 0.1, rel_x2: 0.45, rel_y2: 0.5 }],
      },
    },
    ...sized,
  },
  {
    name: 'parallel lists of a resized picture',
    format: 'zoneminder-es',
    payload: {
      labels: ['valve'],
      boxes: [[100, 30, 180, 150]],
      confidences: [0.75],
      image_dimensions: { original: [600, 800], resized: [300, 400] },
    },
  },
  {
    name: 'prose before the mark',
    format: 'zoneminder-es',
    payload:
      '[s] detected:valve:75% --SPLIT--{"labels":["valve"],"boxes":[[100,30,180,150]],"confidences":[0.75],"image_dimensions":{"original":[600,800],"resized":[300,400]}}',
  },
];
