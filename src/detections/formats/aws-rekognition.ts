import { boxes, classes, field, fourFields } from '../reading';
import type { Adapter, Reading, RowPlan } from '../reading';
import { everyRow, has, isObject, own, ownArray } from '../values';

/**
 * Amazon Rekognition: DetectLabels, DetectCustomLabels, DetectFaces, DetectProtectiveEquipment. Fractions, confidence 0 to 100, never a
 * picture size. A label with instances becomes their boxes, one without a class of the whole picture; never both.
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

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every(isObject);
}

function isLabelList(value: unknown): boolean {
  return Array.isArray(value) && (value.length === 0 || everyRow(value, (label) => 'Name' in label));
}

function matches(payload: unknown): boolean {
  if (!isObject(payload)) return false;
  return (
    isLabelList(payload.Labels) ||
    isLabelList(payload.CustomLabels) ||
    isListOfObjects(payload.FaceDetails) ||
    ('ProtectiveEquipmentModelVersion' in payload && isListOfObjects(payload.Persons))
  );
}

function list(value: unknown, key: string): readonly unknown[] {
  return ownArray(value, key) ?? [];
}

function read(payload: unknown): Reading | undefined {
  const labels = [...list(payload, 'Labels'), ...list(payload, 'CustomLabels')];
  const groups = [
    { rows: labels.flatMap(instancesOf), plan: located },
    { rows: list(payload, 'FaceDetails').map((face) => found(face, undefined, face)), plan: faces },
    { rows: list(payload, 'Persons').map((person) => found(person, undefined, person)), plan: persons },
    { rows: list(payload, 'Persons').flatMap(equipmentOf), plan: located },
    {
      rows: labels.filter(isWithoutBox).map((label) => found(label, own(label, 'Name'), label)),
      plan: wholePicture,
    },
  ];
  const known = ['Labels', 'CustomLabels', 'FaceDetails', 'Persons'].some((key) => has(payload, key));
  return known ? { images: [{ groups: groups.filter(({ rows }) => rows.length > 0) }] } : undefined;
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
  return list(person, 'BodyParts').flatMap((part) =>
    list(part, 'EquipmentDetections').map((item) => found(item, own(item, 'Type'), item)),
  );
}

export const awsRekognition: Adapter = {
  id: 'aws-rekognition',
  label: 'Amazon Rekognition',
  needs: ['size of the picture'],
  keys: ['Labels', 'CustomLabels', 'FaceDetails', 'Persons'],
  matches,
  read,
};
