import type { Node, NodeAPI } from 'node-red';
import { unsetVariable, variableValue } from './unset-variable';

/**
 * Fills environment variables into texts that a dialog holds, as Node-RED does on a deploy: only where `${NAME}` is the whole text,
 * and a variable that is not set stays as it stands.
 *
 * @param node the deployed node, whose flow and groups may have variables of their own; undefined before the first deploy
 */
export function withVariables<T extends object>(RED: NodeAPI, node: Node | undefined, values: T): T {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]: [string, unknown]) => [name, filled(RED, node, value)]),
  ) as T;
}

function filled(RED: NodeAPI, node: Node | undefined, value: unknown): unknown {
  const variable = unsetVariable(value);
  if (variable === undefined) return value;
  const found = variableValue(RED, node, variable);
  return found === undefined || found === '' ? value : found;
}
