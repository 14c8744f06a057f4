import { PICTURE_MAX_SIDE } from '../../src/images/limits';
import type { VisionEventProperties, VisionEventSceneProperties, WorkspaceProperties } from './properties';
import type { LabelOf } from './field-label';
import { FlowError } from './flow-error';
import { takesList } from './picture-inputs';
import { wrongInput } from './text-input';
import { unsetVariable, variableNotSet } from './unset-variable';

interface NumberRule {
  min: number;
  max?: number;
  whole?: boolean;
  /** what to enter */
  wanted: string;
}

const FRACTION: NumberRule = { min: 0, max: 1, wanted: 'a number from 0 to 1, such as 0.5' };
const PIXELS: NumberRule = { min: 1, max: PICTURE_MAX_SIDE, whole: true, wanted: 'a whole number of pixels' };
const SECONDS: NumberRule = { min: 0, wanted: 'a number of seconds, 0 or more' };
const COUNT: NumberRule = { min: 1, whole: true, wanted: 'a whole number, 1 or more' };
const MILLISECONDS: NumberRule = { min: 0, whole: true, wanted: 'a whole number of milliseconds, 0 or more' };
const MEGABYTES: NumberRule = { min: 1, wanted: 'a number of megabytes, 1 or more' };

const WORKSPACE_RULES: Partial<Record<keyof WorkspaceProperties, NumberRule>> = {
  timeout: { ...MILLISECONDS, min: 1, wanted: 'a whole number of milliseconds, 1 or more' },
  maxWaiting: COUNT,
  imageMaxMegabytes: MEGABYTES,
  uploadReuseMinutes: { min: 0, wanted: 'a number of minutes, 0 or more' },
  outboxMaxMegabytes: MEGABYTES,
  outboxMaxEvents: COUNT,
  batchSize: { ...COUNT, max: 100, wanted: 'a whole number from 1 to 100' },
  batchLinger: MILLISECONDS,
};

/**
 * The first number of the event's dialog that cannot be used, as the dialog itself marks it, or undefined. Passed over in silence, a
 * wrong limit would let everything through, or nothing.
 */
export function eventSettingsError(config: VisionEventProperties, labelOf: LabelOf): FlowError | undefined {
  const error = (property: keyof VisionEventProperties, rule: NumberRule) =>
    numberError(config[property], labelOf(property), rule);
  return (
    error('cooldown', SECONDS) ??
    (config.detectionsType === 'none' && !takesList(config)
      ? undefined
      : (error('minConfidence', FRACTION) ??
        error('defaultConfidence', FRACTION) ??
        error('imageWidth', PIXELS) ??
        error('imageHeight', PIXELS) ??
        error('sourceWidth', PIXELS) ??
        error('sourceHeight', PIXELS) ??
        sizeError(config, 'imageWidth', 'imageHeight', labelOf('imageSize')) ??
        sizeError(config, 'sourceWidth', 'sourceHeight', labelOf('sourceSize'))))
  );
}

const SCENE_RULES: Partial<Record<keyof VisionEventSceneProperties, NumberRule>> = {
  lostAfter: { ...SECONDS, max: 86_400, wanted: 'a number of seconds, up to a day' },
  stayAfter: SECONDS,
  countStable: SECONDS,
  countEvery: SECONDS,
  minConfidence: FRACTION,
  defaultConfidence: FRACTION,
  imageWidth: PIXELS,
  imageHeight: PIXELS,
  sourceWidth: PIXELS,
  sourceHeight: PIXELS,
};

/** The first number of the scene's dialog that cannot be used, or undefined. */
export function sceneSettingsError(
  config: VisionEventSceneProperties,
  labelOf: LabelOf,
): FlowError | undefined {
  for (const [property, rule] of Object.entries(SCENE_RULES)) {
    const error = numberError(config[property as keyof VisionEventSceneProperties], labelOf(property), rule);
    if (error) return error;
  }
  return undefined;
}

/** The first number of the workspace's dialog that is missing or cannot be used, or undefined. */
export function workspaceSettingsError(config: WorkspaceProperties, labelOf: LabelOf): FlowError | undefined {
  for (const [property, rule] of Object.entries(WORKSPACE_RULES)) {
    const value = config[property as keyof WorkspaceProperties];
    const label = labelOf(property);
    const error = isEmpty(value)
      ? wrongNumber(label, '', rule, ' of the workspace')
      : numberError(value, label, rule, ' of the workspace');
    if (error) return new FlowError('NOT_CONFIGURED', error.message, { short: error.short });
  }
  return undefined;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function numberError(value: unknown, label: string, rule: NumberRule, place = ''): FlowError | undefined {
  if (isEmpty(value)) return undefined;
  const variable = unsetVariable(value);
  if (variable !== undefined) return variableNotSet(variable, label);
  const number = Number(value);
  const fits = number >= rule.min && number <= (rule.max ?? Number.MAX_VALUE);
  return fits && (!rule.whole || Number.isInteger(number))
    ? undefined
    : wrongNumber(label, String(value), rule, place);
}

function wrongNumber(label: string, found: string, { wanted }: NumberRule, place: string): FlowError {
  const holds = found === '' ? 'is empty' : `holds "${found.slice(0, 40)}"`;
  return wrongInput(label, `The setting "${label}"${place} ${holds}. Enter ${wanted}.`);
}

function sizeError(
  config: VisionEventProperties,
  width: keyof VisionEventProperties,
  height: keyof VisionEventProperties,
  label: string,
): FlowError | undefined {
  if (isEmpty(config[width]) === isEmpty(config[height])) return undefined;
  return wrongInput(
    label,
    `The setting "${label}" holds one number only. Enter width and height, or neither.`,
  );
}
