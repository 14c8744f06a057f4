import {
  ALERT_TYPE_PATTERN,
  MAX_ALERT_TYPE_LENGTH,
  MAX_IDENTIFIER_LENGTH,
  MAX_LONG_TEXT_LENGTH,
  MAX_SHORT_TEXT_LENGTH,
  MAX_WORKFLOW_VERSION_LENGTH,
} from '../../../src/event/limits';
import { EVENT_TYPES, type EventType } from '../../../src/event/types';
import {
  neededReason,
  numberReason,
  pathReason,
  type Check,
  type Checks,
  type Read,
} from '../../editor/form';
import { formatChecks } from '../../editor/format-checks';
import { metadataReason } from '../../editor/metadata-rows';
import { workspaceReason } from '../../editor/workspace-reason';
import { pictureChecks } from '../../editor/picture-checks';
import { EVENT_NUMBER_RULES, isEmpty } from '../../shared/number-rules';
import type { VisionEventProperties } from '../../shared/properties';

type Property = keyof VisionEventProperties;
type ReadProperty = Read<Property>;
type PropertyCheck = Check<Property>;
type TypedProperty = { [Name in Property]: `${Name}Type` extends Property ? Name : never }[Property];
type Picture = 'outputImage' | 'inputImage' | 'pictures';

const PICTURES: Picture[] = ['outputImage', 'inputImage', 'pictures'];

/** The properties that only some types of events have. */
const PROPERTIES_BY_TYPE: Record<EventType, Property[]> = {
  quality_check: ['result', 'externalId'],
  inventory_count: ['itemCount', 'itemType', 'location', 'externalId'],
  safety_alert: ['alertType', 'severity', 'description', 'externalId'],
  custom: ['value', 'externalId'],
  operator_feedback: ['relatedEventId', 'feedback', 'comment'],
};

const isDynamic = (type: unknown) =>
  ['msg', 'flow', 'global', 'env', 'jsonata', 'json'].includes(String(type));
const takesList = (read: ReadProperty) => read('picturesType') !== 'none';
/** The pictures of a list may have detections of their own. */
const usesDetections = (read: ReadProperty) => read('detectionsType') !== 'none' || takesList(read);

/**
 * False for a property that the chosen event type does not have; while only the message knows the type, all have a
 * part.
 */
function isInEvent(property: Property, read: ReadProperty): boolean {
  if (read('eventTypeType') !== 'str') return true;
  const types = EVENT_TYPES.filter((type) => PROPERTIES_BY_TYPE[type].includes(property));
  return types.length === 0 || types.includes(read('eventType') as EventType);
}

/** What the runtime would refuse. */
export const refuse: Checks<Property> = {
  workspace: (value, read, t) => workspaceReason(value, t, { isNeeded: read('delivery') !== 'build' }),
  detections: (value, read, t) =>
    read('detectionsType') === 'none'
      ? undefined
      : neededReason(value, read('detectionsType'), t('refusal.detectionsMissing'), t),
  ...formatChecks(usesDetections),
  eventType(value, read, t) {
    const missing = t('refusal.eventTypeMissing');
    if (read('eventTypeType') !== 'str') return neededReason(value, read('eventTypeType'), missing, t);
    return EVENT_TYPES.includes(value as EventType) ? undefined : missing;
  },
  useCase(value, read, t) {
    if (read('useCaseType') === 'str' && String(value).length > MAX_IDENTIFIER_LENGTH)
      return t('refusal.tooLong', { max: MAX_IDENTIFIER_LENGTH });
    return neededReason(value, read('useCaseType'), t('refusal.useCaseMissing'), t);
  },
  eventId: (value, read, t) =>
    read('eventIdType') === 'uuid'
      ? undefined
      : neededReason(value, read('eventIdType'), t('refusal.eventIdMissing'), t),
  timestamp: (value, read, t) =>
    read('timestampType') === 'now'
      ? undefined
      : neededReason(value, read('timestampType'), t('refusal.timestampMissing'), t),
  metadata: metadataReason('unreadable'),
  pictureMetadata: (rows, read, t) =>
    (failsForMetadata(read) ? metadataReason('unreadable', 'objected') : metadataReason('unreadable'))(
      rows,
      read,
      t,
    ),
  ...pictureChecks,
  cooldown: (value, _read, t) => numberReason(value, EVENT_NUMBER_RULES.cooldown, t('refusal.cooldown')),
};
const OPTIONAL: TypedProperty[] = [
  ...([
    'result',
    'itemCount',
    'itemType',
    'location',
    'alertType',
    'severity',
    'description',
    'value',
  ] as const),
  ...(['relatedEventId', 'feedback', 'comment', 'externalId', 'deviceId', 'streamId', 'workflowId'] as const),
  ...(['workflowVersion', 'metadataFrom', 'cooldownBy', 'imageLabel'] as const),
];
for (const property of OPTIONAL) refuse[property] = optional(property);
for (const property of PICTURES) refuse[property] = picture(property);

/** What the API takes with a warning, and then stores without the field. */
export const doubt: Checks<Property> = {
  itemCount: (value, read, t) =>
    isInEvent('itemCount', read) && read('itemCountType') === 'num'
      ? numberReason(value, { min: 0, whole: true }, t('doubt.itemCount'))
      : undefined,
  alertType: (value, read, t) =>
    isInEvent('alertType', read) && read('alertTypeType') === 'str' && !isAlertType(String(value))
      ? t('doubt.alertType')
      : undefined,
  relatedEventId: neededFeedback('relatedEventId'),
  feedback: neededFeedback('feedback'),
  itemType: tooLong('itemType', MAX_SHORT_TEXT_LENGTH),
  location: tooLong('location', MAX_SHORT_TEXT_LENGTH),
  description: tooLong('description', MAX_LONG_TEXT_LENGTH),
  value: tooLong('value', MAX_LONG_TEXT_LENGTH),
  externalId: tooLong('externalId', MAX_SHORT_TEXT_LENGTH),
  deviceId: tooLong('deviceId', MAX_IDENTIFIER_LENGTH),
  streamId: tooLong('streamId', MAX_IDENTIFIER_LENGTH),
  workflowId: tooLong('workflowId', MAX_IDENTIFIER_LENGTH),
  workflowVersion: tooLong('workflowVersion', MAX_WORKFLOW_VERSION_LENGTH),
  metadata: metadataReason('objected'),
};

/** What is accepted, but is probably a mistake. */
export const hint: Checks<Property> = {
  metadata: metadataReason('leftOut'),
  pictureMetadata: metadataReason('leftOut', 'objected'),
  outputImage: missingPicture('outputImage'),
  inputImage: missingPicture('inputImage'),
  pictures: missingPicture('pictures'),
};

function picture(property: Picture): PropertyCheck {
  return (value, read, t) => {
    if (!isPictureUsed(property, read)) return undefined;
    const whenEmpty = read('whenImageFails') === 'stop' ? t('refusal.imageMissing') : undefined;
    return neededReason(value, read(`${property}Type`), whenEmpty, t);
  };
}

function missingPicture(property: Picture): PropertyCheck {
  return (value, read, t) =>
    isPictureUsed(property, read) && isEmpty(value) ? t('refusal.imageMissing') : undefined;
}

/** An upload with wrong metadata would be refused, so that the picture fails. */
function failsForMetadata(read: ReadProperty): boolean {
  const hasPicture = PICTURES.some((property) => isPictureUsed(property, read));
  return hasPicture && read('whenImageFails') === 'stop' && read('onWarnings') !== 'repair';
}

/** A list takes the place of the single pictures. */
function isPictureUsed(property: Picture, read: ReadProperty): boolean {
  // What is drawn is made of the others.
  const isGiven = !['none', 'drawn'].includes(String(read(`${property}Type`)));
  return isGiven && (property === 'pictures' || !takesList(read));
}

function optional(property: TypedProperty): PropertyCheck {
  return (value, read, t) => {
    const type = read(`${property}Type`);
    return isInEvent(property, read) && isDynamic(type) ? pathReason(value, type, t) : undefined;
  };
}

function tooLong(property: TypedProperty, max: number): PropertyCheck {
  return (value, read, t) =>
    isInEvent(property, read) && read(`${property}Type`) === 'str' && String(value).length > max
      ? t('refusal.tooLong', { max })
      : undefined;
}

const isAlertType = (text: string) =>
  text === '' || (text.length <= MAX_ALERT_TYPE_LENGTH && ALERT_TYPE_PATTERN.test(text));

function neededFeedback(property: 'relatedEventId' | 'feedback'): PropertyCheck {
  return (value, read, t) => {
    const applies = read('eventTypeType') === 'str' && read('eventType') === 'operator_feedback';
    return applies && String(value) === '' ? t(`doubt.${property}`) : undefined;
  };
}
