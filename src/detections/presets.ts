import { compileMapping, readByMapping } from './mapping';
import type { CompiledMapping, Mapping } from './mapping';
import { unwrapModelAnswer } from './model-answer';
import type { ImageReading, RowGroup } from './reading';
import type { NoteCode } from './types';
import { isText, own, toNumber } from './values';

/**
 * Formats that users choose by name. They are never recognised by themselves: their shapes are too common to be sure.
 * Each is data for the one engine; docs/adding-a-format.md shows how to add one.
 */
export interface Preset {
  id: string;
  label: string;
  needs?: string[];
  /** remarks that hold for every payload of the format */
  notes?: NoteCode[];
  /** language models: whole answers of their APIs are unwrapped */
  isModelAnswer?: boolean;
  /** the one that suits the payload is used, of several the first: see `readByPreset` */
  mappings: [Mapping, ...Mapping[]];
}

const PICTURE_SIZE = 'size of the picture';
const CLASS_NAMES = 'class names (labels)';
const NAMES_ARE_PERSONAL = 'consent: names are personal data';
const TEXTS_ARE_PERSONAL = 'consent: texts may be personal data';
const NO_CONFIDENCE = 'confidence: none is given';

/** What TAPPAS exports beside detections (`hailo_objects.hpp`). */
const OTHER_HAILO_OBJECTS = [
  'HailoClassification',
  'HailoLandmarks',
  'HailoTileROI',
  'HailoUniqueID',
  'HailoMatrix',
  'HailoDepthMask',
  'HailoClassMask',
  'HailoConfClassMask',
];

export const PRESETS: readonly Preset[] = [
  {
    id: 'axis',
    label: 'Axis scene description',
    needs: [PICTURE_SIZE],
    // the beta's frames, the frames of the topic com.axis.scene.frame.v1, and the best picture of one object
    mappings: [
      axisMapping('frame.observations', 'bounding_box', 'track_id'),
      axisMapping('detections', 'bounding_box', 'object_track_id'),
      axisMapping('', 'crop_box', 'object_track_id'),
    ],
  },
  {
    id: 'azure-deepstream-accelerator',
    label: 'Azure DeepStream Accelerator',
    mappings: [
      {
        list: 'detections',
        class: 'inference.label',
        confidence: 'inference.confidence',
        box: { convention: 'corner', units: 'pixel', fields: 'inference.rect' },
        imageSize: { width: 'detections[0].sourceInfo.width', height: 'detections[0].sourceInfo.height' },
      },
    ],
  },
  ...barcodePresets(),
  {
    id: 'clarifai',
    label: 'Clarifai',
    needs: [PICTURE_SIZE],
    mappings: [
      {
        list: 'outputs[0].data.regions',
        class: 'data.concepts[0].name',
        confidence: 'value',
        box: {
          convention: 'corners',
          units: 'fraction',
          fields: [
            'region_info.bounding_box.left_col',
            'region_info.bounding_box.top_row',
            'region_info.bounding_box.right_col',
            'region_info.bounding_box.bottom_row',
          ],
        },
      },
    ],
  },
  {
    id: 'coco-results',
    label: 'COCO results file',
    needs: ['class names (labels) when the rows carry only numbers'],
    // SAHI and others write the name beside the number
    mappings: [cocoResults('category_name'), cocoResults('category_id')],
  },
  ...comprefacePresets(),
  {
    id: 'darknet',
    label: 'Darknet JSON stream',
    needs: [PICTURE_SIZE],
    mappings: [darknetMapping('objects'), darknetMapping('[].objects[]')],
  },
  {
    id: 'deepomatic',
    label: 'Deepomatic',
    needs: [PICTURE_SIZE],
    mappings: [
      {
        list: 'outputs[0].labels.predicted',
        class: 'label_name',
        confidence: 'score',
        box: {
          convention: 'corners',
          units: 'fraction',
          fields: ['roi.bbox.xmin', 'roi.bbox.ymin', 'roi.bbox.xmax', 'roi.bbox.ymax'],
        },
      },
    ],
  },
  {
    id: 'degirum',
    label: 'DeGirum',
    needs: ['units: pixel or fraction, the vendor documents both'],
    mappings: [
      {
        list: 'result[0]',
        class: 'label',
        confidence: 'score',
        box: { convention: 'corners', units: 'pixel', fields: 'bbox' },
      },
    ],
  },
  {
    id: 'depthai',
    label: 'Luxonis DepthAI',
    needs: [PICTURE_SIZE, CLASS_NAMES],
    mappings: [
      {
        list: 'detections',
        class: 'label',
        confidence: 'confidence',
        box: { convention: 'corners', units: 'fraction', fields: ['xmin', 'ymin', 'xmax', 'ymax'] },
      },
    ],
  },
  ...doubleTakePresets(),
  {
    id: 'drpai',
    label: 'Renesas DRP-AI (MistySOM)',
    mappings: [
      {
        list: 'detections',
        class: 'class',
        confidence: 'probability',
        box: {
          convention: 'center',
          units: 'pixel',
          fields: ['box.center_x', 'box.center_y', 'box.width', 'box.height'],
        },
      },
    ],
  },
  {
    id: 'face-api',
    label: 'face-api (face-api.js, facial-recognition node)',
    // the node's message, and what the library itself returns with and without landmarks
    mappings: [
      faceApiMapping('Result', 'detection.'),
      faceApiMapping('', 'detection.'),
      faceApiMapping('', ''),
    ],
  },
  {
    id: 'face-detection-plus',
    label: 'face-detection-plus node (msg.data)',
    mappings: [
      {
        list: 'boxes',
        class: { const: 'face' },
        confidence: 'prob',
        box: { convention: 'corner', units: 'pixel', fields: ['x', 'y', 'w', 'h'] },
      },
    ],
  },
  {
    id: 'florence-2',
    label: 'Florence-2',
    needs: [NO_CONFIDENCE],
    mappings: [
      florenceMapping('<OD>', 'labels'),
      florenceMapping('<DENSE_REGION_CAPTION>', 'labels'),
      florenceMapping('<CAPTION_TO_PHRASE_GROUNDING>', 'labels'),
      florenceMapping('<OPEN_VOCABULARY_DETECTION>', 'bboxes_labels'),
      {
        // the labels are what the text says
        list: '<OCR_WITH_REGION>.quad_boxes',
        class: { const: 'text' },
        points: { path: '', shape: 'flat', units: 'pixel' },
      },
    ],
  },
  {
    id: 'gemini-box2d',
    label: 'Gemini box_2d answer',
    needs: [PICTURE_SIZE, NO_CONFIDENCE],
    isModelAnswer: true,
    mappings: [
      {
        list: '',
        class: 'label',
        confidence: { const: 0 },
        box: { convention: 'corners-yx', units: 'per1000', fields: 'box_2d' },
        stripCodeFence: true,
      },
    ],
  },
  {
    id: 'good-i-deer',
    label: 'good-i-deer object detection node',
    // the nodes send {originImg, data}; a flow may hand on only the data
    mappings: [goodIDeer('map:data.*[]'), goodIDeer('map:*[]')],
  },
  {
    id: 'ha-deepstack-event',
    label: 'Home Assistant: DeepStack event',
    needs: [PICTURE_SIZE],
    mappings: [
      {
        list: '',
        class: 'event.name',
        confidence: 'event.confidence',
        confidenceUnit: 'percent',
        box: {
          convention: 'corners',
          units: 'fraction',
          fields: ['event.box.x_min', 'event.box.y_min', 'event.box.x_max', 'event.box.y_max'],
        },
      },
    ],
  },
  {
    id: 'ha-doods',
    label: 'Home Assistant: image processing (DOODS)',
    needs: [PICTURE_SIZE],
    mappings: [
      {
        list: 'map:attributes.matches.*[]',
        class: { key: true },
        confidence: 'score',
        confidenceUnit: 'percent',
        box: { convention: 'corners-yx', units: 'fraction', fields: 'box' },
      },
    ],
  },
  {
    id: 'hailo',
    label: 'Hailo TAPPAS, Hailo analytics',
    needs: ['size of the picture for TAPPAS'],
    mappings: [
      {
        // deeper levels are relative to their parent: only the top one is in parts of the picture
        list: 'HailoROI.SubObjects[].HailoDetection',
        passOver: OTHER_HAILO_OBJECTS,
        class: 'label',
        confidence: 'confidence',
        box: {
          convention: 'corner',
          units: 'fraction',
          fields: ['HailoBBox.xmin', 'HailoBBox.ymin', 'HailoBBox.width', 'HailoBBox.height'],
        },
      },
      {
        list: 'detections',
        class: 'label',
        confidence: 'confidence',
        box: {
          convention: 'corners',
          units: 'pixel',
          fields: ['bbox.xmin', 'bbox.ymin', 'bbox.xmax', 'bbox.ymax'],
        },
        imageSize: { width: 'frame_width', height: 'frame_height' },
      },
    ],
  },
  {
    id: 'hikvision',
    label: 'Hikvision event (ISAPI)',
    needs: [PICTURE_SIZE, NO_CONFIDENCE],
    mappings: [
      hikvisionMapping('DetectionRegionList.DetectionRegionEntry', ''),
      hikvisionMapping('EventNotificationAlert.DetectionRegionList.DetectionRegionEntry', ''),
      // the "xml" node makes a list of everything
      hikvisionMapping('EventNotificationAlert.DetectionRegionList[0].DetectionRegionEntry', '[0]'),
    ],
  },
  {
    id: 'human-bodies',
    label: 'Human: bodies',
    mappings: [
      {
        ...humanMapping('body', 'person'),
        keypoints: { path: 'keypoints', fields: ['position[0]', 'position[1]'], units: 'pixel' },
      },
    ],
  },
  {
    id: 'human-faces',
    label: 'Human: faces',
    mappings: [humanMapping('face', 'face')],
  },
  {
    id: 'human-hands',
    label: 'Human: hands',
    mappings: [
      { ...humanMapping('hand', 'hand'), keypoints: { path: 'keypoints', shape: 'pairs', units: 'pixel' } },
    ],
  },
  {
    id: 'human-objects',
    label: 'Human: objects',
    mappings: [{ ...humanMapping('object', ''), class: 'label' }],
  },
  {
    id: 'label-studio',
    label: 'Label Studio rectangles',
    mappings: [
      labelStudioMapping('result'),
      labelStudioMapping('predictions[0].result'),
      labelStudioMapping('annotations[0].result'),
    ],
  },
  {
    id: 'label-studio-polygons',
    label: 'Label Studio polygons',
    mappings: [
      labelStudioPolygons('result'),
      labelStudioPolygons('predictions[0].result'),
      labelStudioPolygons('annotations[0].result'),
    ],
  },
  {
    id: 'landing-ai',
    label: 'Landing AI',
    mappings: [
      landingMapping('backbonepredictions.*'),
      // LandingEdge and Docker have the boxes where the cloud has the class of the picture
      landingMapping('predictions.*'),
      {
        // agentic object detection
        list: 'data[][]',
        class: 'label',
        confidence: 'score',
        box: { convention: 'corners', units: 'pixel', fields: 'bounding_box' },
      },
      {
        list: 'predictions',
        kind: 'classification',
        predicted: 'top',
        class: 'labelName',
        confidence: 'score',
      },
    ],
  },
  {
    id: 'max-object-detector',
    label: 'Model Asset Exchange object detector',
    needs: [PICTURE_SIZE],
    mappings: [maxObjectDetector('predictions'), maxObjectDetector('')],
  },
  {
    id: 'mediapipe',
    label: 'MediaPipe Tasks (object, face detector)',
    needs: ['size of the picture for the keypoints of faces'],
    // as the JavaScript and as the Python package write them
    mappings: [
      mediapipeMapping('categoryName', ['boundingBox', 'originX', 'originY']),
      mediapipeMapping('category_name', ['bounding_box', 'origin_x', 'origin_y']),
    ],
  },
  ...mediapipeLandmarks(),
  {
    id: 'metropolis',
    label: 'NVIDIA Metropolis perception (nv.Frame)',
    mappings: [
      {
        list: 'objects',
        class: 'type',
        confidence: 'confidence',
        box: {
          convention: 'corners',
          units: 'pixel',
          fields: ['bbox.leftX', 'bbox.topY', 'bbox.rightX', 'bbox.bottomY'],
        },
      },
    ],
  },
  {
    id: 'ml5',
    label: 'ml5 object detector',
    mappings: [
      {
        list: '',
        class: 'label',
        confidence: 'confidence',
        box: { convention: 'corner', units: 'pixel', fields: ['x', 'y', 'width', 'height'] },
      },
    ],
  },
  {
    id: 'mmdetection',
    label: 'MMDetection',
    needs: [CLASS_NAMES],
    mappings: [mmdetectionMapping('predictions[0].'), mmdetectionMapping('')],
  },
  {
    id: 'modelarts',
    label: 'Huawei ModelArts object detection',
    mappings: [
      {
        list: 'detection_boxes',
        class: '/detection_classes[$i]',
        confidence: '/detection_scores[$i]',
        box: { convention: 'corners-yx', units: 'pixel', fields: ['0', '1', '2', '3'] },
      },
    ],
  },
  {
    id: 'openalpr',
    label: 'OpenALPR, Rekor (plates, without their text)',
    // an answer, and the message of an agent
    mappings: [openalprMapping('results', 'img'), openalprMapping('best_plate', 'best_image')],
  },
  {
    id: 'opendatacam',
    label: 'OpenDataCam (old)',
    mappings: [
      {
        list: '',
        class: 'name',
        confidence: 'prob',
        confidenceUnit: 'percent',
        box: { convention: 'center', units: 'pixel', fields: ['x', 'y', 'w', 'h'] },
      },
    ],
  },
  ...textPresets('paddleocr', 'PaddleOCR', paddleMappings),
  {
    id: 'plate-recognizer',
    label: 'Plate Recognizer (plates, without their text)',
    // the webhook of Stream has them inside `data`
    mappings: [plateMapping('results'), plateMapping('data.results'), plateMapping('[].results[]')],
  },
  {
    id: 'qwen25-bbox2d',
    label: 'Qwen2.5-VL bbox_2d answer',
    needs: ['source size: the picture as the model saw it', NO_CONFIDENCE],
    // the model answers in pixels of the picture as it was resized for it
    notes: ['model-input-coordinates'],
    isModelAnswer: true,
    mappings: [qwenMapping('pixel')],
  },
  {
    id: 'qwen3-bbox2d',
    label: 'Qwen3-VL bbox_2d answer',
    needs: [PICTURE_SIZE, NO_CONFIDENCE],
    isModelAnswer: true,
    mappings: [qwenMapping('per1000')],
  },
  {
    id: 'rapidautomation-v1',
    label: 'RapidAutomation: confidence, class',
    needs: [CLASS_NAMES],
    mappings: [rapidAutomation('4', '5')],
  },
  {
    id: 'rapidautomation-v2',
    label: 'RapidAutomation: class, confidence',
    needs: [CLASS_NAMES],
    mappings: [rapidAutomation('5', '4')],
  },
  {
    id: 'scrypted',
    label: 'Scrypted',
    mappings: [
      {
        list: 'detections',
        class: 'className',
        confidence: 'score',
        box: { convention: 'corner', units: 'pixel', fields: 'boundingBox' },
        imageSize: { path: 'inputDimensions', order: 'wh' },
      },
    ],
  },
  {
    id: 'shinobi',
    label: 'Shinobi object trigger',
    mappings: [
      {
        list: 'details.matrices',
        class: 'tag',
        confidence: 'confidence',
        box: { convention: 'corner', units: 'pixel', fields: ['x', 'y', 'width', 'height'] },
        imageSize: { width: 'details.imgWidth', height: 'details.imgHeight' },
      },
    ],
  },
  {
    id: 'supervision',
    label: 'Supervision JSON or CSV sink',
    mappings: [
      {
        list: '',
        class: 'class_name',
        confidence: 'confidence',
        track: 'tracker_id',
        box: { convention: 'corners', units: 'pixel', fields: ['x_min', 'y_min', 'x_max', 'y_max'] },
      },
    ],
  },
  {
    id: 'synoai',
    label: 'SynoAI',
    mappings: [
      {
        list: 'predictions',
        class: 'Label',
        confidence: 'Confidence',
        confidenceUnit: 'percent',
        box: { convention: 'corners', units: 'pixel', fields: ['MinX', 'MinY', 'MaxX', 'MaxY'] },
      },
    ],
  },
  ...textPresets('tesseract', 'Tesseract', tesseractMappings),
  {
    id: 'tf-od-api',
    label: 'TensorFlow object detection API (TF Serving)',
    needs: [PICTURE_SIZE, CLASS_NAMES],
    // by rows, and by columns (`outputs`)
    mappings: [
      tfMapping((output) => `predictions[0].${output}`),
      tfMapping((output) => `outputs.${output}[0]`),
    ],
  },
  {
    id: 'torchvision',
    label: 'Torchvision boxes, labels, scores',
    needs: [CLASS_NAMES],
    mappings: [
      {
        list: 'boxes',
        class: '/labels[$i]',
        confidence: '/scores[$i]',
        box: { convention: 'corners', units: 'pixel', fields: ['0', '1', '2', '3'] },
      },
    ],
  },
  {
    id: 'vertex-automl',
    label: 'Google Vertex AI AutoML',
    needs: [PICTURE_SIZE],
    // an answer, and a line of a batch
    mappings: [vertexMapping('predictions[0]'), vertexMapping('prediction')],
  },
  {
    id: 'viam',
    label: 'Viam, pixels',
    mappings: [viamMapping('pixel', '')],
  },
  {
    id: 'viam-normalized',
    label: 'Viam, normalized',
    needs: [PICTURE_SIZE],
    mappings: [viamMapping('fraction', 'Normalized')],
  },
  {
    id: 'viseron',
    label: 'Viseron recorder',
    needs: [PICTURE_SIZE],
    mappings: [
      {
        list: 'attributes.objects',
        class: 'label',
        confidence: 'confidence',
        box: { convention: 'corners', units: 'fraction', fields: ['rel_x1', 'rel_y1', 'rel_x2', 'rel_y2'] },
      },
    ],
  },
  {
    id: 'zoneminder-es',
    label: 'ZoneMinder event server',
    mappings: [
      {
        list: 'boxes',
        class: '/labels[$i]',
        confidence: '/confidences[$i]',
        box: { convention: 'corners', units: 'pixel', fields: ['0', '1', '2', '3'] },
        imageSize: { path: 'image_dimensions.original', order: 'hw' },
        // the boxes count in the picture as it was resized for the model
        sourceSize: { path: 'image_dimensions.resized', order: 'hw', fit: 'squash' },
      },
    ],
  },
];

function axisMapping(list: string, box: string, track: string): Mapping {
  return {
    list,
    class: 'class.type',
    confidence: 'class.score',
    track,
    box: {
      convention: 'corners',
      units: 'fraction',
      fields: [`${box}.left`, `${box}.top`, `${box}.right`, `${box}.bottom`],
    },
  };
}

function namedCorners(...path: string[]) {
  return { path, shape: 'xyObjects', units: 'pixel' } as const;
}

/** What a code says may be personal data: the class is its type, or what it says by the preset that says so. */
function barcodePresets(): Preset[] {
  const cornerPoints = { path: 'cornerPoints', shape: 'xyObjects', units: 'pixel' } as const;
  const mappings = (read: (type: Mapping['class'], said: string) => Mapping['class']): Preset['mappings'] => [
    // the browser's BarcodeDetector and its substitutes
    { list: '', class: read('format', 'rawValue'), points: cornerPoints },
    // zxing-wasm
    {
      list: '',
      class: read('format', 'text'),
      points: namedCorners(
        'position.topLeft',
        'position.topRight',
        'position.bottomRight',
        'position.bottomLeft',
      ),
    },
    // jsQR knows QR codes only
    {
      list: '',
      class: read({ const: 'qr_code' }, 'data'),
      points: namedCorners(
        'location.topLeftCorner',
        'location.topRightCorner',
        'location.bottomRightCorner',
        'location.bottomLeftCorner',
      ),
    },
    // zbarimg --xml through the "xml" node; it gives no place
    {
      list: 'barcodes.source[].index[].symbol[]',
      kind: 'classification',
      class: read('$.type', 'data[0]'),
    },
  ];
  return [
    {
      id: 'barcodes',
      label: 'Barcodes and QR codes (their type)',
      needs: [NO_CONFIDENCE],
      mappings: mappings((type) => type),
    },
    {
      id: 'barcodes-text',
      label: 'Barcodes and QR codes (what they say)',
      needs: [NO_CONFIDENCE, TEXTS_ARE_PERSONAL],
      notes: ['text-as-class'],
      mappings: mappings((_type, said) => said),
    },
  ];
}

/** Faces as "face"; the persons' names only by the preset that says so. */
function comprefacePresets(): Preset[] {
  const mapping: Mapping = {
    list: 'result',
    class: { const: 'face' },
    confidence: 'box.probability',
    box: {
      convention: 'corners',
      units: 'pixel',
      fields: ['box.x_min', 'box.y_min', 'box.x_max', 'box.y_max'],
    },
    keypoints: { path: 'landmarks', shape: 'pairs', units: 'pixel' },
  };
  return [
    { id: 'compreface', label: 'CompreFace (faces)', mappings: [mapping] },
    {
      id: 'compreface-names',
      label: 'CompreFace (names of persons)',
      needs: [NAMES_ARE_PERSONAL],
      mappings: [{ ...mapping, class: 'subjects[0].subject', confidence: 'subjects[0].similarity' }],
    },
  ];
}

function doubleTakePresets(): Preset[] {
  const mapping = (list: string, from: Mapping['class']): Mapping => ({
    list,
    class: from,
    confidence: 'confidence',
    confidenceUnit: 'percent',
    box: { convention: 'corner', units: 'pixel', fields: ['box.left', 'box.top', 'box.width', 'box.height'] },
  });
  const both = (from: Mapping['class']): [Mapping, Mapping] => [
    mapping('matches', from),
    mapping('match', from),
  ];
  return [
    { id: 'double-take', label: 'Double Take (faces)', mappings: both({ const: 'face' }) },
    {
      id: 'double-take-names',
      label: 'Double Take (names of persons)',
      needs: [NAMES_ARE_PERSONAL],
      mappings: both('name'),
    },
  ];
}

function darknetMapping(list: string): Mapping {
  return {
    list,
    class: 'name',
    confidence: 'confidence',
    box: {
      convention: 'center',
      units: 'fraction',
      fields: [
        'relative_coordinates.center_x',
        'relative_coordinates.center_y',
        'relative_coordinates.width',
        'relative_coordinates.height',
      ],
    },
  };
}

function cocoResults(from: string): Mapping {
  return {
    list: '',
    class: from,
    confidence: 'score',
    box: { convention: 'corner', units: 'pixel', fields: 'bbox' },
    // in result files the third value is a score, or always 1: it says nothing of occlusion
    keypoints: { path: 'keypoints', shape: 'flatTriplets', third: 'score', units: 'pixel' },
    points: { path: 'segmentation[0]', shape: 'flat', units: 'pixel' },
  };
}

/** The library's own properties; the names without `_` are getters, which no message carries. */
function faceApiMapping(list: string, parent: string): Mapping {
  const first = `${list}[0].${parent}`;
  return {
    list,
    class: { const: 'face' },
    confidence: `${parent}_score`,
    box: {
      convention: 'corner',
      units: 'pixel',
      fields: [`${parent}_box._x`, `${parent}_box._y`, `${parent}_box._width`, `${parent}_box._height`],
    },
    imageSize: { width: `${first}_imageDims._width`, height: `${first}_imageDims._height` },
  };
}

function florenceMapping(task: string, labels: string): Mapping {
  return {
    list: `${task}.bboxes`,
    class: `/${task}.${labels}[$i]`,
    confidence: { const: 0 },
    box: { convention: 'corners', units: 'pixel', fields: ['0', '1', '2', '3'] },
  };
}

function goodIDeer(list: string): Mapping {
  return {
    list,
    class: { key: true },
    confidence: 'prob',
    box: { convention: 'corner', units: 'pixel', fields: ['x', 'y', 'w', 'h'] },
  };
}

function hikvisionMapping(list: string, first: '' | '[0]'): Mapping {
  const side = (name: string) => `TargetRect${first}.${name}${first}`;
  return {
    list,
    class: `detectionTarget${first}`,
    confidence: { const: 0 },
    box: {
      convention: 'corner',
      units: 'fraction',
      fields: [side('X'), side('Y'), side('width'), side('height')],
    },
  };
}

function humanMapping(list: string, name: string): Mapping {
  return {
    list,
    class: { const: name },
    confidence: 'score',
    box: { convention: 'corner', units: 'pixel', fields: 'box' },
    imageSize: { width: 'width', height: 'height' },
  };
}

function labelStudioMapping(list: string): Mapping {
  return {
    list,
    class: 'value.rectanglelabels[0]',
    confidence: 'score',
    box: {
      convention: 'corner',
      units: 'percent',
      fields: ['value.x', 'value.y', 'value.width', 'value.height'],
    },
    imageSize: { width: `${list}[0].original_width`, height: `${list}[0].original_height` },
  };
}

function labelStudioPolygons(list: string): Mapping {
  return {
    list,
    class: 'value.polygonlabels[0]',
    confidence: 'score',
    points: { path: 'value.points', shape: 'pairs', units: 'percent' },
    imageSize: { width: `${list}[0].original_width`, height: `${list}[0].original_height` },
  };
}

function landingMapping(list: string): Mapping {
  return {
    list,
    class: 'labelName',
    confidence: 'score',
    box: {
      convention: 'corners',
      units: 'pixel',
      fields: ['coordinates.xmin', 'coordinates.ymin', 'coordinates.xmax', 'coordinates.ymax'],
    },
  };
}

function maxObjectDetector(list: string): Mapping {
  return {
    list,
    class: 'label',
    confidence: 'probability',
    box: { convention: 'corners-yx', units: 'fraction', fields: 'detection_box' },
  };
}

function mediapipeMapping(name: string, [box, left, top]: [string, string, string]): Mapping {
  return {
    list: 'detections',
    class: `categories[0].${name}`,
    confidence: 'categories[0].score',
    box: {
      convention: 'corner',
      units: 'pixel',
      fields: [`${box}.${left}`, `${box}.${top}`, `${box}.width`, `${box}.height`],
    },
    keypoints: { path: 'keypoints', shape: 'xyObjects', units: 'fraction' },
  };
}

/** Tasks and Solutions, in JavaScript and in Python: each has its own names for the same points. */
function mediapipeLandmarks(): Preset[] {
  const landmarks = (name: string, list: string, path: string): Mapping => ({
    list,
    class: { const: name },
    keypoints: { path, shape: 'xyObjects', units: 'fraction' },
  });
  const preset = (id: string, label: string, mappings: Preset['mappings']): Preset => ({
    id,
    label,
    needs: [PICTURE_SIZE, NO_CONFIDENCE],
    mappings,
  });
  return [
    preset('mediapipe-faces', 'MediaPipe face landmarks', [
      landmarks('face', 'faceLandmarks', ''),
      landmarks('face', 'face_landmarks', ''),
      landmarks('face', 'multiFaceLandmarks', ''),
      landmarks('face', 'multi_face_landmarks', 'landmark'),
    ]),
    preset('mediapipe-hands', 'MediaPipe hand landmarks', [
      landmarks('hand', 'landmarks', ''),
      landmarks('hand', 'hand_landmarks', ''),
      landmarks('hand', 'multiHandLandmarks', ''),
      landmarks('hand', 'multi_hand_landmarks', 'landmark'),
    ]),
    preset('mediapipe-pose', 'MediaPipe pose landmarks', [
      landmarks('person', 'landmarks', ''),
      landmarks('person', 'pose_landmarks', ''),
      // Solutions see one person and give the points themselves
      landmarks('person', '', 'poseLandmarks'),
      landmarks('person', '', 'pose_landmarks.landmark'),
    ]),
  ];
}

function mmdetectionMapping(parent: string): Mapping {
  return {
    list: `${parent}bboxes`,
    class: `/${parent}labels[$i]`,
    confidence: `/${parent}scores[$i]`,
    box: { convention: 'corners', units: 'pixel', fields: ['0', '1', '2', '3'] },
  };
}

function openalprMapping(list: string, picture: string): Mapping {
  return {
    list,
    class: { const: 'license_plate' },
    confidence: 'confidence',
    confidenceUnit: 'percent',
    points: { path: 'coordinates', shape: 'xyObjects', units: 'pixel' },
    imageSize: { width: `${picture}_width`, height: `${picture}_height` },
  };
}

/** A read text may name a person: the class is "text", or the text itself by the preset that says so. */
function textPresets(
  id: string,
  name: string,
  mappings: (readAs: (text: string) => Mapping['class']) => Preset['mappings'],
): Preset[] {
  return [
    { id, label: `${name} (where text is)`, mappings: mappings(() => ({ const: 'text' })) },
    {
      id: `${id}-text`,
      label: `${name} (what the text says)`,
      needs: [TEXTS_ARE_PERSONAL],
      notes: ['text-as-class'],
      mappings: mappings((text) => text),
    },
  ];
}

function paddleMappings(readAs: (text: string) => Mapping['class']): Preset['mappings'] {
  const points = (path: string) => ({ path, shape: 'pairs', units: 'pixel' }) as const;
  return [
    // ocr-node
    { list: '', class: readAs('text'), confidence: 'mean', points: points('box') },
    // up to PaddleOCR 2, of one picture and of several
    { list: '', class: readAs('[1][0]'), confidence: '[1][1]', points: points('[0]') },
    { list: '[][]', class: readAs('[1][0]'), confidence: '[1][1]', points: points('[0]') },
    // from PaddleOCR 3 on, as the results are and as they are saved
    ...['', 'res.'].map((parent) => ({
      list: `${parent}rec_polys`,
      class: readAs(`/${parent}rec_texts[$i]`),
      confidence: `/${parent}rec_scores[$i]`,
      points: points(''),
    })),
  ];
}

function tesseractMappings(readAs: (text: string) => Mapping['class']): Preset['mappings'] {
  const words = (list: string): Mapping => ({
    list,
    class: readAs('text'),
    confidence: 'confidence',
    confidenceUnit: 'percent',
    box: { convention: 'corners', units: 'pixel', fields: ['bbox.x0', 'bbox.y0', 'bbox.x1', 'bbox.y1'] },
  });
  const words7 = 'blocks[].paragraphs[].lines[].words[]';
  return [
    // tesseract.js, the words of its answer and of the answer's data
    words('words'),
    words('data.words'),
    words(words7),
    words(`data.${words7}`),
    {
      // the rows of `tesseract … tsv`; those of pages, blocks and lines have a confidence of -1
      list: '',
      class: readAs('text'),
      confidence: 'conf',
      confidenceUnit: 'percent',
      minConfidence: 0,
      box: { convention: 'corner', units: 'pixel', fields: ['left', 'top', 'width', 'height'] },
    },
  ];
}

/** The plate's text is personal data and no class. */
function plateMapping(list: string): Mapping {
  return {
    list,
    class: { const: 'license_plate' },
    confidence: 'dscore',
    box: { convention: 'corners', units: 'pixel', fields: ['box.xmin', 'box.ymin', 'box.xmax', 'box.ymax'] },
  };
}

function qwenMapping(units: 'pixel' | 'per1000'): Mapping {
  return {
    list: '',
    class: 'label',
    confidence: { const: 0 },
    box: { convention: 'corners', units, fields: 'bbox_2d' },
    stripCodeFence: true,
  };
}

/** Two orders of the last two numbers are in use. */
function rapidAutomation(confidence: string, from: string): Mapping {
  return {
    list: 'output',
    class: from,
    confidence,
    box: { convention: 'corners', units: 'pixel', fields: ['0', '1', '2', '3'] },
  };
}

function tfMapping(pathOf: (output: string) => string): Mapping {
  return {
    list: pathOf('detection_boxes'),
    class: `/${pathOf('detection_classes')}[$i]`,
    confidence: `/${pathOf('detection_scores')}[$i]`,
    // the model fills its answer with rows of zeros
    minConfidence: 0.01,
    box: { convention: 'corners-yx', units: 'fraction', fields: ['0', '1', '2', '3'] },
  };
}

function vertexMapping(parent: string): Mapping {
  return {
    list: `${parent}.bboxes`,
    class: `/${parent}.displayNames[$i]`,
    confidence: `/${parent}.confidences[$i]`,
    box: { convention: 'xxyy', units: 'fraction', fields: ['0', '1', '2', '3'] },
  };
}

function viamMapping(units: 'pixel' | 'fraction', suffix: string): Mapping {
  return {
    list: 'detections',
    class: 'className',
    confidence: 'confidence',
    box: {
      convention: 'corners',
      units,
      fields: [`xMin${suffix}`, `yMin${suffix}`, `xMax${suffix}`, `yMax${suffix}`],
    },
  };
}

export interface ReadyPreset {
  id: string;
  notes?: NoteCode[];
  isModelAnswer?: boolean;
  variants: CompiledMapping[];
}

const ready = new Map<string, ReadyPreset>();

/** A preset made ready for use, compiled when it is first asked for; undefined when there is none of that name. */
export function findPreset(id: string): ReadyPreset | undefined {
  const known = ready.get(id);
  if (known) return known;
  const preset = PRESETS.find((candidate) => candidate.id === id);
  if (!preset) return undefined;
  const variants = preset.mappings.map((mapping) => compileMapping(mapping, 'auto'));
  const made = { id, notes: preset.notes, isModelAnswer: preset.isModelAnswer, variants };
  ready.set(id, made);
  return made;
}

/**
 * The rows of a payload by the mapping of a preset that suits it best: one whose list has a row with class and place,
 * else one with places, else the first whose list is there.
 *
 * @returns undefined when no list of the preset is in the payload
 * @throws DetectionError `parallel-length-mismatch`, and what `unwrapModelAnswer` throws
 */
export function readByPreset(
  sent: unknown,
  { variants, isModelAnswer }: ReadyPreset,
): ImageReading | undefined {
  const payload = isModelAnswer ? unwrapModelAnswer(sent) : sent;
  let best: ImageReading | undefined;
  let bestFit = NO_LIST;
  for (const variant of variants) {
    const image = readByMapping(payload, variant);
    const fit = image && !isForeign(payload, image) ? Math.min(...image.groups.map(fitOf)) : NO_LIST;
    if (fit > bestFit) [best, bestFit] = [image, fit];
    if (bestFit === FITS) break;
  }
  return best && isEmpty(best) && variants.some((variant) => hasUnreadList(payload, variant))
    ? undefined
    : best;
}

const isEmpty = ({ groups }: ImageReading) => groups.every(({ rows }) => rows.length === 0);

/**
 * Something stands where a list of this mapping begins, and it is none: an empty list beside it is not a sign that
 * nothing was found.
 */
function hasUnreadList(payload: unknown, variant: CompiledMapping): boolean {
  const [first] = variant.list;
  if (!first || !('key' in first)) return false;
  const value = own(payload, first.key);
  const isNothing = value == null || (typeof value === 'object' && Object.keys(value).length === 0);
  return !isNothing && readByMapping(payload, variant) === undefined;
}

/** A mapping of single objects takes any object for one: without the fields it is not one of the format's. */
function isForeign(payload: unknown, { groups }: ImageReading): boolean {
  return groups.every(
    (group) => group.rows.length === 1 && group.rows[0] === payload && fitOf(group) === ONLY_LIST,
  );
}

const NO_LIST = -1;
const ONLY_LIST = 0;
const ONLY_PLACES = 1;
const FITS = 2;

function fitOf(group: RowGroup): number {
  // an empty list says that nothing was found only where no list before it could not be read
  if (group.rows.length === 0) return ONLY_LIST;
  let best = ONLY_LIST;
  for (let index = 0; index < group.rows.length && best < FITS; index++) {
    const row = group.rows[index];
    if (typeof row !== 'object' || row === null || !hasPlace(row, index, group)) continue;
    best = hasClass(row, index, group) ? FITS : ONLY_PLACES;
  }
  return best;
}

const unusedCoordinates = new Float64Array(4);

/**
 * Something says where the row is. A class of the whole picture is everywhere, and must be named to be known as one.
 */
function hasPlace(row: object, index: number, group: RowGroup): boolean {
  const { kind, box, points, keypoints } = group.plan;
  if (kind === 'classification') return hasClass(row, index, group);
  if (box?.read(row, unusedCoordinates, index, group)) return true;
  const found = points?.read(row, index, group) ?? keypoints?.read(row, index, group);
  return found?.some(({ x, y }) => !Number.isNaN(toNumber(x) + toNumber(y))) ?? false;
}

function hasClass(row: object, index: number, group: RowGroup): boolean {
  const name = group.plan.readClass(row, index, group);
  return isText(name) || typeof name === 'number';
}
