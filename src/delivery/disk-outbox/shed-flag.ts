/** The custom metadata key that tells that pictures were given up because the outbox was full. */
export const SHED_KEY = 'pictures_shed';

/** Limit of the API ("Custom Metadata"): so many keys an event. */
const MAX_KEYS = 100;

/**
 * Says in the event how many of its pictures were shed. Gives the same text at each attempt. An event without room for
 * one more key, or whose text is no JSON object, stays as it is.
 */
export function flagShedPictures(body: string, count: number): string {
  try {
    const event = JSON.parse(body) as { customMetadata?: Record<string, unknown> };
    const metadata = event.customMetadata ?? {};
    if (Object.keys(metadata).length >= MAX_KEYS) return body;
    return JSON.stringify({ ...event, customMetadata: { ...metadata, [SHED_KEY]: count } });
  } catch {
    return body;
  }
}
