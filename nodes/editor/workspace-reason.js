/** The reason why the runtime could not use the workspace that a node's dialog chose, or undefined. */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventWorkspaceReason(id, t) {
  // `_ADD_` is what Node-RED's list of config nodes holds while none is chosen.
  if (!id || id === '_ADD_') return t('refusal.workspaceMissing');
  const workspace = RED.nodes.node(id);
  if (!workspace || workspace.d) return t('refusal.workspaceGone');
  return workspace.valid === false ? t('refusal.workspaceInvalid') : undefined;
}
