import path from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import { resolveUserPath } from '../../src/images/from-file';
import { fieldLabels } from '../shared/field-label';
import { FlowError } from '../shared/flow-error';
import { fillVariables } from '../shared/unset-variable';

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
  const setting = () => `the field "${fieldLabels(RED, node.type)('outboxDir')}"`;
  try {
    return { path: resolveUserPath(fillVariables(RED, node, text, setting), userDir) };
  } catch (error) {
    if (error instanceof FlowError) return { typed: text, error };
    throw error;
  }
}
