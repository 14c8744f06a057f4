import { DoubtfulNow } from '../../src/delivery/clock-watch';
import type { OutboxRecord } from '../../src/delivery/outbox/outbox';
import { mayBeStored } from '../../src/delivery/sender/retry-policy';
import type { PackedEvent, SendFailure, Target, TargetReceipt } from '../../src/api/target';
import type { PicturePlace } from '../../src/event/picture-place';
import type { MetadataValue, SendableEvent } from '../../src/event/types';
import type { Picture } from '../../src/images/picture';
import { eventJson } from './event-json';
import { FlowError, toFlowError } from './flow-error';
import { StepError, stepError, together, type CreatedReport, type Findings } from './report';

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
    eventId: event.eventId,
    useCaseId: event.useCaseId,
    body: eventJson(event),
    pictures: pictures.map(({ picture: { bytes, mediaType, name }, ...placeAndMetadata }) => ({
      ...placeAndMetadata,
      bytes,
      mediaType,
      name,
    })),
    ...(time instanceof DoubtfulNow && { clock: time.setting }),
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
    ): Promise<{ event: SendableEvent; found: Partial<Findings> }>;
    /** Those pictures, to be told of, when the event goes without pictures that failed in this way. */
    leftOut(places: readonly Partial<PicturePlace>[], error: unknown): Findings['imagesLeftOut'];
  };
}

/** An event as it was sent. */
export interface SentEvent {
  event: SendableEvent;
  found: Omit<CreatedReport, 'warnings'>;
}

/**
 * Sends one event now: its pictures first, or together with it where the target takes that.
 *
 * @throws StepError with what was found: `ApiError`, and FlowError `NOT_CONFIGURED`; one that leaves in doubt whether
 * the event is stored says so
 */
export async function sendEvent(
  event: SendableEvent,
  target: Target,
  attached?: AttachedPictures,
): Promise<SentEvent> {
  let found: Partial<Findings> = {};
  try {
    const packed = attached && (await pack(event, attached.pictures, target));
    if (packed?.note) found = { notes: [packed.note] };
    if (attached && packed?.request) {
      const answer = await postPacked(packed.request, attached);
      found = together(found, answer.found);
      if (answer.receipt) return { event, found: together(found, created(answer.receipt)) };
    }
    const pictures = packed?.request ? [] : (attached?.pictures ?? []);
    const complete = attached
      ? await attached.handling.upload(event, pictures, target)
      : { event, found: {} };
    found = together(found, complete.found);
    const receipt = await target.postEvent(eventJson(complete.event));
    return { event: complete.event, found: together(found, created(receipt)) };
  } catch (error) {
    const { reason, found: last } = stepError(error);
    found = together(found, last);
    if (!isInDoubt(reason, target)) throw new StepError(reason, found);
    throw new StepError(withDoubt(reason, event.eventId), { ...found, doubt: true });
  }
}

interface Packed {
  /** undefined when event and pictures go separately */
  request?: PackedEvent;
  note?: NonNullable<Findings['notes']>[number];
}

async function pack(
  event: SendableEvent,
  loaded: readonly LoadedPicture[],
  target: Target,
): Promise<Packed | undefined> {
  if (!target.packEvent || loaded.length === 0) return undefined;
  const pictures = loaded.map(({ picture: { bytes, mediaType }, ...placeAndMetadata }) => ({
    ...placeAndMetadata,
    bytes,
    mediaType,
  }));
  const request = await target.packEvent(eventJson(event), pictures);
  const hasMetadata = pictures.some(({ metadata }) => metadata);
  return { request, note: notePacked(request !== undefined, hasMetadata) };
}

/**
 * What has metadata is packed only where metadata has no other way, and is uploaded else: then its size does not
 * matter.
 */
function notePacked(isPacked: boolean, hasMetadata: boolean): Packed['note'] {
  if (isPacked) return hasMetadata ? 'picture-metadata-left-out' : undefined;
  return hasMetadata ? undefined : 'bundle-too-large';
}

/** @returns no receipt when the event has to go without its pictures */
async function postPacked(
  request: PackedEvent,
  { pictures, handling }: AttachedPictures,
): Promise<{ receipt?: TargetReceipt; found: Partial<Findings> }> {
  try {
    const receipt = await request.post();
    const images = pictures.map(({ picture, metadata: _notReported, ...place }) => ({
      ...place,
      bytes: picture.bytes.length,
    }));
    return { receipt, found: { images } };
  } catch (error) {
    // Whether the event or its pictures were refused cannot be told apart: without them the event speaks for itself.
    const places = pictures.map(({ picture: _loaded, metadata: _with, ...place }) => place);
    const imagesLeftOut = handling.leftOut(places, error);
    if (!imagesLeftOut) throw error;
    return { found: { imagesLeftOut } };
  }
}

function created(receipt: TargetReceipt): Omit<CreatedReport, 'warnings'> {
  const { statusCode, attempts, durationMs, storeId, warnings, warningCount, deprecations = [] } = receipt;
  return {
    state: 'created',
    statusCode,
    attempts,
    durationMs,
    ...(storeId !== undefined && { storeId }),
    ...(warnings.length > 0 && { serverWarnings: warnings }),
    ...(warningCount !== undefined && { serverWarningCount: warningCount }),
    ...(deprecations.length > 0 && { deprecations }),
  };
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
