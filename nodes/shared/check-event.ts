import { repair } from '../../src/event/repair';
import type { StrictOptions } from '../../src/event/strict';
import type { SendableEvent } from '../../src/event/types';
import { validate, type SendableValidation } from '../../src/event/validate';
import { FlowError } from './flow-error';
import type { VisionEventProperties } from './properties';
import type { EventReport } from './report';

/** By which a time is checked. */
export interface CheckMoment extends StrictOptions {
  /** epoch ms */
  now: number;
}

/**
 * An event checked, and repaired when the node says so. What was found is written into `report`.
 *
 * @throws FlowError `EVENT_INVALID` for an error in the strict fields, `EVENT_WARNINGS` when the node stops on warnings
 */
export function checkEvent(
  given: unknown,
  onWarnings: VisionEventProperties['onWarnings'],
  { now, ...options }: CheckMoment,
  report: EventReport,
): SendableEvent {
  let event = given;
  let validation = validate(event, now, options);
  if (onWarnings === 'repair' && (validation.warningCount > 0 || !validation.ok)) {
    const result = repair(event);
    event = result.event;
    report.repaired = [...(report.repaired ?? []), ...result.repaired];
    validation = validate(event, now, options);
  }
  const { warnings, warningCount } = validation;
  const { eventId } = (event ?? {}) as { eventId?: unknown };
  if (typeof eventId === 'string') report.eventId = eventId;
  report.warnings = warnings;
  if (warningCount > warnings.length) report.warningCount = warningCount;
  if (!validation.ok) {
    throw new FlowError('EVENT_INVALID', validation.errors.map(({ message }) => message).join(' '));
  }
  if (onWarnings === 'stop' && warningCount > 0 && !lacksOnlyEventData(validation)) {
    const first = warnings[0];
    throw new FlowError(
      'EVENT_WARNINGS',
      `The event was kept back: ${warningCount} warning(s), the first is ${first?.type} at ${first?.path}. ` +
        'See msg.visionEvent.warnings for all, or choose "Repair, then send" under "On warnings" (onWarnings).',
      { short: { key: 'stoppedByWarnings', values: { count: warningCount } } },
    );
  }
  return validation.event;
}

/**
 * Whether all there is to complain of is that `eventData` is not there at all. Roboflow's own block leaves it out when there is none, and
 * whether the API minds is not documented, so this alone stops no event. Operator feedback without it lacks what it is sent for.
 */
function lacksOnlyEventData({ event, warnings, warningCount }: SendableValidation): boolean {
  const [only] = warnings;
  return (
    warningCount === 1 &&
    only?.path === 'eventData' &&
    only.type === 'any.required' &&
    event.eventType !== 'operator_feedback'
  );
}
