import { checkMapping } from '../../src/detections/check-mapping';
import { EVENT_NUMBER_RULES, isEmpty } from '../shared/number-rules';
import { numberReason, type Check, type Checks, type Read } from './form';
import { isKnownFormat } from './formats';
import { sharedText as t } from './live';

type NumberProperty = Exclude<keyof typeof EVENT_NUMBER_RULES, 'cooldown'>;
type FormatProperty = NumberProperty | 'format' | 'mapping';

/**
 * What the runtime would refuse of the rows of `format-fields.html`.
 *
 * @param isUsed whether the node takes detections at all
 */
export function formatChecks<Property extends string>(
  isUsed: (read: Read<Property | FormatProperty>) => boolean = () => true,
): Checks<FormatProperty> & Checks<Property> {
  type Reader = Read<Property | FormatProperty>;
  const whereUsed =
    (check: (value: unknown, read: Reader) => string | undefined): Check<FormatProperty> =>
    (value, read) =>
      isUsed(read as Reader) ? check(value, read as Reader) : undefined;
  const number = (property: NumberProperty) => (value: unknown) => {
    const rule = EVENT_NUMBER_RULES[property];
    return numberReason(value, rule, t(`refusal.${rule.reason}`));
  };
  /** A width or a height, of which neither goes without the other. */
  const side = (property: NumberProperty, otherSide: NumberProperty) =>
    whereUsed(
      (value, read) =>
        number(property)(value) ??
        (isEmpty(value) && !isEmpty(read(otherSide)) ? t('refusal.bothSizes') : undefined),
    );
  const checks: Checks<FormatProperty> = {
    format: whereUsed((value) => (isKnownFormat(String(value)) ? undefined : t('refusal.format'))),
    mapping: whereUsed((value, read) => (read('format') === 'custom' ? mappingReason(value) : undefined)),
    minConfidence: whereUsed(number('minConfidence')),
    defaultConfidence: whereUsed(number('defaultConfidence')),
    imageWidth: side('imageWidth', 'imageHeight'),
    imageHeight: side('imageHeight', 'imageWidth'),
    sourceWidth: side('sourceWidth', 'sourceHeight'),
    sourceHeight: side('sourceHeight', 'sourceWidth'),
  };
  return checks as Checks<FormatProperty> & Checks<Property>;
}

/** What most people leave out is explained; of the rest the property is named. */
const EXPLAINED: Partial<Record<string, string>> = {
  list: 'refusal.mappingList',
  class: 'refusal.mappingClass',
  box: 'refusal.mappingBox',
};

function mappingReason(mapping: unknown): string | undefined {
  if (isEmpty(mapping)) return t('refusal.mappingMissing');
  const [error] = checkMapping(String(mapping));
  if (!error) return undefined;
  const [name = ''] = error.path.split('.');
  if (name === '') return t('refusal.json');
  const explained = EXPLAINED[name];
  return explained ? t(explained) : t('refusal.mappingAt', { name });
}
