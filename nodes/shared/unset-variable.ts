import type { Node, NodeAPI } from 'node-red';
import { FlowError } from './flow-error';

/** Node-RED substitutes `${NAME}` only when it is the whole string, and leaves it as it is when NAME is not set. */
const WHOLE_STRING_VARIABLE = /^\$\{([^}\s]+)\}$/;

/** A variable anywhere in a text. */
export const VARIABLE_IN_TEXT = /\$\{([^}\s]+)\}/g;

/**
 * What a variable holds.
 *
 * @param node the deployed node, whose flow and groups may have variables of their own; undefined before the first
 * deploy
 */
export function variableValue(RED: NodeAPI, node: Node | undefined, name: string): unknown {
  return node ? RED.util.getSetting(node, name) : process.env[name];
}

/** The name of the environment variable that `value` still refers to, or undefined when there is none. */
export function unsetVariable(value: unknown): string | undefined {
  return typeof value === 'string' ? WHOLE_STRING_VARIABLE.exec(value.trim())?.[1] : undefined;
}

/**
 * A text with the variables in it filled in.
 *
 * @param setting see `variableNotSet`
 * @throws FlowError `NOT_CONFIGURED` for the first variable that is not set or empty
 */
export function fillVariables(
  RED: NodeAPI,
  node: Node | undefined,
  text: string,
  setting: () => string,
): string {
  return text.replace(VARIABLE_IN_TEXT, (_, name: string) => {
    const value = variableValue(RED, node, name);
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return `${value}`;
    throw variableNotSet(name, setting());
  });
}

/**
 * The error of a setting that still refers to a variable.
 *
 * @param setting as a sentence names it: `the field "Use case"`
 */
export function variableNotSet(variable: string, setting: string): FlowError {
  return new FlowError(
    'NOT_CONFIGURED',
    `Set the environment variable ${variable} where Node-RED starts, or enter a value: ${setting} refers to it, and it is not set or empty.`,
    { short: { key: 'variableNotSet', values: { name: variable } } },
  );
}
