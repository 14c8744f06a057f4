import type { VisionEventProperties, VisionEventSceneProperties, WorkspaceProperties } from './properties';
import type { LabelOf } from './field-label';
import { FlowError } from './flow-error';
import {
  EVENT_NUMBER_RULES,
  fits,
  isEmpty,
  PICTURE_NUMBER_RULES,
  SCENE_NUMBER_RULES,
  WORKSPACE_NUMBER_RULES,
  type NumberRule,
} from './number-rules';
import { DRAWN, takesList } from './picture-inputs';
import { wrongInput } from './text-input';
import { unsetVariable, variableNotSet } from './unset-variable';

/**
 * The first number of the event's dialog that cannot be used, as the dialog itself marks it, or undefined. Passed over
 * in silence, a wrong limit would let everything through, or nothing.
 */
export function eventSettingsError(config: VisionEventProperties, labelOf: LabelOf): FlowError | undefined {
  const error = (property: keyof typeof EVENT_NUMBER_RULES) =>
    numberError(config[property], labelOf(property), EVENT_NUMBER_RULES[property]);
  return (
    error('cooldown') ??
    pictureSettingsError(config, labelOf) ??
    (config.detectionsType === 'none' && !takesList(config)
      ? undefined
      : (error('minConfidence') ??
        error('defaultConfidence') ??
        error('imageWidth') ??
        error('imageHeight') ??
        error('sourceWidth') ??
        error('sourceHeight') ??
        sizeError(config, 'imageWidth', 'imageHeight', labelOf('imageSize')) ??
        sizeError(config, 'sourceWidth', 'sourceHeight', labelOf('sourceSize'))))
  );
}

/** The first number of the scene's dialog that cannot be used, or undefined. */
export function sceneSettingsError(
  config: VisionEventSceneProperties,
  labelOf: LabelOf,
): FlowError | undefined {
  for (const [property, rule] of Object.entries<NumberRule>(SCENE_NUMBER_RULES)) {
    const error = numberError(config[property as keyof VisionEventSceneProperties], labelOf(property), rule);
    if (error) return error;
  }
  return undefined;
}

/** The first setting of what is done to pictures that cannot be used, or undefined. */
export function pictureSettingsError(config: object, labelOf: LabelOf): FlowError | undefined {
  const { outputImageType, inputImageType = 'none' } = config as Partial<VisionEventProperties>;
  if (outputImageType === DRAWN && inputImageType === 'none' && !takesList(config)) {
    const label = labelOf('inputImage');
    return wrongInput(label, `Choose where the "${label}" is: the output picture is drawn on it.`);
  }
  for (const [property, rule] of Object.entries<NumberRule>(PICTURE_NUMBER_RULES)) {
    const value = (config as Record<string, unknown>)[property];
    const error = numberError(value, labelOf(property), rule);
    if (error) return error;
  }
  return undefined;
}

/** The first number of the workspace's dialog that is missing or cannot be used, or undefined. */
export function workspaceSettingsError(config: WorkspaceProperties, labelOf: LabelOf): FlowError | undefined {
  for (const [property, rule] of Object.entries<NumberRule>(WORKSPACE_NUMBER_RULES)) {
    const value = config[property as keyof WorkspaceProperties];
    const label = labelOf(property);
    const error = isEmpty(value)
      ? wrongNumber(label, '', rule, ' of the workspace')
      : numberError(value, label, rule, ' of the workspace');
    if (error) return new FlowError('NOT_CONFIGURED', error.message, { short: error.short });
  }
  return undefined;
}

function numberError(value: unknown, label: string, rule: NumberRule, place = ''): FlowError | undefined {
  if (isEmpty(value)) return undefined;
  const variable = unsetVariable(value);
  if (variable !== undefined) return variableNotSet(variable, `the field "${label}"`);
  return fits(value, rule) ? undefined : wrongNumber(label, String(value), rule, place);
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
