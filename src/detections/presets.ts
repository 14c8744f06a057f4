import { compileMapping, readByMapping } from './mapping';
import type { CompiledMapping, Mapping } from './mapping';
import type { ImageReading, RowGroup } from './reading';
import type { NoteCode } from './types';
import { isText } from './values';

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
  /** the one that suits the payload is used, of several the first: see `readByPreset` */
  mappings: [Mapping, ...Mapping[]];
}

const PICTURE_SIZE = 'size of the picture';
const CLASS_NAMES = 'class names (labels)';
const NAMES_ARE_PERSONAL = 'consent: names are personal data';

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
    mappings: [
      {
        list: 'frame.observations',
        class: 'class.type',
        confidence: 'class.score',
        box: {
          convention: 'corners',
          units: 'fraction',
          fields: ['bounding_box.left', 'bounding_box.top', 'bounding_box.right', 'bounding_box.bottom'],
        },
      },
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
    id: 'gemini-box2d',
    label: 'Gemini box_2d answer',
    needs: [PICTURE_SIZE, 'confidence: the model gives none'],
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
    label: 'Hailo TAPPAS',
    needs: [PICTURE_SIZE],
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
    ],
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
      {
        list: 'backbonepredictions.*',
        class: 'labelName',
        confidence: 'score',
        box: {
          convention: 'corners',
          units: 'pixel',
          fields: ['coordinates.xmin', 'coordinates.ymin', 'coordinates.xmax', 'coordinates.ymax'],
        },
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
    mappings: [
      {
        list: 'detections',
        class: 'categories[0].categoryName',
        confidence: 'categories[0].score',
        box: {
          convention: 'corner',
          units: 'pixel',
          fields: ['boundingBox.originX', 'boundingBox.originY', 'boundingBox.width', 'boundingBox.height'],
        },
        keypoints: { path: 'keypoints', shape: 'xyObjects', units: 'fraction' },
      },
    ],
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
  {
    id: 'plate-recognizer',
    label: 'Plate Recognizer (plates, without their text)',
    mappings: [plateMapping('results'), plateMapping('[].results[]')],
  },
  {
    id: 'qwen25-bbox2d',
    label: 'Qwen2.5-VL bbox_2d answer',
    needs: ['source size: the picture as the model saw it', 'confidence: the model gives none'],
    // the model answers in pixels of the picture as it was resized for it
    notes: ['model-input-coordinates'],
    mappings: [qwenMapping('pixel')],
  },
  {
    id: 'qwen3-bbox2d',
    label: 'Qwen3-VL bbox_2d answer',
    needs: [PICTURE_SIZE, 'confidence: the model gives none'],
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
  {
    id: 'tf-od-api',
    label: 'TensorFlow object detection API (TF Serving)',
    needs: [PICTURE_SIZE, CLASS_NAMES],
    mappings: [
      {
        list: 'predictions[0].detection_boxes',
        class: '/predictions[0].detection_classes[$i]',
        confidence: '/predictions[0].detection_scores[$i]',
        // the model fills its answer with rows of zeros
        minConfidence: 0.01,
        box: { convention: 'corners-yx', units: 'fraction', fields: ['0', '1', '2', '3'] },
      },
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
    mappings: [
      {
        list: 'predictions[0].bboxes',
        class: '/predictions[0].displayNames[$i]',
        confidence: '/predictions[0].confidences[$i]',
        box: { convention: 'xxyy', units: 'fraction', fields: ['0', '1', '2', '3'] },
      },
    ],
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

function goodIDeer(list: string): Mapping {
  return {
    list,
    class: { key: true },
    confidence: 'prob',
    box: { convention: 'corner', units: 'pixel', fields: ['x', 'y', 'w', 'h'] },
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

function maxObjectDetector(list: string): Mapping {
  return {
    list,
    class: 'label',
    confidence: 'probability',
    box: { convention: 'corners-yx', units: 'fraction', fields: 'detection_box' },
  };
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
  const made = { id, notes: preset.notes, variants };
  ready.set(id, made);
  return made;
}

/**
 * The rows of a payload by the mapping of a preset that suits it best: one whose list is empty or has a row with class and place, else
 * one with places, else the first whose list is there.
 *
 * @returns undefined when no list of the preset is in the payload
 * @throws DetectionError `parallel-length-mismatch`
 */
export function readByPreset(payload: unknown, { variants }: ReadyPreset): ImageReading | undefined {
  let best: ImageReading | undefined;
  let bestFit = NO_LIST;
  for (const variant of variants) {
    const image = readByMapping(payload, variant);
    const fit = image ? Math.min(...image.groups.map(fitOf)) : NO_LIST;
    if (fit > bestFit) [best, bestFit] = [image, fit];
    if (bestFit === FITS) break;
  }
  return best;
}

const NO_LIST = -1;
const ONLY_LIST = 0;
const ONLY_PLACES = 1;
const FITS = 2;

function fitOf(group: RowGroup): number {
  if (group.rows.length === 0) return FITS;
  let best = ONLY_LIST;
  for (let index = 0; index < group.rows.length && best < FITS; index++) {
    const row = group.rows[index];
    if (typeof row !== 'object' || row === null || !hasPlace(row, index, group)) continue;
    best = hasClass(row, index, group) ? FITS : ONLY_PLACES;
  }
  return best;
}

const unusedCoordinates = new Float64Array(4);

/** Something says where the row is. A class of the whole picture is everywhere, and must be named to be known as one. */
function hasPlace(row: object, index: number, group: RowGroup): boolean {
  const { kind, box, points, keypoints } = group.plan;
  if (kind === 'classification') return hasClass(row, index, group);
  if (box?.read(row, unusedCoordinates, index, group)) return true;
  return Boolean(points?.read(row, index, group) ?? keypoints?.read(row, index, group));
}

function hasClass(row: object, index: number, group: RowGroup): boolean {
  const name = group.plan.readClass(row, index, group);
  return isText(name) || typeof name === 'number';
}
