import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { DEFAULTS_BY_TYPE } from '../../nodes/shared/properties';
import { readNodesFile, NODE_FOLDERS, foldersWithDialog, withIncludes } from '../support/dialogs';
import { PROJECT_ROOT } from '../support/packed-package';

interface EditorProperty {
  value: unknown;
  validate?: (value: unknown, options: object) => unknown;
}

interface EditorDefinition {
  category: string;
  icon?: string;
  defaults: Record<string, EditorProperty>;
}

/** What an html file registers, found by running its script as the editor would, with a stand-in for the editor. */
function registeredBy(file: string): Map<string, EditorDefinition> {
  const registered = new Map<string, EditorDefinition>();
  const html = withIncludes(readNodesFile(file));
  for (const [, script] of html.matchAll(/<script type="text\/javascript">(.*?)<\/script>/gs)) {
    const RED = {
      _: (key: string) => key,
      nodes: {
        registerType: (type: string, definition: EditorDefinition) => registered.set(type, definition),
      },
    };
    vm.runInNewContext(script ?? '', { RED, console });
  }
  return registered;
}

describe('defaults of the dialogs', () => {
  it('are those of the node types, and each type has one', () => {
    assert.deepEqual(foldersWithDialog().sort(), Object.values(NODE_FOLDERS).sort());
    assert.deepEqual(Object.keys(NODE_FOLDERS).sort(), Object.keys(DEFAULTS_BY_TYPE).sort());
  });

  for (const [type, declared] of Object.entries(DEFAULTS_BY_TYPE)) {
    describe(type, () => {
      const file = `${NODE_FOLDERS[type]}/dialog.html`;

      it('registers the node type of its name, literally', () => {
        assert.deepEqual([...registeredBy(file).keys()], [type]);
        assert.match(readNodesFile(file), new RegExp(`registerType\\('${type}', \\{`));
      });

      it('has the properties and defaults of the runtime', () => {
        const inEditor = Object.fromEntries(
          Object.entries(registeredBy(file).get(type)?.defaults ?? {}).map(([name, { value }]) => [
            name,
            value,
          ]),
        );
        assert.deepEqual(structuredClone(inEditor), declared);
      });

      it('has validators that may give a reason: exactly two parameters', () => {
        for (const [name, { validate }] of Object.entries(registeredBy(file).get(type)?.defaults ?? {})) {
          if (validate) assert.equal(validate.length, 2, name);
        }
      });

      it('has an icon that exists', () => {
        const icon = registeredBy(file).get(type)?.icon;
        assert.ok(icon && readdirSync(path.join(PROJECT_ROOT, 'icons')).includes(icon), icon);
      });
    });
  }
});
