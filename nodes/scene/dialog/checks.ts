import { parseConfirmation } from '../../../src/scene/confirmation';
import { formatChecks } from '../../editor/format-checks';
import { neededReason, numberReason, type Checks } from '../../editor/form';
import { sharedText } from '../../editor/live';
import { SCENE_NUMBER_RULES } from '../../shared/number-rules';
import type { SceneZoneRow, VisionEventSceneProperties } from '../../shared/properties';
import { LEAST_POINTS } from './zone-model';

type Property = keyof VisionEventSceneProperties;

const needed =
  (
    property: 'image' | 'timestamp' | 'cameraBy',
    unset: string,
    whenEmpty: () => string,
  ): Checks<Property>[Property] =>
  (value, read) =>
    read(`${property}Type`) === unset
      ? undefined
      : neededReason(value, read(`${property}Type`), whenEmpty(), sharedText);

const seconds =
  (property: 'lostAfter' | 'stayAfter' | 'countStable' | 'countEvery'): Checks<Property>[Property] =>
  (value, _read, t) => {
    const rule = SCENE_NUMBER_RULES[property];
    return numberReason(value, rule, t(`refusal.${rule.reason}`));
  };

/** What the runtime would refuse. */
export const refuse: Checks<Property> = {
  ...formatChecks(),
  detections: (value, read) =>
    neededReason(value, read('detectionsType'), sharedText('refusal.detectionsMissing'), sharedText),
  image: needed('image', 'none', () => sharedText('refusal.imageMissing')),
  timestamp: needed('timestamp', 'now', () => sharedText('refusal.timestampMissing')),
  cameraBy: (value, read, t) =>
    read('cameraByType') === 'none'
      ? undefined
      : neededReason(value, read('cameraByType'), t('refusal.cameraMissing'), sharedText),
  confirm: (value, _read, t) => (parseConfirmation(String(value)) ? undefined : t('refusal.confirm')),
  lostAfter: seconds('lostAfter'),
  stayAfter: seconds('stayAfter'),
  countStable: seconds('countStable'),
  countEvery: seconds('countEvery'),
  zones: (value, _read, t) =>
    (value as SceneZoneRow[]).every(
      ({ kind, points }) => points?.length >= (LEAST_POINTS[kind] ?? LEAST_POINTS.area),
    )
      ? undefined
      : t('refusal.zones'),
};

/** What is accepted, but tells nothing. */
export const hint: Checks<Property> = {
  moments(value, read, t) {
    const moments = value as string[];
    if (moments.length === 0) return t('hint.noMoment');
    const kinds = (read('zones') as SceneZoneRow[]).map(({ kind }) => kind);
    if (moments.includes('crossed') && !kinds.includes('line')) return t('hint.noLine');
    const hasOnlyLines = kinds.length > 0 && !kinds.includes('area');
    const isNeverTold = hasOnlyLines && !(Number(read('countEvery')) > 0);
    return moments.includes('count') && isNeverTold ? t('hint.noInterval') : undefined;
  },
};
