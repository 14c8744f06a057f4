import {
  MAX_METADATA_DECIMALS,
  MAX_METADATA_KEY_LENGTH,
  MAX_METADATA_KEYS,
  MAX_METADATA_TEXT_LENGTH,
  METADATA_KEY_PATTERN,
} from '../event/limits';
import type { Adapter } from './reading';
import type { DetectionSettings } from './types';
import { isObject } from '../json-object';

type Metadata = Record<string, string | number | boolean>;

/**
 * The values a format offers as customMetadata: single facts that the API takes ("Custom Metadata"), never pictures,
 * lists or objects. What is too long or has a key that is not allowed is left out.
 */
export function collectMetadata(
  payload: unknown,
  adapter: Adapter | undefined,
  settings: DetectionSettings,
): Metadata {
  const candidates = adapter?.metadata && isObject(payload) ? adapter.metadata(payload, settings) : {};
  const usable = Object.entries(candidates).flatMap(([key, value]) => {
    const fact = asFact(value);
    return fact !== undefined && isUsableKey(key) ? [[key, fact] as const] : [];
  });
  return Object.fromEntries(usable.slice(0, MAX_METADATA_KEYS));
}

function isUsableKey(key: string): boolean {
  return key.length <= MAX_METADATA_KEY_LENGTH && METADATA_KEY_PATTERN.test(key);
}

function asFact(value: unknown): string | number | boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    return Number.isFinite(value) ? Number(value.toFixed(MAX_METADATA_DECIMALS)) : undefined;
  }
  return typeof value === 'string' && value !== '' && value.length <= MAX_METADATA_TEXT_LENGTH
    ? value
    : undefined;
}
