import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, type CallExpression, type Node, type ObjectExpression } from 'acorn';
import { satisfies, subset } from 'semver';
import { foldersWithDialog, type Dialog } from '../../scripts/build-dialogs';
import { buildDialogs, readNodesFile, NODE_FOLDERS } from '../support/dialogs';
import { PROJECT_ROOT } from '../support/packed-package';

/**
 * The rules by which the flow library scores a package (`node-red-dev validate`), each under its number, and what the
 * palette manager asks beside them. The tool itself needs the open net; left out are the rules that only it can answer:
 * other packages with our name or node types (P08, N01 in part) and newer releases of the dependencies (D03).
 */

const NODE_RED_RELEASES = ['4.0.0', '4.1.0', '5.0.0'];
const OLDEST_NODE = '20.0.0';
/** The oldest Node.js of the newest Node-RED: P07. */
const NODE_OF_NODE_RED_5 = '22.9.0';
/**
 * The scorecard remarks on more than six. Each of ours has a decision record or replaces a good deal of code of our
 * own.
 */
const MOST_DEPENDENCIES = 8;
const CATEGORY = 'Roboflow';
const HELP_SECTIONS = ['Inputs', 'Outputs', 'Details', 'References'];
/** A config node gets and passes on no messages. */
const CONFIG_HELP_SECTIONS = ['Details', 'References'];
/** Packages that fetch or build a binary, at installation or later. */
const NATIVE_HELPERS = [
  'bindings',
  'nan',
  'node-addon-api',
  'node-gyp-build',
  'node-pre-gyp',
  '@mapbox/node-pre-gyp',
  'prebuild-install',
];

interface Manifest {
  name: string;
  version: string;
  license?: string;
  repository?: unknown;
  bugs?: unknown;
  keywords?: string[];
  engines?: { node?: string };
  scripts?: Record<string, string>;
  gypfile?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  'node-red'?: { version?: string; nodes: Record<string, string> };
}

interface Registration {
  type: string;
  category: string;
  icon: string;
}

const readJson = <T>(...parts: string[]): T =>
  JSON.parse(readFileSync(path.join(PROJECT_ROOT, ...parts), 'utf8')) as T;

const manifest = readJson<Manifest>('package.json');
const sets = manifest['node-red']?.nodes ?? {};
let dialogs: Record<string, Dialog>;
const htmlOf = (set: string): string => dialogs[set]!.html;

type Lock = Record<string, Pick<Manifest, 'dependencies' | 'optionalDependencies'>>;

/**
 * Folder → manifest of every package that comes with ours, the dependencies of dependencies too. The lock file also has
 * what only the simulator needs, a package of its own that the nodes do not bring.
 */
function installedWithUs(): Map<string, Manifest> {
  const { packages } = readJson<{ packages: Lock }>('package-lock.json');
  const folders = new Set(['']);
  // A set also goes through what is added on the way.
  for (const folder of folders) {
    const { dependencies, optionalDependencies } = packages[folder] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies }))
      folders.add(installedFolder(packages, folder, name));
  }
  folders.delete('');
  return new Map([...folders].map((folder) => [folder, readJson<Manifest>(folder, 'package.json')]));
}

/** Where the package in `from` finds another: in its own folder, else in the nearest one around it. */
function installedFolder(packages: Lock, from: string, name: string): string {
  const candidate = path.posix.join(from, 'node_modules', name);
  if (candidate in packages) return candidate;
  assert.notEqual(from, '', `${name} is not in the lock file`);
  return installedFolder(packages, from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name);
}

/** What the scorecard sees of a dialog: only `registerType('literal', {object literal})` in a classic script. */
function registrations(html: string): Registration[] {
  const scripts = [...html.matchAll(/<script[^>]*type="text\/javascript"[^>]*>(.*?)<\/script>/gs)];
  return scripts
    .flatMap(([, script]) => callsOf('registerType', parse(script ?? '', { ecmaVersion: 'latest' })))
    .map(({ arguments: [type, definition] }) => {
      assert.equal(type?.type, 'Literal', 'the type is not a literal');
      assert.equal(definition?.type, 'ObjectExpression', 'the definition is not an object literal');
      return {
        type: String(type.value),
        category: literalIn(definition, 'category'),
        icon: literalIn(definition, 'icon'),
      };
    });
}

/** All calls of a method in a parsed script, as deep as they may stand. */
function callsOf(method: string, node: Node): CallExpression[] {
  const inside = Object.values(node)
    .flat()
    .filter(isNode)
    .flatMap((child) => callsOf(method, child));
  return isCallOf(method, node) ? [node, ...inside] : inside;
}

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string';

function isCallOf(method: string, node: Node): node is CallExpression {
  if (node.type !== 'CallExpression') return false;
  const { callee } = node as CallExpression;
  return (
    callee.type === 'MemberExpression' &&
    callee.property.type === 'Identifier' &&
    callee.property.name === method
  );
}

function literalIn(definition: ObjectExpression, name: string): string {
  for (const property of definition.properties) {
    if (property.type !== 'Property' || property.key.type !== 'Identifier') continue;
    if (property.key.name === name && property.value.type === 'Literal') return String(property.value.value);
  }
  throw new Error(`the definition has no literal ${name}`);
}

const registered = () => Object.keys(sets).flatMap((set) => registrations(htmlOf(set)));
const isConfig = (type: string) => registrations(htmlOf(type))[0]?.category === 'config';

function typesInExamples(): Set<string> {
  const files = readdirSync(path.join(PROJECT_ROOT, 'examples'), { recursive: true, encoding: 'utf8' });
  const flows = files.filter((file) => file.endsWith('.json')).map((file) => readJson('examples', file));
  for (const flow of flows) assert.ok(Array.isArray(flow), 'an example is a JSON array');
  return new Set((flows as { type: string }[][]).flat().map(({ type }) => type));
}

describe('the rules of the flow library: package', () => {
  it('P01, P03: has a licence with its text, a repository, and a place for bugs', () => {
    assert.ok(manifest.license);
    assert.ok(existsSync(path.join(PROJECT_ROOT, 'LICENSE')));
    assert.ok(manifest.repository);
    assert.ok(manifest.bugs);
  });

  it('P04, P05: has a scoped name and the keyword node-red', () => {
    assert.match(manifest.name, /^@[\w-]+\/[\w-]+$/);
    assert.ok(manifest.keywords?.includes('node-red'));
  });

  it('P06: runs in Node-RED 4.0, 4.1 and 5.0', () => {
    const range = manifest['node-red']?.version ?? '';
    for (const release of NODE_RED_RELEASES) assert.ok(satisfies(release, range), `${release} in ${range}`);
  });

  it('P07: runs on Node.js 20 and on the oldest Node.js of the newest Node-RED', () => {
    const range = manifest.engines?.node ?? '';
    for (const node of [OLDEST_NODE, NODE_OF_NODE_RED_5])
      assert.ok(satisfies(node, range), `${node} in ${range}`);
  });
});

describe('the rules of the flow library: dependencies', () => {
  const all = installedWithUs();

  it('finds them, those of dependencies too', () => {
    for (const name of Object.keys(manifest.dependencies ?? {}))
      assert.ok(all.has(`node_modules/${name}`), name);
    assert.ok(all.size > Object.keys(manifest.dependencies ?? {}).length);
  });

  it(`D01: has at most ${MOST_DEPENDENCIES}`, () => {
    assert.ok(Object.keys(manifest.dependencies ?? {}).length <= MOST_DEPENDENCIES);
  });

  it('D02: brings no agent-base older than 6', () => {
    const old = [...all.values()].filter(
      ({ name, version }) => name === 'agent-base' && !satisfies(version, '>=6.0.0'),
    );
    assert.deepEqual(old, []);
  });

  it('brings nothing that asks for a newer Node.js: the palette manager installs with --engine-strict', () => {
    const ours = manifest.engines?.node ?? '';
    const stricter = [...all].filter(([, { engines }]) => engines?.node && !subset(ours, engines.node));
    assert.deepEqual(
      stricter.map(([folder, { engines }]) => `${folder} ${engines?.node}`),
      [],
    );
  });

  it('brings nothing native and nothing that runs while it is installed', () => {
    const suspicious = [...all].filter(
      ([folder, { scripts, gypfile, dependencies, optionalDependencies }]) => {
        const inFolder = readdirSync(path.join(PROJECT_ROOT, folder));
        const helpers = Object.keys({ ...dependencies, ...optionalDependencies });
        return (
          ['preinstall', 'install', 'postinstall'].some((step) => scripts?.[step]) ||
          gypfile === true ||
          inFolder.some((name) => name === 'binding.gyp' || name === 'prebuilds' || name.endsWith('.node')) ||
          helpers.some((name) => NATIVE_HELPERS.includes(name))
        );
      },
    );
    assert.deepEqual(
      suspicious.map(([folder]) => folder),
      [],
    );
  });

  it('pins axios, which sees the API key, to one version', () => {
    assert.match(manifest.dependencies?.axios ?? '', /^\d+\.\d+\.\d+$/);
  });
});

describe('the rules of the flow library: nodes', () => {
  before(async () => {
    dialogs = await buildDialogs();
  });

  it('N01: every set registers one type of its name, readable without running it; all names are ours alone', () => {
    assert.ok(Object.keys(sets).length > 0);
    for (const set of Object.keys(sets)) {
      assert.deepEqual(
        registrations(htmlOf(set)).map(({ type }) => type),
        [set],
      );
      assert.match(set, /^roboflow-vision-event(-[a-z]+)*$/);
    }
  });

  it('every dialog belongs to a set', () => {
    assert.deepEqual(foldersWithDialog().sort(), Object.values(NODE_FOLDERS).sort());
  });

  it('all stand in one category of the palette', () => {
    const categories = new Set(registered().map(({ category }) => category));
    assert.deepEqual(categories, new Set([CATEGORY, 'config']));
  });

  it('each has an icon of its own that exists', () => {
    for (const { type, icon } of registered()) {
      assert.equal(icon, `${type}.svg`);
      assert.ok(existsSync(path.join(PROJECT_ROOT, 'icons', icon)), icon);
    }
  });

  for (const type of Object.keys(sets)) {
    it(`${type} has help with the sections of Node-RED's guide`, () => {
      const help = readNodesFile(`${NODE_FOLDERS[type]}/locales/en-US/node.html`);
      const sections = [...help.matchAll(/^### (.*)$/gm)].map(([, title]) => title);
      assert.deepEqual(sections, isConfig(type) ? CONFIG_HELP_SECTIONS : HELP_SECTIONS);
    });

    it(`N02: an example shows ${type}, unless it is a config node`, () => {
      assert.ok(isConfig(type) || typesInExamples().has(type), `no flow in examples/ has a node ${type}`);
    });
  }
});
