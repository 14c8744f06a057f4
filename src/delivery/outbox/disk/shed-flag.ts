/** The custom metadata key that tells that pictures were given up because the outbox was full. */
export const SHED_KEY = 'pictures_shed';

/** Limit of the API ("Custom Metadata"): so many keys an event. */
const MAX_KEYS = 100;

/** Says in the event how many of its pictures were shed. */
export const flagShedPictures = (body: string, count: number): string => withMetadata(body, SHED_KEY, count);

/**
 * The event with one more entry of custom metadata. Gives the same text at each attempt. An event without room for one
 * more key, or whose text is not a JSON object, stays as it is.
 */
export function withMetadata(body: string, key: string, value: number | boolean): string {
  try {
    const event = JSON.parse(body) as { customMetadata?: Record<string, unknown> };
    const metadata = event.customMetadata ?? {};
    if (Object.keys(metadata).length >= MAX_KEYS) return body;
    return JSON.stringify({ ...event, customMetadata: { ...metadata, [key]: value } });
  } catch {
    return body;
  }
}
