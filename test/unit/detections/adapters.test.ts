import assert from 'node:assert/strict';
import { convertDetections } from '../../../src/detections/convert';
import type {
  DetectionContext,
  DetectionResult,
  DetectionSettings,
  NoteCode,
} from '../../../src/detections/convert';
import type { AnnotationLists } from '../../../src/event/types';
import { assertClose, assertRefused } from './assertions';

const imageSize = { width: 800, height: 600 };
const place = { x: 280, y: 180, width: 160, height: 240 };
const valve = { class: 'valve', ...place, confidence: 0.75 };
const corners = { x1: 200, y1: 60, x2: 360, y2: 300 };

function read(
  payload: unknown,
  settings: Partial<DetectionSettings> = {},
  context: DetectionContext = {},
): DetectionResult {
  return convertDetections(payload, { format: 'auto', ...settings }, context);
}

export interface Case {
  name: string;
  format: string;
  payload: unknown;
  settings?: Partial<DetectionSettings>;
  context?: DetectionContext;
  lists: AnnotationLists;
  notes?: NoteCode[];
  dropped?: number;
}

const answer = (predictions: unknown, others: object = {}) => ({ image: imageSize, predictions, ...others });
const roboflowRow = { ...place, confidence: 0.75, class: 'valve', class_id: 7 };
const yoloRow = { name: 'valve', class: 7, confidence: 0.75 };
const deepstackRow = { confidence: 0.75, x_min: 200, y_min: 60, x_max: 360, y_max: 300 };
const frigateAfter = {
  camera: 'gate',
  label: 'valve',
  score: 0.75,
  box: [200, 60, 360, 300],
  frame_time: 20,
};
const frigate = (after: object) => ({ type: 'end', before: {}, after: { ...frigateAfter, ...after } });
const googleVertices = [
  { x: 200, y: 60 },
  { x: 360, y: 60 },
  { x: 360, y: 300 },
  { x: 200, y: 300 },
];
const box = { Left: 0.25, Top: 0.1, Width: 0.2, Height: 0.4 };
const sscma = (data: object) => ({ type: 1, name: 'invoke', code: 0, data });

const triangle = [
  [200, 60],
  [360, 60],
  [360, 300],
] as [number, number][];

export const CASES: Case[] = [
  {
    name: 'nothing found',
    format: 'roboflow',
    payload: answer([]),
    lists: {},
  },
  {
    name: 'nothing found, in a Workflow that does not know the size',
    format: 'roboflow',
    payload: { outputs: [{ found: { image: { width: null, height: null }, predictions: [] } }] },
    lists: {},
  },
  {
    name: 'a polygon',
    format: 'roboflow',
    payload: answer([{ ...roboflowRow, points: triangle.map(([x, y]) => ({ x, y })) }]),
    lists: { instanceSegmentations: [{ ...valve, points: triangle }] },
  },
  {
    name: 'keypoints by the class of the joint, without occlusion',
    format: 'roboflow',
    payload: answer([
      { ...roboflowRow, keypoints: [{ x: 210, y: 70, class_id: 4, class: 'rim', confidence: 0.01 }] },
    ]),
    lists: { keypoints: [{ ...valve, keypoints: [{ id: 4, x: 210, y: 70 }] }] },
  },
  {
    name: 'a run-length mask',
    format: 'roboflow',
    payload: answer([{ ...roboflowRow, rle: { size: [600, 800], counts: 'x' } }], { mask_format: 'rle' }),
    lists: { objectDetections: [valve] },
    notes: ['mask-not-converted'],
  },
  {
    name: 'one class',
    format: 'roboflow',
    payload: answer([{ class: 'valve', class_id: 7, confidence: 0.75 }], { top: 'valve', confidence: 0.75 }),
    lists: { classifications: [{ class: 'valve', confidence: 0.75 }] },
  },
  {
    name: 'several classes, of which only predicted ones count',
    format: 'roboflow',
    payload: answer(
      { valve: { confidence: 0.75 }, pipe: { confidence: 0.1 } },
      { predicted_classes: ['valve'] },
    ),
    lists: { classifications: [{ class: 'valve', confidence: 0.75 }] },
  },
  {
    name: 'several classes, none predicted',
    format: 'roboflow',
    payload: answer({ valve: { confidence: 0.2 } }, { predicted_classes: [] }),
    lists: {},
    notes: ['nothing-predicted'],
  },
  {
    name: 'several classes, all wanted',
    format: 'roboflow',
    payload: answer({ valve: { confidence: 0.2 } }, { predicted_classes: [] }),
    settings: { allClasses: true },
    lists: { classifications: [{ class: 'valve', confidence: 0.2 }] },
  },
  {
    name: 'a crop',
    format: 'roboflow',
    payload: {
      outputs: [{ crops: [answer([{ ...roboflowRow, parent_origin: { offset_x: 5, offset_y: 6 } }])] }],
    },
    lists: { objectDetections: [valve] },
    notes: ['crop-coordinates'],
  },
  {
    name: 'a browser row without class, as declared',
    format: 'roboflow',
    payload: [{ bbox: place, confidence: 0.75 }],
    settings: { format: 'roboflow' },
    lists: { objectDetections: [{ ...valve, class: 'unknown' }] },
    notes: ['missing-class'],
  },
  {
    name: 'an outline',
    format: 'ultralytics',
    payload: [{ ...yoloRow, box: corners, segments: { x: [200, 360, 360], y: [60, 60, 300] } }],
    lists: { instanceSegmentations: [{ ...valve, points: triangle }] },
  },
  {
    name: 'an outline without its y, which leaves the box',
    format: 'ultralytics',
    payload: [{ ...yoloRow, box: corners, segments: { x: [200, 360, 360] } }],
    lists: { objectDetections: [valve] },
  },
  {
    name: 'a pose, whose visibility is a confidence',
    format: 'ultralytics',
    payload: [{ ...yoloRow, box: corners, keypoints: { x: [210, 0], y: [70, 0], visible: [0.9, 0.1] } }],
    lists: {
      keypoints: [
        {
          ...valve,
          keypoints: [
            { id: 0, x: 210, y: 70 },
            { id: 1, x: 0, y: 0 },
          ],
        },
      ],
    },
  },
  {
    name: 'an oriented box: its hull and its corners',
    format: 'ultralytics',
    payload: [{ ...yoloRow, box: { x1: 280, y1: 60, x2: 360, y2: 180, x3: 280, y3: 300, x4: 200, y4: 180 } }],
    lists: {
      instanceSegmentations: [
        {
          ...valve,
          points: [
            [280, 60],
            [360, 180],
            [280, 300],
            [200, 180],
          ],
        },
      ],
    },
  },
  {
    name: 'an oriented box beside an upright one',
    format: 'ultralytics',
    payload: [
      { ...yoloRow, box: corners },
      { ...yoloRow, box: { x1: 280, y1: 60, x2: 360, y2: 180, x3: 280, y3: 300, x4: 200, y4: 180 } },
    ],
    lists: {
      objectDetections: [valve],
      instanceSegmentations: [
        {
          ...valve,
          points: [
            [280, 60],
            [360, 180],
            [280, 300],
            [200, 180],
          ],
        },
      ],
    },
  },
  {
    name: 'classes',
    format: 'ultralytics',
    payload: [yoloRow, { name: 'pipe', class: 2, confidence: 0.1 }],
    lists: {
      classifications: [
        { class: 'valve', confidence: 0.75 },
        { class: 'pipe', confidence: 0.1 },
      ],
    },
  },
  {
    name: 'a HUB outline in fractions, without a box',
    format: 'ultralytics',
    payload: { success: true, data: [{ ...yoloRow, segment: [0.25, 0.1, 0.45, 0.1, 0.45, 0.5] }] },
    context: { imageSize },
    lists: { instanceSegmentations: [{ ...valve, points: triangle }] },
    notes: ['box-derived'],
  },
  {
    name: 'a Float32Array that went through JSON',
    format: 'tfjs',
    payload: [{ bbox: { 0: 200, 1: 60, 2: 160, 3: 240 }, class: 'valve', score: 0.75 }],
    lists: { objectDetections: [valve] },
    notes: ['indexed-object'],
  },
  {
    name: 'classes whose names have commas',
    format: 'tfjs',
    payload: [{ className: 'valve, tap', probability: 0.75 }],
    lists: { classifications: [{ class: 'valve, tap', confidence: 0.75 }] },
  },
  {
    name: 'a pose without a box',
    format: 'tfjs',
    payload: [
      {
        score: 0.75,
        keypoints: [
          { x: 200, y: 60, score: 0.9, name: 'nose' },
          { x: 360, y: 300, score: 0.8 },
        ],
      },
    ],
    lists: {
      keypoints: [
        {
          ...valve,
          class: 'person',
          keypoints: [
            { id: 0, x: 200, y: 60 },
            { id: 1, x: 360, y: 300 },
          ],
        },
      ],
    },
    notes: ['box-derived', 'missing-class'],
  },
  {
    name: 'several poses, boxes in fractions and joints in pixels',
    format: 'tfjs',
    payload: [
      {
        id: 1,
        score: 0.75,
        box: { xMin: 0.25, yMin: 0.1, xMax: 0.45, yMax: 0.5, width: 0.2, height: 0.4 },
        keypoints: [{ x: 210, y: 70, score: 0.9, name: 'left_hip' }],
      },
    ],
    settings: { defaultClass: 'worker' },
    context: { imageSize },
    lists: { keypoints: [{ ...valve, class: 'worker', keypoints: [{ id: 0, x: 210, y: 70 }] }] },
    notes: ['missing-class', 'mixed-units'],
  },
  {
    name: 'a face, without a score',
    format: 'tfjs',
    payload: [
      { box: { xMin: 200, yMin: 60, xMax: 360, yMax: 300 }, keypoints: [{ x: 210, y: 70, name: 'noseTip' }] },
    ],
    lists: { keypoints: [{ ...valve, class: 'face', confidence: 0, keypoints: [{ id: 0, x: 210, y: 70 }] }] },
    notes: ['missing-class', 'missing-confidence'],
  },
  {
    name: 'a hand, which is not a person',
    format: 'tfjs',
    payload: [
      {
        score: 0.75,
        handedness: 'Right',
        keypoints: [
          { x: 200, y: 60, name: 'wrist' },
          { x: 360, y: 300, name: 'thumb_tip' },
        ],
      },
    ],
    lists: {
      keypoints: [
        {
          ...valve,
          class: 'hand',
          keypoints: [
            { id: 0, x: 200, y: 60 },
            { id: 1, x: 360, y: 300 },
          ],
        },
      ],
    },
    notes: ['box-derived', 'missing-class'],
  },
  {
    name: 'a module that failed beside one that saw something',
    format: 'deepstack',
    payload: [
      { api: 'objects', found: { success: true, predictions: [{ ...deepstackRow, label: 'valve' }] } },
      { api: 'alpr', found: { success: false, error: 'timeout', code: 500 } },
    ],
    lists: { objectDetections: [valve] },
    notes: ['module-failed'],
    dropped: 1,
  },
  {
    name: 'a row without corners beside one with them',
    format: 'deepstack',
    payload: { success: true, predictions: [{ ...deepstackRow, label: 'valve' }, { label: 'tap' }] },
    lists: { objectDetections: [valve] },
    notes: ['missing-box'],
    dropped: 1,
  },
  {
    name: 'a scene',
    format: 'deepstack',
    payload: { success: true, label: 'hall', confidence: 0.75 },
    lists: { classifications: [{ class: 'hall', confidence: 0.75 }] },
  },
  {
    name: 'a face without a label',
    format: 'deepstack',
    payload: { success: true, moduleId: 'FaceProcessing', predictions: [deepstackRow] },
    lists: { objectDetections: [{ ...valve, class: 'face' }] },
    notes: ['missing-class'],
  },
  {
    name: 'a recognised person, whose name is personal',
    format: 'deepstack',
    payload: { success: true, predictions: [{ ...deepstackRow, userid: 'Ada' }] },
    lists: { objectDetections: [{ ...valve, class: 'face' }] },
  },
  {
    name: 'a recognised person by name, on request',
    format: 'deepstack',
    payload: { success: true, predictions: [{ ...deepstackRow, userid: 'Ada' }] },
    settings: { personalNames: true },
    lists: { objectDetections: [{ ...valve, class: 'Ada' }] },
  },
  {
    name: 'a plate, whose text is personal',
    format: 'deepstack',
    payload: { success: true, predictions: [{ ...deepstackRow, label: 'Plate: AB 12', plate: 'AB 12' }] },
    lists: { objectDetections: [{ ...valve, class: 'license_plate' }] },
  },
  {
    name: 'read text, and a count that is wrong',
    format: 'deepstack',
    payload: { success: true, moduleId: 'OCR', count: 3, predictions: [{ ...deepstackRow, label: 'valve' }] },
    lists: { objectDetections: [valve] },
    notes: ['count-mismatch', 'text-as-class'],
  },
  {
    name: 'the current box on request',
    format: 'frigate',
    payload: frigate({ snapshot: { box: [0, 0, 9, 9], score: 0.1 } }),
    settings: { frigateBox: 'current' },
    lists: { objectDetections: [valve] },
  },
  {
    name: 'an old message whose snapshot is another frame',
    format: 'frigate',
    payload: frigate({ snapshot_time: 19 }),
    lists: { objectDetections: [valve] },
    notes: ['snapshot-frame-mismatch'],
  },
  {
    name: 'a false positive',
    format: 'frigate',
    payload: frigate({ false_positive: true }),
    lists: {},
    notes: ['false-positive'],
  },
  {
    name: 'a detect stream smaller than the snapshot',
    format: 'frigate',
    payload: frigate({ box: [100, 30, 180, 150] }),
    settings: { sourceSize: { width: 400, height: 300 } },
    context: { imageSize },
    lists: { objectDetections: [valve] },
  },
  {
    name: 'a list of events',
    format: 'frigate',
    payload: [1, 2].map(() => ({
      camera: 'gate',
      label: 'valve',
      data: { box: [0.25, 0.1, 0.2, 0.4], score: 0.75 },
    })),
    context: { imageSize },
    lists: { objectDetections: [valve, valve] },
    notes: ['several-frames'],
  },
  {
    name: 'an event of a sound among them',
    format: 'frigate',
    payload: [
      { camera: 'gate', label: 'valve', data: { box: [0.25, 0.1, 0.2, 0.4], score: 0.75, type: 'object' } },
      { camera: 'gate', label: 'bark', data: { score: 0.7, type: 'audio' } },
    ],
    context: { imageSize },
    lists: { objectDetections: [valve] },
    notes: ['missing-box', 'several-frames'],
    dropped: 1,
  },
  {
    name: 'a read plate',
    format: 'frigate',
    payload: {
      type: 'lpr',
      id: 'a',
      camera: 'gate',
      timestamp: 1,
      plate: 'AB12',
      score: 0.75,
      plate_box: [200, 60, 360, 300],
    },
    lists: { objectDetections: [{ ...valve, class: 'license_plate' }] },
  },
  {
    name: 'a recognised face',
    format: 'frigate',
    payload: { type: 'face', id: 'a', camera: 'gate', timestamp: 1, name: 'Ada', score: 0.75 },
    lists: { classifications: [{ class: 'face', confidence: 0.75 }] },
  },
  {
    name: 'a class of a tracked object',
    format: 'frigate',
    payload: { type: 'classification', id: 'a', camera: 'gate', timestamp: 1, sub_label: 'van', score: 0.75 },
    lists: { classifications: [{ class: 'van', confidence: 0.75 }] },
  },
  {
    name: 'keypoints',
    format: 'sscma',
    payload: sscma({ labels: ['valve'], keypoints: [[[280, 180, 160, 240, 75, 0], [[210, 70, 90]]]] }),
    lists: { keypoints: [{ ...valve, keypoints: [{ id: 0, x: 210, y: 70 }] }] },
  },
  {
    name: 'segments',
    format: 'sscma',
    payload: sscma({ labels: ['valve'], segments: [[[280, 180, 160, 240, 75, 0], triangle.flat()]] }),
    lists: { instanceSegmentations: [{ ...valve, points: triangle }] },
  },
  {
    name: 'classes named by the setting',
    format: 'sscma',
    payload: sscma({ classes: [[75, 1]] }),
    settings: { labels: ['pipe', 'valve'] },
    lists: { classifications: [{ class: 'valve', confidence: 0.75 }] },
  },
  {
    name: 'class numbers without names',
    format: 'sscma',
    payload: sscma({ boxes: [[280, 180, 160, 240, 75, 3]] }),
    lists: { objectDetections: [{ ...valve, class: '3' }] },
    notes: ['missing-class'],
  },
  {
    name: 'a packed box with a number too few',
    format: 'sscma',
    payload: sscma({
      boxes: [
        [280, 180, 160, 240, 75],
        [280, 180, 160, 240, 75, 0],
      ],
    }),
    lists: { objectDetections: [{ ...valve, class: '0' }] },
    notes: ['bad-number', 'missing-class'],
    dropped: 1,
  },
  {
    name: 'classes',
    format: 'edge-impulse',
    payload: { result: { classification: { valve: 0.75, pipe: 0.25 } }, timing: {} },
    lists: {
      classifications: [
        { class: 'valve', confidence: 0.75 },
        { class: 'pipe', confidence: 0.25 },
      ],
    },
  },
  {
    name: 'tracked objects instead of the same boxes twice',
    format: 'edge-impulse',
    payload: {
      result: {
        bounding_boxes: [{ label: 'valve', value: 0.75, x: 1, y: 2, width: 3, height: 4 }],
        object_tracking: [
          { object_id: 3, label: 'valve', value: 0.75, x: 200, y: 60, width: 160, height: 240 },
        ],
      },
    },
    lists: { objectDetections: [valve] },
  },
  {
    name: 'an anomaly, whose value is a distance',
    format: 'edge-impulse',
    payload: {
      result: {
        visual_anomaly_grid: [{ label: 'anomaly', value: 8, x: 200, y: 60, width: 160, height: 240 }],
      },
    },
    lists: { objectDetections: [{ ...valve, class: 'anomaly', confidence: 1 }] },
    notes: ['confidence-clamped'],
  },
  {
    name: 'boxes of the model input',
    format: 'edge-impulse',
    payload: {
      result: {
        bounding_boxes: [{ label: 'valve', value: 0.75, x: 100, y: 50, width: 80, height: 200 }],
        resized: { newWidth: 400, newHeight: 500 },
      },
    },
    settings: { sourceSize: { width: 400, height: 500 } },
    context: { imageSize },
    lists: { objectDetections: [valve] },
    notes: ['model-input-coordinates'],
  },
  {
    name: 'labels of the whole picture and without a box',
    format: 'aws-rekognition',
    payload: {
      Labels: [
        { Name: 'hall', Confidence: 75, Instances: [] },
        { Name: 'valve', Confidence: 75, Instances: [{ BoundingBox: box }, { Confidence: 75 }] },
      ],
    },
    context: { imageSize },
    lists: { objectDetections: [valve], classifications: [{ class: 'hall', confidence: 0.75 }] },
    notes: ['missing-box'],
    dropped: 1,
  },
  {
    name: 'custom labels',
    format: 'aws-rekognition',
    payload: { CustomLabels: [{ Name: 'valve', Confidence: 75, Geometry: { BoundingBox: box } }] },
    context: { imageSize },
    lists: { objectDetections: [valve] },
  },
  {
    name: 'protective equipment and its wearer',
    format: 'aws-rekognition',
    payload: {
      ProtectiveEquipmentModelVersion: '1.0',
      Persons: [
        {
          BoundingBox: { Left: 0, Top: 0, Width: 1, Height: 1 },
          Confidence: 75,
          BodyParts: [
            { Name: 'HEAD', EquipmentDetections: [{ Type: 'valve', Confidence: 75, BoundingBox: box }] },
          ],
        },
      ],
    },
    context: { imageSize },
    lists: {
      objectDetections: [
        { class: 'person', x: 400, y: 300, width: 800, height: 600, confidence: 0.75 },
        valve,
      ],
    },
    notes: ['missing-class'],
  },
  {
    name: 'corners at 0, which are left out',
    format: 'google-vision',
    payload: {
      localizedObjectAnnotations: [
        {
          name: 'valve',
          score: 0.75,
          boundingPoly: { normalizedVertices: [{}, { x: 0.4 }, { x: 0.4, y: 0.8 }, { y: 0.8 }] },
        },
        { name: 'pipe', score: 0.5 },
      ],
    },
    context: { imageSize },
    lists: {
      objectDetections: [{ class: 'valve', x: 160, y: 240, width: 320, height: 480, confidence: 0.75 }],
    },
    notes: ['missing-box'],
    dropped: 1,
  },
  {
    name: 'faces and logos in pixels',
    format: 'google-vision',
    payload: {
      responses: [
        {
          faceAnnotations: [{ detectionConfidence: 0.75, boundingPoly: { vertices: googleVertices } }],
          logoAnnotations: [
            { description: 'valve', score: 0.75, boundingPoly: { vertices: googleVertices } },
          ],
        },
      ],
    },
    lists: { objectDetections: [{ ...valve, class: 'face' }, valve] },
  },
  {
    name: 'labels, and an answer of nothing',
    format: 'google-vision',
    payload: { responses: [{ labelAnnotations: [{ description: 'valve', score: 0.75 }] }] },
    lists: { classifications: [{ class: 'valve', confidence: 0.75 }] },
  },
  {
    name: 'tags and people',
    format: 'azure-vision',
    payload: {
      tagsResult: { values: [{ name: 'hall', confidence: 0.75 }] },
      peopleResult: {
        values: [{ boundingBox: { x: 200, y: 60, w: 160, h: 240 }, confidence: 0.75 }, { confidence: 0.1 }],
      },
    },
    lists: {
      objectDetections: [{ ...valve, class: 'person' }],
      classifications: [{ class: 'hall', confidence: 0.75 }],
    },
    notes: ['missing-box'],
    dropped: 1,
  },
  {
    name: 'Custom Vision classes',
    format: 'azure-vision',
    payload: { project: 'p', iteration: 'i', predictions: [{ tagName: 'valve', probability: 0.75 }] },
    lists: { classifications: [{ class: 'valve', confidence: 0.75 }] },
  },
  {
    name: 'a frame without objects, under metadata',
    format: 'dlstreamer',
    payload: { metadata: { resolution: imageSize, timestamp: 5, source: 'x' }, blob: '' },
    lists: {},
  },
  {
    name: 'a class of the full frame beside a box',
    format: 'dlstreamer',
    payload: {
      resolution: imageSize,
      timestamp: 5,
      objects: [
        {
          detection: {
            bounding_box: { x_min: 0.25, y_min: 0.1, x_max: 0.45, y_max: 0.5 },
            label: 'valve',
            confidence: 0.75,
          },
        },
        {
          'classification_layer_name:predictions_1/Softmax': { label: 'hall', confidence: 0.75 },
          x: 0,
          y: 0,
          w: 800,
          h: 600,
        },
      ],
    },
    lists: { objectDetections: [valve], classifications: [{ class: 'hall', confidence: 0.75 }] },
  },
  {
    name: 'an object without a confidence',
    format: 'deepstream',
    payload: { '@timestamp': 't', sensorId: 's', objects: ['9|200|60|360|300|valve|#|-0.1', '9|1|2|3'] },
    lists: { objectDetections: [{ ...valve, confidence: 0 }] },
    notes: ['bad-number', 'confidence-clamped'],
    dropped: 1,
  },
  {
    name: 'classes',
    format: 'huggingface',
    payload: [{ label: 'valve', score: 0.75 }],
    lists: { classifications: [{ class: 'valve', confidence: 0.75 }] },
  },
  {
    name: 'a row without edges beside one with them',
    format: 'doods',
    payload: {
      id: 'gate',
      error: '',
      detections: [
        { top: 0.1, left: 0.25, bottom: 0.5, right: 0.45, label: 'valve', confidence: 75 },
        { label: 'tap', confidence: 75 },
      ],
    },
    context: { imageSize },
    lists: { objectDetections: [valve] },
    notes: ['missing-box'],
    dropped: 1,
  },
  {
    name: 'nothing, its own way',
    format: 'doods',
    payload: { id: 'gate', error: '', detections: null },
    lists: {},
  },
  {
    name: 'all four lists',
    format: 'vision-event',
    payload: {
      objectDetections: [valve],
      classifications: [{ class: 'hall', confidence: 0.5 }],
      instanceSegmentations: [{ ...valve, points: triangle }],
      keypoints: [{ ...valve, keypoints: [{ id: 3, x: 210, y: 70, occluded: true }] }],
    },
    lists: {
      objectDetections: [valve],
      classifications: [{ class: 'hall', confidence: 0.5 }],
      instanceSegmentations: [{ ...valve, points: triangle }],
      keypoints: [{ ...valve, keypoints: [{ id: 3, x: 210, y: 70, occluded: true }] }],
    },
  },
];

describe('what formats send beside boxes', () => {
  for (const { name, format, payload, settings, context, lists, notes = [], dropped = 0 } of CASES) {
    it(`${format}: ${name}`, () => {
      const result = read(payload, settings, context);
      assert.equal(result.format, format);
      assert.equal(result.images.length, 1);
      assertClose(result.images[0]?.annotations, lists);
      assert.deepEqual([...result.notes].sort(), notes);
      assert.equal(result.dropped, dropped);
    });
  }

  it('polygons of Label Studio', () => {
    const payload = {
      result: [
        {
          original_width: 800,
          original_height: 600,
          score: 0.75,
          value: {
            points: [
              [25, 10],
              [45, 10],
              [45, 50],
            ],
            polygonlabels: ['valve'],
          },
        },
      ],
    };
    const { images } = convertDetections(payload, { format: 'label-studio-polygons' });
    assertClose(images[0]?.annotations, { instanceSegmentations: [{ ...valve, points: triangle }] });
  });

  it('keypoints of a MediaPipe face in fractions, the box in pixels', () => {
    const payload = {
      detections: [
        {
          categories: [{ categoryName: '', score: 0.75 }],
          boundingBox: { originX: 200, originY: 60, width: 160, height: 240 },
          keypoints: [{ x: 0.3, y: 0.2 }],
        },
      ],
    };
    const settings = { format: 'mediapipe', defaultClass: 'face' };
    const { images } = convertDetections(payload, settings, { imageSize });
    assertClose(images[0]?.annotations.keypoints, [
      { ...valve, class: 'face', keypoints: [{ id: 0, x: 240, y: 120 }] },
    ]);
    assertRefused('image-size-required', payload, settings);
  });

  it('the class of a Landing AI picture', () => {
    const payload = { predictions: { score: 0.75, labelName: 'valve' }, type: 'ClassificationPrediction' };
    const { images } = convertDetections(payload, { format: 'landing-ai' });
    assert.deepEqual(images[0]?.annotations, { classifications: [{ class: 'valve', confidence: 0.75 }] });
  });
});

describe('several images', () => {
  const two = [answer([roboflowRow]), { ...answer([]), image: { width: 320, height: 240 } }];

  it('become an image entry each', () => {
    const result = read(two);
    assert.deepEqual(result.images, [
      { annotations: { objectDetections: [valve] }, imageSize },
      { annotations: {}, imageSize: { width: 320, height: 240 } },
    ]);
    assert.deepEqual(result.notes, ['multiple-images']);
    assert.equal(result.count, 1);
  });

  it('at most as many as an event takes', () => {
    const result = read(Array.from({ length: 1001 }, () => answer([])));
    assert.equal(result.images.length, 1000);
    assert.deepEqual(result.notes, ['multiple-images', 'list-capped']);
  });

  it('or only the first is used', () => {
    const result = read(two, { multipleImages: 'first' });
    assert.equal(result.images.length, 1);
    assert.deepEqual(result.notes, ['multiple-images']);
  });

  it('keep the sizes that the payload gives them', () => {
    const [, second] = read(two, { imageSize: { width: 999, height: 999 } }).images;
    assert.deepEqual(second?.imageSize, { width: 320, height: 240 });
  });

  it('from the platform API, an event and the REST envelope', () => {
    const result = { ...yoloRow, box: corners };
    const images = [1, 2].map(() => ({ shape: [600, 800], results: [result] }));
    assert.equal(read({ images }).images.length, 2);
    assert.equal(read({ eventType: 'custom', images: [{ objectDetections: [valve] }, {}] }).images.length, 2);
    assert.equal(read({ responses: [{}, { labelAnnotations: [] }] }).images.length, 2);
    assert.equal(read({ outputs: [{ a: answer([roboflowRow]) }, { a: answer([]) }] }).images.length, 2);
  });
});

describe('metadata candidates', () => {
  const event = frigate({
    id: 'a1',
    entered_zones: ['yard', 'gate'],
    sub_label: ['Ada', 0.9],
    recognized_license_plate: 'AB12',
  });

  it('are collected only on request, without personal data', () => {
    assert.equal(read(event).metadata, undefined);
    assert.deepEqual(read(event, { metadataCandidates: true }).metadata, {
      camera: 'gate',
      frigate_id: 'a1',
      frigate_type: 'end',
      zones: 'yard, gate',
    });
  });

  it('name persons and plates when both are asked for', () => {
    const { metadata } = read(event, { metadataCandidates: true, personalNames: true });
    assert.equal(metadata?.sub_label, 'Ada');
    assert.equal(metadata?.recognized_license_plate, 'AB12');
  });

  it('are what customMetadata takes', () => {
    const frame = {
      resolution: imageSize,
      timestamp: 5,
      tags: { line: 'two', 'bad.key': 'x' },
      source: 'cam',
    };
    assert.deepEqual(read(frame, { metadataCandidates: true }).metadata, { source: 'cam', line: 'two' });
    const anomaly = { result: { visual_anomaly_grid: [], visual_anomaly_max: 1.23456789 } };
    assert.deepEqual(read(anomaly, { metadataCandidates: true }).metadata, { visual_anomaly_max: 1.234568 });
  });

  it('never carry pictures', () => {
    const payload = { ...answer([]), inference_id: 'x'.repeat(1001) };
    assert.deepEqual(read(payload, { metadataCandidates: true }).metadata, {});
  });
});

describe('Amazon Rekognition of video', () => {
  const settings = { format: 'auto' };
  const instance = { Confidence: 75, BoundingBox: { Left: 0.25, Top: 0.1, Width: 0.2, Height: 0.4 } };
  const video = {
    JobStatus: 'SUCCEEDED',
    VideoMetadata: { FrameWidth: 800, FrameHeight: 600, Codec: 'h264' },
  };

  it('gives an image for each moment of a recorded video', () => {
    const result = convertDetections(
      {
        ...video,
        Labels: [
          { Timestamp: 0, Label: { Name: 'valve', Confidence: 99, Instances: [instance] } },
          { Timestamp: 0, Label: { Name: 'Indoors', Confidence: 60, Instances: [] } },
          { Timestamp: 500, Label: { Name: 'valve', Confidence: 99, Instances: [instance] } },
        ],
      },
      settings,
    );
    assert.equal(result.format, 'aws-rekognition');
    assert.deepEqual(result.notes, ['several-frames', 'multiple-images']);
    assertClose(result.images, [
      {
        imageSize,
        annotations: {
          objectDetections: [valve],
          classifications: [{ class: 'Indoors', confidence: 0.6 }],
        },
      },
      { imageSize, annotations: { objectDetections: [valve] } },
    ]);
  });

  it('reads faces and moderation labels of a recorded video, and says what it cannot read', () => {
    const { images, dropped } = convertDetections(
      {
        ...video,
        Faces: [{ Timestamp: 0, Face: instance }, { Timestamp: 0 }],
        ModerationLabels: [
          { Timestamp: 0, ModerationLabel: { Name: 'Smoking', ParentName: '', Confidence: 80 } },
        ],
      },
      settings,
    );
    assert.equal(dropped, 1);
    assertClose(images[0]?.annotations, {
      objectDetections: [{ ...valve, class: 'face' }],
      classifications: [{ class: 'Smoking', confidence: 0.8 }],
    });
  });

  it('a finished job without labels found nothing, one that still runs is an error', () => {
    assert.equal(convertDetections({ ...video, Labels: [] }, settings).count, 0);
    for (const format of ['auto', 'aws-rekognition']) {
      for (const JobStatus of ['IN_PROGRESS', 'FAILED'])
        assertRefused('detector-reported-error', { ...video, JobStatus, Labels: [] }, { format });
    }
  });

  it('reads moderation labels of a picture, none included', () => {
    const labels = { ModerationLabels: [{ Name: 'Smoking', Confidence: 80 }], ModerationModelVersion: '7.0' };
    assertClose(convertDetections(labels, settings).images[0]?.annotations, {
      classifications: [{ class: 'Smoking', confidence: 0.8 }],
    });
    assert.equal(convertDetections({ ...labels, ModerationLabels: [] }, settings).count, 0);
  });

  it('reads the notification of live video about a label', () => {
    const payload = {
      eventNamespace: { type: 'LABEL_DETECTED' },
      labels: [
        {
          id: 'l',
          name: 'valve',
          confidence: 75,
          boundingBox: { left: 0.25, top: 0.1, width: 0.2, height: 0.4 },
        },
      ],
      sessionId: 's',
    };
    const { images } = convertDetections(payload, settings, { imageSize });
    assertClose(images[0]?.annotations, { objectDetections: [valve] });
  });

  it('reads the faces of live video, not whose they are', () => {
    const payload = {
      InputInformation: { KinesisVideo: { StreamArn: 'a' } },
      StreamProcessorInformation: { Status: 'RUNNING' },
      FaceSearchResponse: [
        { DetectedFace: instance, MatchedFaces: [{ Similarity: 99, Face: { ExternalImageId: 'somebody' } }] },
      ],
    };
    const { images } = convertDetections(payload, settings, { imageSize });
    assertClose(images[0]?.annotations, { objectDetections: [{ ...valve, class: 'face' }] });
    assert.equal(convertDetections({ ...payload, FaceSearchResponse: [] }, settings).count, 0);
  });
});

describe('rows of Hugging Face models under a key', () => {
  const rows = [{ score: 0.75, label: 'valve', box: { xmin: 200, ymin: 60, xmax: 360, ymax: 300 } }];

  it('are read when the format is chosen', () => {
    for (const key of ['results', 'predictions', 'outputs', 'output', 'data']) {
      const { images } = convertDetections({ [key]: rows, request_id: null }, { format: 'huggingface' });
      assertClose(images[0]?.annotations, { objectDetections: [valve] });
    }
    assert.equal(convertDetections({ results: [] }, { format: 'huggingface' }).count, 0);
  });

  it('are refused by auto, and where the rows are other rows', () => {
    assertRefused('unknown-format', { results: rows });
    assertRefused('unknown-format', { results: [{ name: 'valve' }] }, { format: 'huggingface' });
  });
});

describe('Ultralytics results of several pictures at once', () => {
  const rows = [{ name: 'valve', class: 7, confidence: 0.75, box: corners }];

  it('are read as lists and as texts, one image each, when the format is chosen', () => {
    for (const payload of [
      [rows, []],
      [JSON.stringify(rows), '[]'],
    ]) {
      const { images } = convertDetections(payload, { format: 'ultralytics' });
      assert.equal(images.length, 2);
      assertClose(images[0]?.annotations, { objectDetections: [valve] });
      assert.deepEqual(images[1]?.annotations, {});
    }
  });

  it('found nothing where all lists are empty', () => {
    for (const payload of [[[], []], ['[]']]) {
      const { count, images } = convertDetections(payload, { format: 'ultralytics' });
      assert.deepEqual([count, images.length], [0, payload.length]);
    }
  });

  it('are refused where a text is not a result', () => {
    assertRefused('payload-not-json', ['offline'], { format: 'ultralytics' });
    assertRefused('unknown-format', ['{"name": "valve"}'], { format: 'ultralytics' });
  });
});

describe('rows of corner boxes are none of Roboflow, whose x and y are the middle', () => {
  for (const row of [
    { label: 'valve', confidence: 0.75, x: 200, y: 60, width: 160, height: 240 },
    { tag: 'valve', x: 200, y: 60, width: 160, height: 240 },
  ]) {
    it(`also when it is chosen: ${Object.keys(row).join(', ')}`, () => {
      assertRefused('unknown-format', [row], { format: 'roboflow' });
    });
  }
});
