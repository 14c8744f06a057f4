import { parseClasses } from '../../src/event/derive';
import { parseConfirmation } from '../../src/scene/confirmation';
import {
  MOMENT_KINDS,
  type SceneDetection,
  type SceneSettings,
  type Zone,
  type ZonePoint,
} from '../../src/scene/types';
import { numberOf } from '../shared/event-settings';
import type { LabelOf } from '../shared/field-label';
import { FlowError } from '../shared/flow-error';
import { sceneSettingsError } from '../shared/number-settings';
import {
  visionEventSceneDefaults,
  type SceneZoneRow,
  type VisionEventSceneProperties,
} from '../shared/properties';
import { wrongInput } from '../shared/text-input';

/**
 * The dialog in the scene's own terms.
 *
 * @throws FlowError `EVENT_INVALID` that names the setting
 */
export function sceneSettings(config: VisionEventSceneProperties, labelOf: LabelOf): SceneSettings {
  const error = sceneSettingsError(config, labelOf);
  if (error) throw error;
  const confirm = parseConfirmation(String(config.confirm));
  if (!confirm) throw wrongSetting(labelOf('confirm'), 'Enter how many of how many frames, such as 3 of 5.');
  const durationOf = (name: 'lostAfter' | 'stayAfter' | 'countStable') =>
    1000 * (numberOf(config[name]) ?? Number(visionEventSceneDefaults[name]));
  const every = numberOf(config.countEvery);
  const moments = Array.isArray(config.moments) ? config.moments : [];
  return {
    moments: MOMENT_KINDS.filter((kind) => moments.includes(kind)),
    confirm,
    lostAfter: durationOf('lostAfter'),
    stayAfter: durationOf('stayAfter'),
    countStable: durationOf('countStable'),
    ...(every && { countEvery: 1000 * every }),
    zones: zonesOf(config.zones, labelOf('zones')),
    anchor: config.anchor === 'center' ? 'center' : 'bottom',
    trackBy: config.trackBy === 'never' ? 'never' : 'auto',
  };
}

/** Zones are fractions of the picture: without its size nothing can be said of a box. */
export function isSizeMissing(
  { zones }: SceneSettings,
  size: object | undefined,
  detections: readonly SceneDetection[],
): boolean {
  return !size && zones.length > 0 && detections.some(({ box }) => box);
}

export function sizeNeeded(): FlowError {
  return new FlowError(
    'DETECTIONS_IMAGE_SIZE_REQUIRED',
    'Enter the size of the picture, or say where the picture is: zones are fractions of it, and the detector does not send its size.',
  );
}

/** Also of a flow that was written by hand. */
function zonesOf(rows: readonly SceneZoneRow[], label: string): Zone[] {
  if (!Array.isArray(rows)) return [];
  return (rows as Partial<SceneZoneRow>[]).map((row, position) => {
    const kind = row?.kind === 'line' ? 'line' : 'area';
    const points = Array.isArray(row?.points) ? row.points.filter(isPoint) : [];
    if (points.length < (kind === 'line' ? 2 : 3)) {
      const needed = kind === 'line' ? 'a line needs two points' : 'an area needs three';
      throw wrongSetting(label, `Draw zone ${position + 1} anew: ${needed}, as fractions of the picture.`);
    }
    const name =
      typeof row.name === 'string' && row.name.trim() !== '' ? row.name.trim() : `${kind} ${position + 1}`;
    const classes = typeof row.classes === 'string' ? parseClasses(row.classes) : [];
    return { name, kind, points, classes };
  });
}

function isPoint(value: unknown): value is ZonePoint {
  return Array.isArray(value) && value.length === 2 && value.every((part) => Number.isFinite(part));
}

function wrongSetting(label: string, remedy: string): FlowError {
  return wrongInput(label, `The setting "${label}" cannot be used. ${remedy}`);
}
