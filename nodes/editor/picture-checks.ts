import { PICTURE_NUMBER_RULES } from '../shared/number-rules';
import { numberReason, type Text } from './form';

type Property = keyof typeof PICTURE_NUMBER_RULES;

function check(property: Property) {
  const rule = PICTURE_NUMBER_RULES[property];
  return (value: unknown, _read: unknown, t: Text) => numberReason(value, rule, t(`refusal.${rule.reason}`));
}

/** What the runtime would refuse of what is done to pictures. */
export const pictureChecks = {
  pictureMaxSide: check('pictureMaxSide'),
  pictureQuality: check('pictureQuality'),
  pictureOver: check('pictureOver'),
  hideMargin: check('hideMargin'),
};
