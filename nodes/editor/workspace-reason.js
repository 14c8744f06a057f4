/**
 * The reason why the runtime could not use the workspace that a node's dialog chose, or undefined.
 *
 * @param {{isNeeded: boolean}} options false where nothing is sent: the workspace then only names the device, and may be missing
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventWorkspaceReason(id, t, { isNeeded } = { isNeeded: true }) {
  // `_ADD_` is what Node-RED's list of config nodes holds while none is chosen.
  if (!id || id === '_ADD_') return isNeeded ? t('refusal.workspaceMissing') : undefined;
  const workspace = RED.nodes.node(id);
  if (!workspace || workspace.d) return t('refusal.workspaceGone');
  return isNeeded && workspace.valid === false ? t('refusal.workspaceInvalid') : undefined;
}
