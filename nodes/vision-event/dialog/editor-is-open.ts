import type { AdminRequests } from '../../editor/live';

/** Well within the time for which the runtime keeps messages after an editor was there. */
const EVERY_MS = 4 * 60_000;

/**
 * The runtime keeps the last message of a node only while an editor is open or was lately. Call once, when the editor
 * loads.
 */
export function sayThatEditorIsOpen(admin: AdminRequests): void {
  const say = () => void admin.get('editor').catch(() => undefined);
  say();
  setInterval(say, EVERY_MS);
}
