import { ApiError } from '../../api/errors';
import type { EventStoreClient } from '../../api/event-store-client';
import type { VisionEvent } from '../../event/types';
import type { EventPicture, PackedEvent, Target } from '../../api/target';

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
