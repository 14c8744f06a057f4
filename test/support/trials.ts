export type Point = [x: number, y: number];

/** What is drawn of an event, in pixels of the picture: boxes by their left upper corner and size. */
export interface Shapes {
  boxes: [left: number, top: number, width: number, height: number][];
  polygons: Point[][];
  keypoints: Point[];
}

export interface Trial {
  name: string;
  format: string;
  payload: unknown;
  shapes: Partial<Shapes>;
  properties?: Record<string, string>;
}

/** What detectors tell, and where it must be drawn. */
export const TRIALS: Trial[] = [
  {
    name: 'boxes by their centre',
    format: 'roboflow',
    payload: {
      image: { width: 640, height: 480 },
      predictions: [
        { x: 320, y: 240, width: 40, height: 30, confidence: 0.9, class: 'bolt', class_id: 0 },
        { x: 100, y: 60, width: 20, height: 10, confidence: 0.5, class: 'nut', class_id: 1 },
      ],
    },
    shapes: {
      boxes: [
        [300, 225, 40, 30],
        [90, 55, 20, 10],
      ],
    },
  },
  {
    name: 'boxes by their corner',
    format: 'tfjs',
    payload: [{ bbox: [10, 20, 100, 50], class: 'cup', score: 0.8 }],
    shapes: { boxes: [[10, 20, 100, 50]] },
  },
  {
    name: 'boxes by two corners',
    format: 'deepstack',
    payload: {
      success: true,
      predictions: [{ label: 'person', confidence: 0.7, x_min: 50, y_min: 60, x_max: 150, y_max: 260 }],
    },
    shapes: { boxes: [[50, 60, 100, 200]] },
  },
  {
    name: 'boxes beside a name and a number of the class',
    format: 'ultralytics',
    payload: [{ name: 'car', class: 2, confidence: 0.75, box: { x1: 30, y1: 40, x2: 130, y2: 90 } }],
    shapes: { boxes: [[30, 40, 100, 50]] },
  },
  {
    name: 'boxes of fractions',
    format: 'aws-rekognition',
    payload: {
      Labels: [
        {
          Name: 'Forklift',
          Confidence: 98,
          Instances: [{ BoundingBox: { Left: 0.25, Top: 0.5, Width: 0.5, Height: 0.25 }, Confidence: 97 }],
        },
      ],
    },
    properties: { imageWidth: '800', imageHeight: '400' },
    shapes: { boxes: [[200, 200, 400, 100]] },
  },
  {
    name: 'boxes of transformers',
    format: 'huggingface',
    payload: [{ label: 'crate', score: 0.6, box: { xmin: 5, ymin: 6, xmax: 45, ymax: 36 } }],
    shapes: { boxes: [[5, 6, 40, 30]] },
  },
  {
    name: 'polygons by points',
    format: 'roboflow',
    payload: {
      image: { width: 640, height: 480 },
      predictions: [
        {
          ...{ x: 250, y: 200, width: 200, height: 150, confidence: 0.9, class: 'puddle', class_id: 0 },
          points: [
            { x: 150, y: 150.5 },
            { x: 300, y: 125 },
            { x: 350, y: 220 },
            { x: 230, y: 275 },
          ],
        },
      ],
    },
    shapes: {
      polygons: [
        [
          [150, 150.5],
          [300, 125],
          [350, 220],
          [230, 275],
        ],
      ],
    },
  },
  {
    name: 'polygons of fractions by axis',
    format: 'ultralytics',
    payload: [
      {
        ...{ name: 'hose', class: 0, confidence: 0.75, box: { x1: 0.125, y1: 0.25, x2: 0.5, y2: 0.75 } },
        segments: { x: [0.125, 0.5, 0.25], y: [0.25, 0.5, 0.75] },
      },
    ],
    properties: { units: 'fraction', imageWidth: '1920', imageHeight: '1080' },
    shapes: {
      polygons: [
        [
          [240, 270],
          [960, 540],
          [480, 810],
        ],
      ],
    },
  },
  {
    name: 'a pose in its box',
    format: 'roboflow',
    payload: {
      image: { width: 640, height: 480 },
      predictions: [
        {
          ...{ x: 320, y: 240, width: 100, height: 300, confidence: 0.9, class: 'person', class_id: 0 },
          keypoints: [
            { x: 320, y: 110, confidence: 0.9, class: 'nose', class_id: 0 },
            { x: 290.5, y: 180, confidence: 0.8, class: 'left_shoulder', class_id: 5 },
            { x: 350, y: 182, confidence: 0.8, class: 'right_shoulder', class_id: 6 },
          ],
        },
      ],
    },
    shapes: {
      boxes: [[270, 90, 100, 300]],
      keypoints: [
        [320, 110],
        [290.5, 180],
        [350, 182],
      ],
    },
  },
  {
    name: 'a pose without a box: the hull of its points',
    format: 'tfjs',
    payload: {
      score: 0.8,
      keypoints: [
        { x: 100, y: 50, score: 0.9, name: 'nose' },
        { x: 60, y: 150, score: 0.9, name: 'left_hip' },
        { x: 140, y: 170, score: 0.9, name: 'right_hip' },
      ],
    },
    shapes: {
      boxes: [[60, 50, 80, 120]],
      keypoints: [
        [100, 50],
        [60, 150],
        [140, 170],
      ],
    },
  },
];
