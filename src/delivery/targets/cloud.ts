import type { VisionEventsClient } from '../../api/client';
import { ApiError } from '../../api/errors';
import { remarksOf } from '../../api/replies';
import { BundleError } from '../../bundle/format';
import { buildBundle } from '../../bundle/write';
import type { EventPicture, PackedEvent, Target, TargetReceipt } from '../../api/target';
import type { VisionEvent } from '../../event/types';

/**
 * Roboflow's cloud. With the transport `bundle`, an event and its pictures are one request.
 *
 * @param client asked for before each request, so that settings may still be missing when this is made
 */
export function cloudTarget(client: () => VisionEventsClient, transport: 'separate' | 'bundle'): Target {
  // Async, so that an error of the settings rejects instead of throwing.
  return {
    postEvent: async (body, signal) => client().createEvent(body, { signal }),
    postBatch: async (bodies, signal) => client().createEvents(bodies, { signal }),
    uploadPicture: async (picture, signal) => client().uploadPicture(picture, { signal }),
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
