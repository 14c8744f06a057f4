import { isObject, own } from '../../src/event/fields';
import { fitAlertType } from '../../src/event/allowed-characters';
import type { FlowMessage } from '../shared/guarded-input';
import type { VisionEventProperties } from '../shared/properties';
import { DerivedField, type EventValues } from './inputs';

/** What `msg.moment` of the node scene says, as far as an event has a place for it. */
interface SceneMoment {
  id?: unknown;
  kind?: unknown;
  class?: unknown;
  trackId?: unknown;
  zone?: unknown;
  direction?: unknown;
  count?: unknown;
  durationMs?: unknown;
}

/** The moment of a message that a node scene sent, unless the dialog says that it shall not be used. */
export function momentOf(message: FlowMessage, config: VisionEventProperties): SceneMoment | undefined {
  // a flow of an earlier release lacks the property
  if (config.fromScene === false || config.fromScene === undefined) return undefined;
  const moment = message['moment'];
  return isObject(moment) && typeof own(moment, 'kind') === 'string' ? moment : undefined;
}

/** The id of the moment is that of the event, unless the dialog names one: a message that comes twice is one event. */
export function momentId(message: FlowMessage, config: VisionEventProperties): string | undefined {
  if (config.eventIdType !== 'uuid') return undefined;
  const id = momentOf(message, config)?.id;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** Fills what has no setting of its own: metadata, alert type and item count. */
export function withMoment(
  values: EventValues,
  message: FlowMessage,
  config: VisionEventProperties,
): EventValues {
  const moment = momentOf(message, config);
  if (!moment) return values;
  const { zone, direction, trackId, durationMs } = moment;
  const facts = {
    zone,
    direction,
    duration_s: typeof durationMs === 'number' ? Math.round(durationMs / 100) / 10 : undefined,
    track: trackId,
  };
  const { metadataFrom } = values.inputs;
  const rows = Object.entries(facts)
    .filter(
      ([key, value]) =>
        value !== undefined && !(isObject(metadataFrom) && own(metadataFrom, key) !== undefined),
    )
    .map(([key, value]) => ({ key, value }));
  return {
    ...values,
    eventData: withOwnSettings(values.eventData, moment),
    metadata: [...rows, ...values.metadata],
  };
}

function withOwnSettings(eventData: EventValues['eventData'], moment: SceneMoment): EventValues['eventData'] {
  const filled = { ...eventData };
  const { itemCount } = eventData;
  const isUnset =
    itemCount instanceof DerivedField && itemCount.derivation === 'count' && itemCount.classes.length === 0;
  if ((isUnset || itemCount === undefined) && typeof moment.count === 'number')
    filled['itemCount'] = moment.count;
  const alertType =
    typeof moment.class === 'string' ? fitAlertType(`${moment.class}_${String(moment.kind)}`) : undefined;
  if (eventData['alertType'] === undefined && alertType !== undefined) filled['alertType'] = alertType;
  return filled;
}
