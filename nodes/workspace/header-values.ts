import type { Node, NodeAPI } from 'node-red';
import { secretsOf } from '../../src/api/gateway';
import { FlowError } from '../shared/flow-error';
import { VARIABLE_IN_TEXT, variableNotSet, variableValue } from '../shared/unset-variable';
import { headerNames } from './header-names';

/**
 * The extra headers of a workspace.
 *
 * @param node the deployed node, whose flow and groups may have variables of their own; undefined before the first
 * deploy
 * @param names comma separated
 * @param values JSON, by name; letter case of the names does not matter
 * @throws FlowError `NOT_CONFIGURED` for a name without a value, values that are not JSON, or a variable that is not
 * set
 */
export function extraHeaders(
  RED: NodeAPI,
  node: Node | undefined,
  names: string | undefined,
  values: string | undefined,
): Record<string, string> {
  const wanted = headerNames(names);
  if (wanted.length === 0) return {};
  const given = valuesByName(values);
  return Object.fromEntries(
    wanted.map((name) => {
      const value = given.get(name.toLowerCase());
      if (value === undefined || value.trim() === '') throw withoutValue(name);
      return [name, withVariables(RED, node, value, name)];
    }),
  );
}

/** Every text that the values hold, as they stand and with their variables filled in: to strike them out. */
export function headerSecrets(RED: NodeAPI, node: Node | undefined, values: string | undefined): string[] {
  let given: Map<string, string>;
  try {
    given = valuesByName(values);
  } catch {
    return values === undefined ? [] : [values];
  }
  const filled = (value: string) =>
    value.replace(VARIABLE_IN_TEXT, (whole, name: string) => variable(RED, node, name) ?? whole);
  return secretsOf([...given.values()].map(filled));
}

function valuesByName(text: string | undefined): Map<string, string> {
  if (text === undefined || text.trim() === '') return new Map();
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    // said below, without the text: it is a secret
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new FlowError(
      'NOT_CONFIGURED',
      'The values of the headers cannot be read. Open the workspace and enter them again.',
    );
  }
  return new Map(Object.entries(values).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function withVariables(RED: NodeAPI, node: Node | undefined, value: string, header: string): string {
  return value.replace(VARIABLE_IN_TEXT, (_, name: string) => {
    const found = variable(RED, node, name);
    if (found !== undefined) return found;
    throw variableNotSet(name, `the header ${header} of the workspace`);
  });
}

function variable(RED: NodeAPI, node: Node | undefined, name: string): string | undefined {
  const found = variableValue(RED, node, name);
  return ['string', 'number', 'boolean'].includes(typeof found) && found !== ''
    ? `${found as string}`
    : undefined;
}

function withoutValue(name: string): FlowError {
  return new FlowError(
    'NOT_CONFIGURED',
    `The header ${name} has no value. Open the workspace and enter one. (Exported flows never carry the values.)`,
    { short: { key: 'noHeaderValue', values: { name } } },
  );
}
