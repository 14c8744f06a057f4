import type { VisionEventsClient } from '../../src/api/client';
import { ApiError } from '../../src/api/errors';
import type { EventStoreClient } from '../../src/api/event-store-client';
import { remarksOf } from '../../src/api/replies';
import { BundleError } from '../../src/bundle/format';
import { buildBundle } from '../../src/bundle/write';
import type { EventPicture, PackedEvent, Target, TargetReceipt } from '../../src/delivery/targets/target';
import type { VisionEvent } from '../../src/event/types';
import type { WorkspaceProperties } from '../shared/properties';

/**
 * Roboflow's cloud. With the transport `bundle`, an event and its pictures are one request.
 *
 * @param client asked for before each request, so that settings may still be missing when this is made
 */
export function cloudTarget(
  client: () => VisionEventsClient,
  transport: WorkspaceProperties['transport'],
): Target {
  // Async, so that an error of the settings rejects instead of throwing.
  return {
    postEvent: async (body, signal) => client().target().postEvent(body, signal),
    postBatch: async (bodies, signal) => client().target().postBatch(bodies, signal),
    uploadPicture: async (picture, signal) => client().target().uploadPicture(picture, signal),
    ...(transport === 'bundle'
      ? { packEvent: (body: string, pictures: readonly EventPicture[]) => packBundle(client, body, pictures) }
      : {}),
  };
}

async function packBundle(
  client: () => VisionEventsClient,
  body: string,
  pictures: readonly EventPicture[],
): Promise<PackedEvent | undefined> {
  // A bundle has no place for it.
  if (pictures.some(({ metadata }) => metadata)) return undefined;
  const event = JSON.parse(body) as VisionEvent;
  const { eventId, useCaseId } = event;
  try {
    const bundle = await buildBundle({ event, pictures });
    return {
      bytes: bundle.length,
      post: async (signal) =>
        bundleReceipt(eventId, await client().uploadBundle(bundle, { useCaseId, signal })),
    };
  } catch (error) {
    if (error instanceof BundleError && error.code === 'BUNDLE_TOO_LARGE') return undefined;
    throw error;
  }
}

/** The reply to a bundle is not documented beyond its status; it is read as that to a single event. */
function bundleReceipt(
  eventId: string,
  reply: Awaited<ReturnType<VisionEventsClient['uploadBundle']>>,
): TargetReceipt {
  const { statusCode, attempts, durationMs } = reply;
  if (typeof reply['eventId'] === 'string' && reply['eventId'] !== eventId) {
    throw new ApiError(
      'BAD_RESPONSE',
      `The server answered ${statusCode} to a bundle, but with the id of another event. Check that no proxy answers in its place.`,
      { statusCode, attempts },
    );
  }
  return { statusCode, attempts, durationMs, ...remarksOf(reply) };
}

/**
 * The Local Event Store of an edge device: one event a request, its pictures inside, ids of its own.
 *
 * @param client asked for before each request, so that settings may still be missing when this is made
 */
export function eventStoreTarget(client: () => EventStoreClient): Target {
  const pack = (body: string, pictures: readonly EventPicture[]): PackedEvent => {
    const event = JSON.parse(body) as VisionEvent;
    return {
      bytes: pictures.reduce((sum, { bytes }) => sum + base64Length(bytes), Buffer.byteLength(body)),
      post: async (signal) => ({
        ...(await client().createEvent(event, pictures, { signal })),
        warnings: [],
      }),
    };
  };
  return {
    givesOwnIds: true,
    // Async, so that an unreadable event rejects instead of throwing.
    // eslint-disable-next-line @typescript-eslint/require-await
    packEvent: async (body, pictures) => pack(body, pictures),
    postEvent: async (body, signal) => pack(body, []).post(signal),
    postBatch: () => Promise.reject(notTaken('batches')),
    uploadPicture: () => Promise.reject(notTaken('pictures without their event')),
  };
}

const base64Length = (bytes: Uint8Array) => Math.ceil(bytes.length / 3) * 4;

const notTaken = (what: string) => new ApiError('REJECTED', `The Local Event Store takes no ${what}.`);
