import type { NodeAPI } from 'node-red';

/**
 * `visionEvents: { keepLastMessages: false }` in settings.js: the runtime keeps no message and no event for the editor.
 */
export function keepsNothing(RED: NodeAPI): boolean {
  const { visionEvents } = RED.settings as { visionEvents?: { keepLastMessages?: unknown } };
  return visionEvents?.keepLastMessages === false;
}
