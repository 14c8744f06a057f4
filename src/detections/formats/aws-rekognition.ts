import { short } from '../describe';
import { DetectionError } from '../detection-error';
import { boxes, classes, field, fourFields } from '../reading';
import type { Adapter, Reading, RowGroup, RowPlan } from '../reading';
import { isObject } from '../../json-object';
import { everyRow, has, isList, isText, own, ownObject, ownRows, toSize } from '../values';
import type { JsonObject } from '../values';

/**
 * Amazon Rekognition. Pictures: DetectLabels, DetectCustomLabels, DetectFaces, DetectProtectiveEquipment,
 * DetectModerationLabels. Recorded video: the results of GetLabelDetection and its like, one image a moment. Live
 * video: the face search's records and the notifications about labels. Fractions, confidence 0 to 100; only recorded
 * video gives a size. A label with instances becomes their boxes, one without a class of the whole picture; never both.
 */

/** A detection with the name and confidence it has from its label. */
interface Found {
  name?: unknown;
  confidence: unknown;
  BoundingBox?: unknown;
}

const common = {
  readClass: field('name'),
  readConfidence: field('confidence'),
  confidenceUnit: 'percent',
} as const;

const located: RowPlan = boxes({
  ...common,
  box: {
    convention: 'corner',
    units: 'fraction',
    read: fourFields(['Left', 'Top', 'Width', 'Height'], 'BoundingBox'),
  },
});
const persons: RowPlan = { ...located, fallbackClass: 'person' };
const faces: RowPlan = { ...located, fallbackClass: 'face' };
const wholePicture: RowPlan = classes(common);

/** Live video writes the names of the fields with a small letter. */
const notified: RowPlan = boxes({
  ...common,
  box: {
    convention: 'corner',
    units: 'fraction',
    read: fourFields(['left', 'top', 'width', 'height'], 'boundingBox'),
  },
});

/**
 * The lists of a result of recorded video: what the entry of a moment is called, and the list that a picture would have
 * of it.
 */
const VIDEO_LISTS = [
  { list: 'Labels', entry: 'Label', pictureList: 'Labels' },
  { list: 'ModerationLabels', entry: 'ModerationLabel', pictureList: 'ModerationLabels' },
  { list: 'Faces', entry: 'Face', pictureList: 'FaceDetails' },
  { list: 'Persons', entry: 'Person', pictureList: 'Persons' },
] as const;

const PICTURE_LISTS = [
  'Labels',
  'CustomLabels',
  'ModerationLabels',
  'FaceDetails',
  'Persons',
  'FaceSearchResponse',
];

function isListOfObjects(value: unknown): boolean {
  return isList(value) && value.every(isObject);
}

function isLabelList(value: unknown): boolean {
  return isList(value) && (value.length === 0 || everyRow(value, (label) => 'Name' in label));
}

function matches(payload: unknown): boolean {
  if (!isObject(payload)) return false;
  return (
    isLabelList(payload.Labels) ||
    isLabelList(payload.CustomLabels) ||
    isLabelList(payload.ModerationLabels) ||
    isListOfObjects(payload.FaceDetails) ||
    ('ProtectiveEquipmentModelVersion' in payload && isListOfObjects(payload.Persons)) ||
    isListOfObjects(payload.FaceSearchResponse) ||
    isNotification(payload) ||
    isVideo(payload)
  );
}

function isVideo(payload: unknown): payload is JsonObject {
  return has(payload, 'JobStatus') && VIDEO_LISTS.some(({ list }) => isListOfObjects(payload[list]));
}

function isNotification(payload: unknown): payload is JsonObject {
  return has(payload, 'eventNamespace') && isListOfObjects(payload.labels);
}

function list(value: unknown, key: string): readonly unknown[] {
  return ownRows(value, key) ?? [];
}

function read(payload: unknown): Reading | undefined {
  refuseUnfinished(payload);
  if (isVideo(payload)) return readVideo(payload);
  if (isNotification(payload))
    return { images: [{ groups: [{ rows: list(payload, 'labels'), plan: notified }] }] };
  const isKnown = PICTURE_LISTS.some((key) => has(payload, key));
  return isKnown ? { images: [{ groups: groupsOf(payload) }] } : undefined;
}

/** The lists of a job that still runs are empty whatever the video shows. */
function refuseUnfinished(payload: unknown): void {
  const status = own(payload, 'JobStatus');
  if (status === undefined || status === 'SUCCEEDED') return;
  const message = own(payload, 'StatusMessage');
  const why = isText(message) ? ` It says: ${short(message)}` : '';
  throw new DetectionError(
    'detector-reported-error',
    `The video's job is not done: ask for its result again later. Its status is ${isText(status) ? short(status) : 'unknown'}.${why}`,
  );
}

/** One image for each moment in which something was seen. */
function readVideo(payload: JsonObject): Reading {
  const moments = new Map<unknown, Record<string, unknown[]>>();
  let leftOut = 0;
  for (const { list: name, entry, pictureList } of VIDEO_LISTS) {
    for (const row of list(payload, name)) {
      const seen = own(row, entry);
      if (!isObject(seen)) {
        leftOut++;
        continue;
      }
      const at = own(row, 'Timestamp') ?? own(row, 'StartTimestampMillis');
      const moment = moments.get(at) ?? {};
      (moment[pictureList] ??= []).push(seen);
      moments.set(at, moment);
    }
  }
  const { FrameWidth, FrameHeight } = ownObject(payload, 'VideoMetadata') ?? {};
  const size = toSize(FrameWidth, FrameHeight);
  const images = [...moments.values()].map((moment) => ({ size, groups: groupsOf(moment) }));
  return {
    images: images.length > 0 ? images : [{ size, groups: [] }],
    notes: images.length > 1 ? ['several-frames'] : [],
    leftOut,
  };
}

/** The rows of one picture. */
function groupsOf(picture: unknown): RowGroup[] {
  const labels = ['Labels', 'CustomLabels', 'ModerationLabels'].flatMap((key) => list(picture, key));
  const seenFaces = list(picture, 'FaceSearchResponse').map((answer) => own(answer, 'DetectedFace'));
  const groups = [
    { rows: labels.flatMap(instancesOf), plan: located },
    {
      rows: [...list(picture, 'FaceDetails'), ...seenFaces].map((face) => found(face, undefined, face)),
      plan: faces,
    },
    { rows: list(picture, 'Persons').map((person) => found(person, undefined, person)), plan: persons },
    { rows: list(picture, 'Persons').flatMap(equipmentOf), plan: located },
    {
      rows: labels.filter(isWithoutBox).map((label) => found(label, own(label, 'Name'), label)),
      plan: wholePicture,
    },
  ];
  return groups.filter(({ rows }) => rows.length > 0);
}

function found(located: unknown, name: unknown, rated: unknown): Found {
  return { name, confidence: own(rated, 'Confidence'), BoundingBox: own(located, 'BoundingBox') };
}

function isWithoutBox(label: unknown): boolean {
  return list(label, 'Instances').length === 0 && !has(label, 'Geometry');
}

function instancesOf(label: unknown): Found[] {
  const name = own(label, 'Name');
  if (has(label, 'Geometry')) return [found(own(label, 'Geometry'), name, label)];
  return list(label, 'Instances').map((instance) =>
    found(instance, name, has(instance, 'Confidence') ? instance : label),
  );
}

function equipmentOf(person: unknown): Found[] {
  // both lists are always there, be they empty: without one nobody knows what the person wears
  const parts = ownRows(person, 'BodyParts') ?? [undefined];
  return parts.flatMap((part) =>
    (ownRows(part, 'EquipmentDetections') ?? [undefined]).map((item) => found(item, own(item, 'Type'), item)),
  );
}

export const awsRekognition: Adapter = {
  id: 'aws-rekognition',
  label: 'Amazon Rekognition',
  needs: ['size of the picture'],
  keys: [...PICTURE_LISTS, 'JobStatus', 'eventNamespace'],
  matches,
  read,
};
