import { DoubtfulNow } from '../../src/delivery/clock-watch';
import type { OutboxRecord } from '../../src/delivery/outbox/outbox';
import { mayBeStored } from '../../src/delivery/sender/retry-policy';
import type { PackedEvent, SendFailure, Target, TargetReceipt } from '../../src/delivery/targets/target';
import type { PicturePlace } from '../../src/event/picture-place';
import type { MetadataValue, SendableEvent } from '../../src/event/types';
import type { Picture } from '../../src/images/picture';
import { eventJson } from './event-json';
import { FlowError, toFlowError } from './flow-error';
import type { EventReport } from './report';

export interface LoadedPicture extends PicturePlace {
  picture: Picture;
  /** sent with its upload */
  metadata?: Record<string, MetadataValue>;
}

/**
 * What the outbox keeps of an event.
 *
 * @param time as the node knew it: a "now" that may turn out to be wrong is put right later
 */
export function outboxRecord(
  event: SendableEvent,
  pictures: readonly LoadedPicture[] = [],
  time?: unknown,
): OutboxRecord {
  return {
    ...(time instanceof DoubtfulNow && { clock: time.setting }),
    eventId: event.eventId,
    useCaseId: event.useCaseId,
    body: eventJson(event),
    pictures: pictures.map(({ picture: { bytes, mediaType, name }, ...placeAndMetadata }) => ({
      ...placeAndMetadata,
      bytes,
      mediaType,
      name,
    })),
  };
}

/** The pictures of one event, and what its node does when one of them fails. */
interface AttachedPictures {
  pictures: readonly LoadedPicture[];
  handling: {
    /** @returns the event with the ids of its pictures */
    upload(
      event: SendableEvent,
      pictures: readonly LoadedPicture[],
      target: Target,
      report: EventReport,
    ): Promise<SendableEvent>;
    /** True when the event goes without pictures that failed in this way; it is noted in the report then. */
    maySendWithout(places: readonly Partial<PicturePlace>[], error: unknown, report: EventReport): boolean;
  };
}

/**
 * Sends one event now: its pictures first, or together with it where the target takes that.
 *
 * @returns the event as it was sent
 * @throws ApiError, and FlowError `NOT_CONFIGURED`; one that leaves in doubt whether the event is stored says so
 */
export async function sendEvent(
  event: SendableEvent,
  target: Target,
  report: EventReport,
  attached?: AttachedPictures,
): Promise<SendableEvent> {
  try {
    const packed = attached && (await pack(event, attached.pictures, target, report));
    if (packed && attached) return await sendPacked(event, packed, target, report, attached);
    const complete = attached
      ? await attached.handling.upload(event, attached.pictures, target, report)
      : event;
    noteReceipt(report, await target.postEvent(eventJson(complete)));
    return complete;
  } catch (error) {
    if (!isInDoubt(error, target)) throw error;
    report.doubt = true;
    throw withDoubt(error, event.eventId);
  }
}

async function pack(
  event: SendableEvent,
  loaded: readonly LoadedPicture[],
  target: Target,
  report: EventReport,
): Promise<PackedEvent | undefined> {
  if (!target.packEvent || loaded.length === 0) return undefined;
  const pictures = loaded.map(({ picture: { bytes, mediaType }, ...placeAndMetadata }) => ({
    ...placeAndMetadata,
    bytes,
    mediaType,
  }));
  const packed = await target.packEvent(eventJson(event), pictures);
  const note = notePacked(
    packed !== undefined,
    pictures.some(({ metadata }) => metadata),
  );
  if (note) (report.notes ??= []).push(note);
  return packed;
}

/** What has metadata is packed only where metadata has no other way, and is uploaded else: then its size does not matter. */
function notePacked(
  isPacked: boolean,
  hasMetadata: boolean,
): NonNullable<EventReport['notes']>[number] | undefined {
  if (isPacked) return hasMetadata ? 'picture-metadata-left-out' : undefined;
  return hasMetadata ? undefined : 'bundle-too-large';
}

async function sendPacked(
  event: SendableEvent,
  packed: PackedEvent,
  target: Target,
  report: EventReport,
  { pictures, handling }: AttachedPictures,
): Promise<SendableEvent> {
  try {
    noteReceipt(report, await packed.post());
    report.images = pictures.map(({ picture, metadata: _notReported, ...place }) => ({
      ...place,
      bytes: picture.bytes.length,
    }));
    return event;
  } catch (error) {
    // Whether the event or its pictures were refused cannot be told apart: without them the event speaks for itself.
    const places = pictures.map(({ picture: _loaded, metadata: _with, ...place }) => place);
    if (!handling.maySendWithout(places, error, report)) throw error;
    return sendEvent(event, target, report, { pictures: [], handling });
  }
}

function noteReceipt(report: EventReport, receipt: TargetReceipt): void {
  report.state = 'created';
  report.statusCode = receipt.statusCode;
  report.attempts = receipt.attempts;
  report.durationMs = receipt.durationMs;
  if (receipt.storeId !== undefined) report.storeId = receipt.storeId;
  if (receipt.warnings.length > 0) report.serverWarnings = receipt.warnings;
  if (receipt.warningCount !== undefined) report.serverWarningCount = receipt.warningCount;
  if (receipt.deprecations && receipt.deprecations.length > 0) report.deprecations = receipt.deprecations;
}

/** Where the target gives its own ids, a lost reply leaves in doubt what elsewhere a repeat would settle. */
export function isInDoubt(error: unknown, target: Target): boolean {
  // Raised here before anything was sent, or doubted already.
  if (error instanceof FlowError) return false;
  const { code } = (error ?? {}) as { code?: unknown };
  return target.givesOwnIds === true && typeof code === 'string' && mayBeStored(error as SendFailure);
}

export function withDoubt(error: unknown, eventId: string): FlowError {
  const { code, message, statusCode } = toFlowError(error);
  return new FlowError(
    code,
    `${message} The Local Event Store may have stored the event all the same; sent again, it may be there twice. Look for the id ${eventId}.`,
    { statusCode },
  );
}
