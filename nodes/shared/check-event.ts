import { repair } from '../../src/event/repair';
import type { StrictOptions } from '../../src/event/strict-fields';
import type { Repaired, SendableEvent } from '../../src/event/types';
import { validate, type SendableValidation } from '../../src/event/validate';
import { FlowError } from './flow-error';
import type { VisionEventProperties } from './properties';
import { StepError, type Findings } from './report';

/** By which a time is checked. */
export interface CheckMoment extends StrictOptions {
  /** epoch ms */
  now: number;
}

/** An event that may be sent, and what the check found. */
export interface CheckedEvent {
  event: SendableEvent;
  found: Findings;
}

/**
 * An event checked, and repaired when the node says so.
 *
 * @throws StepError with what was found: `EVENT_INVALID` for an error in the strict fields, `EVENT_WARNINGS` when the
 * node stops on warnings
 */
export function checkEvent(
  given: unknown,
  onWarnings: VisionEventProperties['onWarnings'],
  { now, ...options }: CheckMoment,
): CheckedEvent {
  let event = given;
  let repaired: Repaired[] | undefined;
  let validation = validate(event, now, options);
  if (onWarnings === 'repair' && (validation.warningCount > 0 || !validation.ok)) {
    const result = repair(event);
    ({ event, repaired } = result);
    validation = validate(event, now, options);
  }
  const { warnings, warningCount } = validation;
  const { eventId } = (event ?? {}) as { eventId?: unknown };
  const found: Findings = {
    warnings,
    ...(typeof eventId === 'string' && { eventId }),
    ...(warningCount > warnings.length && { warningCount }),
    ...(repaired && { repaired }),
  };
  if (!validation.ok) {
    const errors = validation.errors.map(({ message }) => message).join(' ');
    throw new StepError(new FlowError('EVENT_INVALID', errors), found);
  }
  if (onWarnings === 'stop' && warningCount > 0 && !lacksOnlyEventData(validation)) {
    throw new StepError(stoppedByWarnings(validation), found);
  }
  return { event: validation.event, found };
}

function stoppedByWarnings({ warnings, warningCount }: SendableValidation): FlowError {
  const [first] = warnings;
  return new FlowError(
    'EVENT_WARNINGS',
    `Correct ${first?.path}, or choose "Repair, then send" under "On warnings" (onWarnings): the event was kept back. ` +
      `It has ${warningCount} warning(s), the first is ${first?.type}; see msg.visionEvent.warnings for all.`,
    { short: { key: 'stoppedByWarnings', values: { count: warningCount } } },
  );
}

/**
 * Whether all there is to complain of is that `eventData` is not there at all. Roboflow's own block leaves it out when
 * there is none, and whether the API minds is not documented, so this alone stops no event. Operator feedback without
 * it lacks what it is sent for.
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
