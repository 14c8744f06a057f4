import { NO_CONFIG_NODE, type Text } from './form';

/**
 * The reason why the runtime could not use the workspace that a node's dialog chose, or undefined.
 *
 * @param options `isNeeded` is false where nothing is sent: the workspace then only names the device, and may be
 * missing
 */
export function workspaceReason(id: unknown, t: Text, { isNeeded } = { isNeeded: true }): string | undefined {
  if (!id || id === NO_CONFIG_NODE) return isNeeded ? t('refusal.workspaceMissing') : undefined;
  const workspace = RED.nodes.node(String(id));
  if (!workspace || workspace.d) return t('refusal.workspaceGone');
  return isNeeded && workspace.valid === false ? t('refusal.workspaceInvalid') : undefined;
}
