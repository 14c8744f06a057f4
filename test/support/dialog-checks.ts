import assert from 'node:assert/strict';
import type { EditorPage } from './editor-page';
import type { NodeSettings } from './flow-of';

/** A node that the runtime would refuse, and the reason that the editor must give. */
export type Refused = [node: NodeSettings, reason: RegExp];

/** The nodes of refusals as `flowOf` takes them. */
export function nodesOf(refused: Record<string, Refused>): Record<string, NodeSettings> {
  return Object.fromEntries(Object.entries(refused).map(([id, [node]]) => [id, node]));
}

/** Each dialog opens without an error, all its texts are translated, and all its fields have names. */
export async function assertOpen(editor: EditorPage, ids: string[]): Promise<void> {
  for (const id of ids) {
    const { type } = await editor.node(id);
    await editor.openDialog(id);
    await editor.openSections(type);
    assertTranslated(await editor.form(type).innerText(), type);
    assert.deepEqual(await editor.nameless(type), [], id);
    await editor.cancelDialogs();
  }
  assert.deepEqual(editor.pageErrors, []);
}

/** No key of the catalogue and no placeholder shows in place of a text. */
export function assertTranslated(text: string, type: string): void {
  assert.doesNotMatch(text, new RegExp(`${type}\\.\\w+|__\\w+__|undefined`));
}

/** The dialog shows the fields of each action, and no field of another. */
export async function assertFieldsOfActions(
  editor: EditorPage,
  id: string,
  fieldsOfAction: Record<string, string[]>,
): Promise<void> {
  await editor.openDialog(id);
  const all = [...new Set(Object.values(fieldsOfAction).flat())];
  for (const [action, fields] of Object.entries(fieldsOfAction)) {
    await editor.page.locator('#node-input-action').selectOption(action);
    assert.deepEqual((await editor.shownFields(all)).sort(), [...fields].sort(), action);
  }
}

/** A red triangle stands exactly where the runtime would refuse, with the reason. */
export async function assertRefusals(
  editor: EditorPage,
  accepted: string[],
  refused: Record<string, Refused>,
): Promise<void> {
  for (const id of accepted) assert.deepEqual((await editor.node(id)).validationErrors, [], id);
  for (const [id, [, reason]] of Object.entries(refused)) {
    const { valid, validationErrors } = await editor.node(id);
    assert.equal(valid, false, id);
    assert.match(validationErrors.join('\n'), reason, id);
  }
}
