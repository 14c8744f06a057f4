/** What the numbers of the dialogs may be, once: for the runtime and for the dialogs. */
import { MAX_BATCH_EVENTS } from '../../src/api/limits';
import { PICTURE_MAX_SIDE } from '../../src/images/limits';
import type { VisionEventProperties, VisionEventSceneProperties, WorkspaceProperties } from './properties';

export interface NumberRule {
  min: number;
  max?: number;
  whole?: boolean;
  /** what to enter, for the runtime's error */
  wanted: string;
  /** the same for the dialog: a key below `refusal` of its catalogue */
  reason: string;
}

const FRACTION: NumberRule = {
  min: 0,
  max: 1,
  wanted: 'a number from 0 to 1, such as 0.5',
  reason: 'fraction',
};
const PIXELS: NumberRule = {
  min: 1,
  max: PICTURE_MAX_SIDE,
  whole: true,
  wanted: 'a whole number of pixels',
  reason: 'pixels',
};
const COUNT: NumberRule = { min: 1, whole: true, wanted: 'a whole number, 1 or more', reason: 'count' };
const MEGABYTES: NumberRule = { min: 1, wanted: 'a number of megabytes, 1 or more', reason: 'megabytes' };

/** Numbers of a vision event's dialog; each may be empty. */
export const EVENT_NUMBER_RULES = {
  cooldown: { min: 0, wanted: 'a number of seconds, 0 or more', reason: 'cooldown' },
  minConfidence: FRACTION,
  defaultConfidence: FRACTION,
  imageWidth: PIXELS,
  imageHeight: PIXELS,
  sourceWidth: PIXELS,
  sourceHeight: PIXELS,
} satisfies Partial<Record<keyof VisionEventProperties, NumberRule>>;

const SECONDS: NumberRule = { min: 0, wanted: 'a number of seconds, 0 or more', reason: 'seconds' };

/** Numbers of a scene's dialog; each may be empty. */
export const SCENE_NUMBER_RULES = {
  lostAfter: { min: 0, max: 86_400, wanted: 'a number of seconds, up to a day', reason: 'upToADay' },
  stayAfter: SECONDS,
  countStable: SECONDS,
  countEvery: SECONDS,
  minConfidence: FRACTION,
  defaultConfidence: FRACTION,
  imageWidth: PIXELS,
  imageHeight: PIXELS,
  sourceWidth: PIXELS,
  sourceHeight: PIXELS,
} satisfies Partial<Record<keyof VisionEventSceneProperties, NumberRule>>;

/** Numbers of what is done to pictures, of each dialog that has them; each may be empty. */
export const PICTURE_NUMBER_RULES = {
  pictureMaxSide: PIXELS,
  pictureQuality: {
    min: 1,
    max: 100,
    whole: true,
    wanted: 'a whole number from 1 to 100, such as 80',
    reason: 'quality',
  },
  pictureOver: { min: 0, wanted: 'a number of kilobytes, 0 or more', reason: 'kilobytes' },
  hideMargin: { min: 0, max: 100, wanted: 'a number of percent from 0 to 100', reason: 'percent' },
} satisfies Partial<Record<keyof VisionEventProperties, NumberRule>>;

/** Numbers of a workspace's dialog; none may be empty. */
export const WORKSPACE_NUMBER_RULES = {
  timeout: {
    min: 1,
    whole: true,
    wanted: 'a whole number of milliseconds, 1 or more',
    reason: 'milliseconds',
  },
  maxWaiting: COUNT,
  imageMaxMegabytes: MEGABYTES,
  uploadReuseMinutes: { min: 0, wanted: 'a number of minutes, 0 or more', reason: 'minutes' },
  outboxMaxMegabytes: MEGABYTES,
  outboxMaxEvents: COUNT,
  batchSize: {
    ...COUNT,
    max: MAX_BATCH_EVENTS,
    wanted: `a whole number from 1 to ${MAX_BATCH_EVENTS}`,
    reason: 'batchSize',
  },
  batchLinger: {
    min: 0,
    whole: true,
    wanted: 'a whole number of milliseconds, 0 or more',
    reason: 'linger',
  },
} satisfies Partial<Record<keyof WorkspaceProperties, NumberRule>>;

/** Whether nothing was entered. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** Whether a value, a number or its text, is what a rule asks for. */
export function fits(
  value: unknown,
  { min, max, whole }: Pick<NumberRule, 'min' | 'max' | 'whole'>,
): boolean {
  const number = Number(value);
  return number >= min && number <= (max ?? Number.MAX_VALUE) && (!whole || Number.isInteger(number));
}
