import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { DEFAULTS_BY_TYPE } from '../../nodes/shared/properties';
import { foldersWithDialog, formOf, type Dialog } from '../../scripts/build-dialogs';
import { buildDialogs, NODE_FOLDERS } from '../support/dialogs';
import { PROJECT_ROOT } from '../support/packed-package';

interface EditorProperty {
  value: unknown;
  validate?: (value: unknown, options: object) => unknown;
}

interface EditorDefinition {
  icon?: string;
  defaults: Record<string, EditorProperty>;
}

/** The editor loads all of them at its start; the sidebar, which the workspace brings along, is 40 of them. */
const MOST_KILOBYTES = 620;

/** What of the runtime's own the editor may have: what knows neither Node.js nor Node-RED. */
const SHARED_WITH_RUNTIME = [
  /^src\/(event|detections|images)\//,
  /^src\/json-object\.ts$/,
  /^src\/api\/(header-name|limits|query|query-time)\.ts$/,
  /^src\/bundle\/is-name-pattern\.ts$/,
  /^src\/delivery\/defaults\.ts$/,
  /^src\/scene\/(confirmation|types)\.ts$/,
  /^nodes\/shared\/(number-rules|properties|status-key|workspace-label)\.ts$/,
  /^nodes\/workspace\/header-names\.ts$/,
];

/** What a dialog registers, found by running its script as the editor would, with a stand-in for the editor. */
function registeredBy({ html }: Dialog): Map<string, EditorDefinition> {
  const registered = new Map<string, EditorDefinition>();
  const RED = {
    _: (key: string) => key,
    nodes: {
      registerType: (type: string, definition: EditorDefinition) => registered.set(type, definition),
    },
  };
  for (const [, script] of html.matchAll(/<script type="text\/javascript">(.*?)<\/script>/gs))
    vm.runInNewContext(script ?? '', {
      RED,
      console,
      setInterval: () => 0,
      document: {},
      $: () => ({ on: () => undefined }),
    });
  return registered;
}

describe('the built dialogs', () => {
  let dialogs: Record<string, Dialog>;
  before(async () => {
    dialogs = await buildDialogs();
  });

  it('are one for each node type', () => {
    assert.deepEqual(foldersWithDialog().sort(), Object.values(NODE_FOLDERS).sort());
    assert.deepEqual(Object.keys(NODE_FOLDERS).sort(), Object.keys(DEFAULTS_BY_TYPE).sort());
  });

  it(`have at most ${MOST_KILOBYTES} kB together`, () => {
    const kilobytes =
      Object.values(dialogs).reduce((sum, { html }) => sum + Buffer.byteLength(html), 0) / 1000;
    assert.ok(kilobytes <= MOST_KILOBYTES, `${kilobytes.toFixed(0)} kB`);
  });

  for (const [type, defaults] of Object.entries(DEFAULTS_BY_TYPE)) {
    describe(type, () => {
      const folder = NODE_FOLDERS[type]!;
      const definition = () => registeredBy(dialogs[type]!).get(type)!;

      it('registers the node type of its name, literally', () => {
        assert.deepEqual([...registeredBy(dialogs[type]!).keys()], [type]);
        assert.match(dialogs[type]!.html, new RegExp(`registerType\\("${type}", \\{`));
      });

      it('has the properties and defaults of the runtime', () => {
        const shown = Object.entries(definition().defaults).map(([name, { value }]) => [name, value]);
        assert.deepEqual(structuredClone(Object.fromEntries(shown)), defaults);
      });

      it('has validators that may give a reason: exactly two parameters', () => {
        const validators = Object.entries(definition().defaults).filter(([, { validate }]) => validate);
        assert.ok(validators.length > 0);
        for (const [name, { validate }] of validators) assert.equal(validate!.length, 2, name);
      });

      it('has an icon that exists', () => {
        const { icon } = definition();
        assert.ok(icon && readdirSync(path.join(PROJECT_ROOT, 'icons')).includes(icon), icon);
      });

      it('brings no package and nothing that only the runtime needs', () => {
        const own = new RegExp(
          `^nodes/(editor|${folder}/dialog)/|^nodes/${folder}/dialog\\.ts$|^derived:|^<stdin>$`,
        );
        const { sources } = dialogs[type]!;
        assert.ok(sources.includes('nodes/editor/form.ts'), sources.join('\n'));
        assert.deepEqual(
          sources.filter((source) => ![own, ...SHARED_WITH_RUNTIME].some((allowed) => allowed.test(source))),
          [],
        );
        assert.doesNotMatch(dialogs[type]!.html, /\b(zod|axios)\b/i);
      });

      it('has a row for each property', () => {
        const form = formOf(folder);
        const missing = Object.keys(defaults).filter(
          (name) => !new RegExp(`id="node-(config-)?input-${name}"|data-property="${name}"`).test(form),
        );
        assert.deepEqual(missing, []);
      });
    });
  }
});
