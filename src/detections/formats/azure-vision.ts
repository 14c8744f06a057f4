import { alternatives, boxes, classes, field, fourFields } from '../reading';
import type { Adapter, Reader, Reading, RowGroup, RowPlan } from '../reading';
import { isObject } from '../../json-object';
import { has, isList, own, ownArray, ownObject, ownRows, toSize } from '../values';

/**
 * Azure AI Vision: Image Analysis 4.0 and 3.2 (corner boxes in pixels), and Custom Vision (fractions, which may be
 * slightly negative).
 */

/** 4.0 has the name either in the row or in its first tag. */
function inRowOrFirstTag(key: string): Reader {
  return (row) => own(row, key) ?? own(own(ownArray(row, 'tags'), 0), key);
}

const analysis4: RowPlan = boxes({
  readClass: inRowOrFirstTag('name'),
  readConfidence: inRowOrFirstTag('confidence'),
  box: { convention: 'corner', units: 'auto', read: fourFields(['x', 'y', 'w', 'h'], 'boundingBox') },
});
const people: RowPlan = { ...analysis4, readClass: () => 'person' };
const tags: RowPlan = classes({ readClass: field('name'), readConfidence: field('confidence') });

const analysis3: RowPlan = boxes({
  readClass: field('object'),
  readConfidence: field('confidence'),
  box: { convention: 'corner', units: 'auto', read: fourFields(['x', 'y', 'w', 'h'], 'rectangle') },
});

const customVision = { readClass: field('tagName'), readConfidence: field('probability') };
const customVisionObjects: RowPlan = boxes({
  ...customVision,
  box: {
    convention: 'corner',
    units: 'fraction',
    read: fourFields(['left', 'top', 'width', 'height'], 'boundingBox'),
  },
});
const customVisionClasses: RowPlan = alternatives(customVision);

const RESULTS_4 = { objectsResult: analysis4, peopleResult: people, tagsResult: tags };

function isAnalysis4(payload: unknown): boolean {
  return Object.keys(RESULTS_4).some((key) => ownArray(own(payload, key), 'values') !== undefined);
}

/** A feature that was not asked for is not there; one that cannot be read counts as a row. */
function resultsOf(payload: unknown, key: string): readonly unknown[] {
  const result = own(payload, key);
  if (result === undefined || result === null) return [];
  return ownRows(result, 'values') ?? [result];
}

function isAnalysis3(payload: unknown): boolean {
  return (
    has(payload, 'requestId') &&
    isObject(payload.metadata) &&
    (isList(payload.objects) || isList(payload.tags))
  );
}

function isCustomVision(payload: unknown): boolean {
  return has(payload, 'project') && Object.hasOwn(payload, 'iteration') && isList(payload.predictions);
}

function matches(payload: unknown): boolean {
  return isAnalysis4(payload) || isAnalysis3(payload) || isCustomVision(payload);
}

function read(payload: unknown): Reading | undefined {
  const metadata = ownObject(payload, 'metadata');
  const groups = readGroups(payload);
  return groups && { images: [{ size: toSize(own(metadata, 'width'), own(metadata, 'height')), groups }] };
}

function readGroups(payload: unknown): RowGroup[] | undefined {
  if (isAnalysis4(payload)) {
    return Object.entries(RESULTS_4).map(([key, plan]) => ({
      rows: resultsOf(payload, key),
      plan,
    }));
  }
  const predictions = ownArray(payload, 'predictions');
  if (predictions) {
    const located = predictions.some((row) => has(row, 'boundingBox'));
    return [{ rows: predictions, plan: located ? customVisionObjects : customVisionClasses }];
  }
  const objects = ownRows(payload, 'objects');
  const tagRows = ownRows(payload, 'tags');
  if (!objects && !tagRows) return undefined;
  return [
    { rows: objects ?? [], plan: analysis3 },
    { rows: tagRows ?? [], plan: tags },
  ];
}

export const azureVision: Adapter = {
  id: 'azure-vision',
  label: 'Azure AI Vision, Custom Vision',
  needs: ['size of the picture for Custom Vision boxes'],
  keys: ['objectsResult', 'tagsResult', 'peopleResult', 'requestId', 'project'],
  matches,
  read,
};
