import path from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import { resolveUserPath } from '../../src/images/from-file';
import { fieldLabels } from '../shared/field-label';
import { FlowError } from '../shared/flow-error';
import { VARIABLE_IN_TEXT, variableNotSet, variableValue } from '../shared/unset-variable';

/** Where the outbox of a workspace lies: an absolute path, or why there is none. */
export type OutboxFolder = { path: string } | { typed: string; error: FlowError };

/**
 * The folder that a workspace's dialog names; without one, a folder of its own in the user directory, where a relative
 * path starts too. Variables may stand anywhere in the text, because replicas share one flow: with an empty one they
 * would share one folder as well.
 */
export function outboxFolder(RED: NodeAPI, node: Node, typed: string | undefined): OutboxFolder {
  const userDir = RED.settings.userDir ?? process.cwd();
  const text = typed?.trim();
  if (!text) return { path: path.join(userDir, 'vision-events', node.id) };
  let error: FlowError | undefined;
  const filled = text.replace(VARIABLE_IN_TEXT, (_, name: string) => {
    const value = variableValue(RED, node, name);
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return `${value}`;
    error ??= variableNotSet(name, `the field "${fieldLabels(RED, node.type)('outboxDir')}"`);
    return '';
  });
  return error ? { typed: text, error } : { path: resolveUserPath(filled, userDir) };
}
