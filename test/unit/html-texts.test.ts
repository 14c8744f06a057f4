import assert from 'node:assert/strict';
import {
  EVENT_NUMBER_RULES,
  SCENE_NUMBER_RULES,
  WORKSPACE_NUMBER_RULES,
} from '../../nodes/shared/number-rules';
import { formOf, type Dialog } from '../../scripts/build-dialogs';
import { buildDialogs, readNodesFile, NODE_FOLDERS } from '../support/dialogs';

const types = Object.keys(NODE_FOLDERS);
const read = (type: string, file: string) => readNodesFile(`${NODE_FOLDERS[type]}/${file}`);

/** The catalogue's keys, dotted; JSON.parse would let a key that stands twice pass. */
function keysOf(type: string): string[] {
  const keys: string[] = [];
  const walk = (value: unknown, prefix: string): void => {
    if (typeof value === 'string') keys.push(prefix);
    else
      for (const [key, inner] of Object.entries(value as object))
        walk(inner, prefix ? `${prefix}.${key}` : key);
  };
  walk(JSON.parse(read(type, 'locales/en-US/node.json')), '');
  return keys;
}

/** Parts that dialogs share with their texts: those stand once, in the catalogue of the vision event. */
const SHARED = 'roboflow-vision-event';
const WITH_SHARED_TEXTS = [
  'nodes/editor/format-checks.ts',
  'nodes/editor/format-fields.ts',
  'nodes/editor/live.ts',
  'nodes/editor/use-case-picker.ts',
];
const SHARED_NAMESPACE = `@vision-events/node-red-roboflow/${SHARED}:`;

/** Keys that the dialog's html and scripts name in full. */
function keysNamedIn(type: string, { sources }: Dialog): string[] {
  const sharesTexts = read(type, 'dialog.ts').includes('adminRequests(sharedText)');
  const scripts = sources
    .filter((source) => source.startsWith('nodes/') && source.endsWith('.ts'))
    .filter((source) => !(sharesTexts && WITH_SHARED_TEXTS.includes(source)))
    // Its texts stand in the catalogue of the vision event, whoever shows it.
    .filter((source) => type === 'roboflow-vision-event' || !source.endsWith('/use-case-picker.ts'))
    .map((source) => readNodesFile(source.slice('nodes/'.length)));
  const html = [formOf(NODE_FOLDERS[type]!), read(type, 'dialog.ts'), ...scripts].join('');
  const translated = [...html.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, keys]) => keys?.split(';') ?? []);
  const own = translated
    .map((key) => key.replace(/^\[[\w-]+\]/, ''))
    .filter((key) => !key.startsWith('node-red:'))
    .map((key) => key.replace(SHARED_NAMESPACE, ''));
  const shared = [...html.matchAll(/\bsharedText\('([\w.-]+)'/g)].map(([, key]) => `${SHARED}.${key}`);
  const inScript = [...html.matchAll(/\bt\('([\w.-]+)'/g)].map(([, key]) => `${type}.${key}`);
  return [...new Set([...own, ...shared, ...inScript])];
}

describe('texts of the dialogs', () => {
  let dialogs: Record<string, Dialog>;
  before(async () => {
    dialogs = await buildDialogs();
  });

  for (const [type, rules] of [
    ['roboflow-vision-event', EVENT_NUMBER_RULES],
    ['roboflow-vision-event-workspace', WORKSPACE_NUMBER_RULES],
    ['roboflow-vision-event-scene', SCENE_NUMBER_RULES],
  ] as const) {
    it(`${type}: every number has a reason to show`, () => {
      const keys = [...keysOf(type), ...keysOf(SHARED)];
      for (const { reason } of Object.values(rules))
        assert.ok(
          [type, SHARED].some((one) => keys.includes(`${one}.refusal.${reason}`)),
          reason,
        );
    });
  }

  for (const type of types) {
    it(`${type}: every key that is named exists`, () => {
      const keys = new Set([...keysOf(type), ...keysOf(SHARED)]);
      const named = keysNamedIn(type, dialogs[type]!);
      assert.ok(named.length > 10);
      assert.deepEqual(
        named.filter((key) => !keys.has(key)),
        [],
      );
    });

    it(`${type}: no key stands twice in the catalogue`, () => {
      const lines = read(type, 'locales/en-US/node.json').split('\n');
      const leaves = lines.filter((line) => /^ *"[^"]+": "/.test(line)).length;
      assert.equal(keysOf(type).length, leaves);
    });

    it(`${type}: the help has a first paragraph for the palette, and sections by Node-RED's conventions`, () => {
      const help = read(type, 'locales/en-US/node.html');
      assert.match(help, new RegExp(`^<script type="text/markdown" data-help-name="${type}">\\n[A-Z]`));
      const sections = [...help.matchAll(/^### (.*)$/gm)].map(([, title]) => title);
      const order = ['Inputs', 'Outputs', 'Details', 'References'];
      assert.deepEqual(
        sections,
        order.filter((title) => sections.includes(title)),
      );
      assert.ok(sections.includes('Details'));
    });
  }
});
