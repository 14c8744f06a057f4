import type { Node, NodeAPI } from 'node-red';
import { fieldLabels } from './field-label';
import { FlowError } from './flow-error';
import type { FlowMessage } from './guarded-input';
import { unsetVariable, variableNotSet } from './unset-variable';

/**
 * The value of a typed input for a message, or a promise of it: only context stores and JSONata have to be waited for.
 * In a burst every message that waits is one more in memory, so what is known at once is answered at once.
 */
export type Evaluate = (message: FlowMessage) => unknown;

/** Types that a property may have beside those evaluated here; their meaning is the property's own. */
const TYPES_WITHOUT_VALUE: ReadonlySet<string> = new Set(['none', 'uuid', 'now']);

/** A context store may be asynchronous. */
function evaluateContext(RED: NodeAPI, node: Node, value: string, type: string): Evaluate {
  return (message) =>
    new Promise<unknown>((resolve, reject) => {
      RED.util.evaluateNodeProperty(value, type, node, message, (error: Error | null, result: unknown) => {
        if (error) reject(error);
        else resolve(result);
      });
    });
}

/** A JSONata expression is compiled once; an invalid one fails each message, not the deploy. */
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

function evaluateText(label: string, value: string): Evaluate {
  const variable = unsetVariable(value);
  const text = value === '' ? undefined : value;
  if (variable === undefined) return () => text;
  return () => {
    throw variableNotSet(variable, `the field "${label}"`);
  };
}

function evaluateVariable(RED: NodeAPI, node: Node, label: string, value: string): Evaluate {
  return (message) => {
    const result: unknown = RED.util.evaluateNodeProperty(value, 'env', node, message);
    if (result !== undefined && result !== '') return result;
    throw variableNotSet(value, `the field "${label}"`);
  };
}

function evaluator(RED: NodeAPI, node: Node, label: string, value: string, type: string): Evaluate {
  switch (type) {
    case 'jsonata':
      return evaluateJsonata(RED, node, value);
    case 'str':
      return evaluateText(label, value);
    case 'num': {
      const number = value.trim() === '' ? undefined : Number(value);
      return () => number;
    }
    case 'env':
      return evaluateVariable(RED, node, label, value);
    case 'flow':
    case 'global':
      return evaluateContext(RED, node, value, type);
    default:
      return (message): unknown => RED.util.evaluateNodeProperty(value, type, node, message);
  }
}

/**
 * Prepares one typed input of a node's dialog.
 *
 * @param field the property's name; error texts call it as the dialog does
 * @returns a function from the message to the value; undefined when the input is empty, has a type without a value
 * (`none`, `uuid`, `now`) or names a message or context property that does not exist. It throws (or its promise rejects
 * with) a `FlowError`: `NOT_CONFIGURED` for an environment variable that is not set, `EVENT_INVALID` for broken JSON or
 * a JSONata expression that fails.
 */
export function typedInput(RED: NodeAPI, node: Node, field: string, value: unknown, type: string): Evaluate {
  if (TYPES_WITHOUT_VALUE.has(type)) return () => undefined;
  const text = typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value);
  if (text === '' && type !== 'str') return () => undefined;
  const label = fieldLabels(RED, node.type)(field);
  const evaluate = evaluator(RED, node, label, text, type);
  const fail = (error: unknown): never => {
    throw error instanceof FlowError ? error : cannotBeEvaluated(label, type, error);
  };
  return (message) => {
    try {
      const result = evaluate(message);
      return isPromise(result) ? result.then(undefined, fail) : result;
    } catch (error) {
      return fail(error);
    }
  };
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

function cannotBeEvaluated(label: string, type: string, error: unknown): FlowError {
  const reason =
    error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error);
  return new FlowError('EVENT_INVALID', `The field "${label}" (${type}) could not be evaluated: ${reason}`, {
    short: { key: 'wrongInput', values: { field: label } },
  });
}
