import type { Node, NodeAPI } from 'node-red';
import { fieldLabels } from './field-label';
import { FlowError } from './flow-error';
import type { FlowMessage } from './guarded-input';
import { unsetVariable, variableNotSet } from './unset-variable';

type Evaluate = (message: FlowMessage) => Promise<unknown>;

/** Types that a property may have beside those evaluated here; their meaning is the property's own. */
const TYPES_WITHOUT_VALUE: ReadonlySet<string> = new Set(['none', 'uuid', 'now']);

function evaluateProperty(RED: NodeAPI, node: Node, message: FlowMessage, value: string, type: string) {
  return new Promise<unknown>((resolve, reject) => {
    RED.util.evaluateNodeProperty(value, type, node, message, (error: Error | null, result: unknown) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}

/** A JSONata expression is compiled once; a faulty one fails each message, not the deploy. */
function evaluateJsonata(RED: NodeAPI, node: Node, expression: string): Evaluate {
  let compiled: ReturnType<NodeAPI['util']['prepareJSONataExpression']> | undefined;
  return (message) =>
    new Promise((resolve, reject) => {
      compiled ??= RED.util.prepareJSONataExpression(expression, node);
      RED.util.evaluateJSONataExpression(compiled, message, (error: Error | null, result: unknown) => {
        if (error) reject(error);
        else resolve(result);
      });
    });
}

function evaluator(RED: NodeAPI, node: Node, field: string, value: string, type: string): Evaluate {
  switch (type) {
    case 'jsonata':
      return evaluateJsonata(RED, node, value);
    case 'str': {
      const variable = unsetVariable(value);
      if (variable === undefined) return () => Promise.resolve(value === '' ? undefined : value);
      return () => {
        throw variableNotSet(variable, field);
      };
    }
    case 'num':
      return () => Promise.resolve(value.trim() === '' ? undefined : Number(value));
    case 'env':
      return async (message) => {
        const result = await evaluateProperty(RED, node, message, value, type);
        if (result !== undefined && result !== '') return result;
        throw new FlowError(
          'NOT_CONFIGURED',
          `The environment variable ${value}, named in the field "${field}", is not set or empty.`,
          { short: { key: 'variableNotSet', values: { name: value } } },
        );
      };
    default:
      return (message) => evaluateProperty(RED, node, message, value, type);
  }
}

/**
 * Prepares one typed input of a node's dialog.
 *
 * @param field the property's name; error texts call it as the dialog does
 * @returns a function from the message to the value; undefined when the input is empty, has a type without a value
 * (`none`, `uuid`, `now`) or names a message or context property that does not exist. It rejects with a
 * `FlowError`: `NOT_CONFIGURED` for an environment variable that is not set, `EVENT_INVALID` for broken JSON or
 * a JSONata expression that fails.
 */
export function typedInput(RED: NodeAPI, node: Node, field: string, value: unknown, type: string): Evaluate {
  if (TYPES_WITHOUT_VALUE.has(type)) return () => Promise.resolve(undefined);
  const text = typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value);
  if (text === '' && type !== 'str') return () => Promise.resolve(undefined);
  const label = fieldLabels(RED, node.type)(field);
  const evaluate = evaluator(RED, node, label, text, type);
  return async (message) => {
    try {
      return await evaluate(message);
    } catch (error) {
      if (error instanceof FlowError) throw error;
      const reason =
        error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error);
      throw new FlowError(
        'EVENT_INVALID',
        `The field "${label}" (${type}) could not be evaluated: ${reason}`,
        { short: { key: 'wrongInput', values: { field: label } } },
      );
    }
  };
}
