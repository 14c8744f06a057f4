import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import * as properties from '../../nodes/properties';

const nodesFolder = path.join(__dirname, '../../nodes');

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
  const html = readFileSync(path.join(nodesFolder, file), 'utf8').replace(
    /^ *\/\/ @include (\S+)$/gm,
    (_line, included: string) => readFileSync(path.join(nodesFolder, included), 'utf8'),
  );
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

/** `vision-event-use-case` is declared as `visionEventUseCaseDefaults`, the first node as `workspaceDefaults`. */
function declaredDefaults(type: string): Record<string, unknown> | undefined {
  const camelCase = type.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
  const short = camelCase.replace(/^visionEvent(?=.)/, '');
  const names = [camelCase, short.charAt(0).toLowerCase() + short.slice(1)].map((name) => `${name}Defaults`);
  const declared = properties as Record<string, unknown>;
  const name = names.find((candidate) => candidate in declared);
  return name === undefined ? undefined : (declared[name] as Record<string, unknown>);
}

const htmlFiles = readdirSync(nodesFolder).filter((name) => name.endsWith('.html'));

describe('defaults of the dialogs', () => {
  it('finds the html files', () => {
    assert.ok(htmlFiles.includes('vision-event.html'));
    assert.ok(htmlFiles.includes('vision-event-workspace.html'));
  });

  for (const file of htmlFiles) {
    describe(file, () => {
      const type = path.basename(file, '.html');

      it('registers the node type of its name, literally', () => {
        assert.deepEqual([...registeredBy(file).keys()], [type]);
        assert.match(
          readFileSync(path.join(nodesFolder, file), 'utf8'),
          new RegExp(`registerType\\('${type}', \\{`),
        );
      });

      it('has the properties and defaults of nodes/properties.ts', () => {
        const declared = declaredDefaults(type);
        assert.ok(declared, `nodes/properties.ts declares no defaults for ${type}`);
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
        assert.ok(icon && readdirSync(path.join(nodesFolder, '../icons')).includes(icon), icon);
      });
    });
  }
});
