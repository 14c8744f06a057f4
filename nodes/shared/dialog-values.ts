import type { Node, NodeAPI } from 'node-red';
import { unsetVariable, variableValue } from './unset-variable';

/**
 * Fills environment variables into texts that a dialog holds, as Node-RED does on a deploy: only where `${NAME}` is the
 * whole text, and a variable that is not set stays as it stands.
 *
 * @param node the deployed node, whose flow and groups may have variables of their own; undefined before the first
 * deploy
 */
export function withVariables<T extends object>(RED: NodeAPI, node: Node | undefined, values: T): T {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]: [string, unknown]) => [name, filled(RED, node, value)]),
  ) as T;
}

/**
 * Of what a dialog sent only what its node type has, and only of the types that it has: the rest of the request is not
 * looked at.
 */
export function knownProperties<Properties extends object>(
  defaults: Properties,
  given: Record<string, unknown>,
): Properties {
  const known = Object.entries(defaults).map(([name, initial]: [string, unknown]) => {
    const own = Object.hasOwn(given, name) ? given[name] : undefined;
    const fits = Array.isArray(initial) ? Array.isArray(own) : typeof own === typeof initial;
    return [name, fits ? own : initial];
  });
  return Object.fromEntries(known) as Properties;
}

function filled(RED: NodeAPI, node: Node | undefined, value: unknown): unknown {
  const variable = unsetVariable(value);
  if (variable === undefined) return value;
  const found = variableValue(RED, node, variable);
  return found === undefined || found === '' ? value : found;
}
