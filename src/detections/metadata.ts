import type { Adapter } from './reading';
import type { DetectionSettings } from './types';
import { isObject } from './values';

/** "Custom Metadata": a text has at most 1000 characters; longer candidates are pictures or embeddings, not facts. */
const LONGEST_TEXT = 1000;

/** The values a format offers as customMetadata: single facts only, never pictures, lists or objects. */
export function collectMetadata(
  payload: unknown,
  adapter: Adapter | undefined,
  settings: DetectionSettings,
): Record<string, string | number | boolean> {
  const metadata: Record<string, string | number | boolean> = {};
  const candidates = adapter?.metadata && isObject(payload) ? adapter.metadata(payload, settings) : {};
  for (const [key, value] of Object.entries(candidates)) {
    if (typeof value === 'boolean' || Number.isFinite(value)) metadata[key] = value as number | boolean;
    else if (typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT) metadata[key] = value;
  }
  return metadata;
}
