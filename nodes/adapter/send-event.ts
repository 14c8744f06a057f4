import type { OutboxRecord } from '../../src/delivery/outbox';
import type { Target, TargetReceipt } from '../../src/delivery/target';
import type { VisionEvent } from '../../src/event/types';
import { eventJson } from './event-json';
import type { EventPictures, LoadedPicture } from './event-pictures';
import type { EventReport } from './report';

/** What the outbox keeps of an event. */
export function outboxRecord(event: VisionEvent, pictures: LoadedPicture[] = []): OutboxRecord {
  return {
    eventId: event.eventId,
    useCaseId: event.useCaseId,
    body: eventJson(event),
    pictures: pictures.map(({ role, picture: { bytes, mediaType, name } }) => ({
      role,
      bytes,
      mediaType,
      name,
    })),
  };
}

/**
 * Sends one event now, after its pictures.
 *
 * @returns the event as it was sent
 * @throws ApiError, and FlowError `NOT_CONFIGURED`
 */
export async function sendEvent(
  event: VisionEvent,
  target: Target,
  report: EventReport,
  attached?: { pictures: LoadedPicture[]; handling: EventPictures },
): Promise<VisionEvent> {
  const complete = attached
    ? await attached.handling.upload(event, attached.pictures, target, report)
    : event;
  noteReceipt(report, await target.postEvent(eventJson(complete)));
  return complete;
}

function noteReceipt(report: EventReport, receipt: TargetReceipt): void {
  report.state = 'created';
  report.statusCode = receipt.statusCode;
  report.attempts = receipt.attempts;
  report.durationMs = receipt.durationMs;
  if (receipt.warnings.length > 0) report.serverWarnings = receipt.warnings;
  if (receipt.deprecations && receipt.deprecations.length > 0) report.deprecations = receipt.deprecations;
}
