import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EXAMPLES, exampleJson } from '../../../scripts/examples/build';
import { STAND_IN_KEY, type FlowNode } from '../../../scripts/examples/flow-parts';

const ROOT = path.join(__dirname, '../../..');
const FOLDER = path.join(ROOT, 'examples');
const FILES = readdirSync(FOLDER).sort();

const read = (file: string) => readFileSync(path.join(FOLDER, file), 'utf8');
const nodesOf = (file: string) => JSON.parse(read(file)) as FlowNode[];

/** Long runs of letters and digits, such as API keys are; ids of nodes are hexadecimal, 16 long. */
const LIKE_A_KEY = /(?=[A-Za-z0-9]*\d)(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{20,}/;

describe('the examples', () => {
  it('are exactly what the generator writes; if not: npx tsx scripts/examples/build.ts', () => {
    assert.deepEqual(
      FILES,
      Object.keys(EXAMPLES)
        .map((name) => `${name}.json`)
        .sort(),
    );
    for (const [name, build] of Object.entries(EXAMPLES)) assert.equal(read(`${name}.json`), exampleJson(build));
  });

  it('show every node type of the package', () => {
    const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      'node-red': { nodes: Record<string, string> };
    };
    const shown = new Set(FILES.flatMap(nodesOf).map((node) => node.type));
    const missing = Object.keys(manifest['node-red'].nodes).filter((type) => !shown.has(type));
    assert.deepEqual(missing, []);
  });

  it('hold no secret', () => {
    for (const file of FILES) {
      for (const { credentials, ...node } of nodesOf(file)) {
        if (credentials) assert.deepEqual(credentials, { apiKey: STAND_IN_KEY }, file);
        assert.doesNotMatch(JSON.stringify(node), LIKE_A_KEY, `${file}: ${node.type} ${String(node['name'])}`);
      }
    }
  });

  it('name no host but those of Roboflow, and so work on any port of any computer', () => {
    const allowed = /^https?:\/\/(api\.roboflow\.com|<host>:9001|www\.w3\.org\/2000\/svg)/;
    for (const file of FILES) {
      const addresses = read(file).match(/https?:\/\/[^\s"')]+/g) ?? [];
      for (const address of addresses) assert.match(address, allowed, file);
      for (const workspace of nodesOf(file).filter(({ type }) => type === 'roboflow-vision-event-workspace')) {
        assert.match(String(workspace['baseUrl']), /^\/vision-events-stand-in/, file);
      }
    }
  });

  it('link from every tab to pages that are there', () => {
    const pages = FILES.flatMap(nodesOf).flatMap((node) => {
      if (node.type === 'http in' && node['method'] === 'get') return [String(node['url'])];
      return node.type === 'ui-page' ? [`/dashboard${String(node['path'])}`] : [];
    });
    for (const file of FILES) {
      const infos = nodesOf(file).map((node) => (node['info'] ?? '') as string);
      const links = infos.flatMap((info) => [...info.matchAll(/\]\(([^)]*)\)/g)].map(([, target]) => String(target)));
      assert.ok(links.length > 0, file);
      for (const link of links) assert.ok(pages.includes(link), `${file}: ${link}`);
    }
  });

  it('load no module in a function node, which a plant may forbid', () => {
    for (const node of FILES.flatMap(nodesOf).filter(({ type }) => type === 'function')) {
      assert.deepEqual(node['libs'], [], String(node['name']));
      assert.doesNotMatch(String(node['func']), /\brequire\(|\bimport\(|zlib\./, String(node['name']));
    }
  });

  it('have tab names that are not cut', () => {
    for (const tab of FILES.flatMap(nodesOf).filter(({ type }) => type === 'tab')) {
      assert.ok(String(tab['label']).length <= 20, String(tab['label']));
    }
  });

  it('can be imported together: no id and no address of an http in node twice', () => {
    const nodes = FILES.flatMap(nodesOf);
    const addresses = nodes
      .filter((node) => node.type === 'http in')
      .map((node) => `${String(node['method'])} ${String(node['url'])}`);
    for (const list of [nodes.map((node) => node.id), addresses]) assert.equal(new Set(list).size, list.length);
  });

  it('wire only to nodes that are there, and explain every tab', () => {
    for (const file of FILES) {
      const nodes = nodesOf(file);
      const ids = new Set(nodes.map((node) => node.id));
      for (const node of nodes) {
        const targets = [node['wires'] ?? [], node['links'] ?? [], node['workspace'] || []].flat(2) as string[];
        for (const target of targets) assert.ok(ids.has(target), `${file}: ${node.type} ${String(node['name'])}`);
      }
      for (const tab of nodes.filter((node) => node.type === 'tab')) {
        assert.ok(
          nodes.some((node) => node.type === 'comment' && node['z'] === tab.id),
          `${file}: no comment on ${String(tab['label'])}`,
        );
      }
    }
  });

  it('do not lay one node over another', () => {
    for (const file of FILES) {
      const placed = nodesOf(file).filter((node) => 'x' in node) as (FlowNode & { x: number; y: number })[];
      for (const a of placed) {
        const near = placed.find(
          (b) => b !== a && b['z'] === a['z'] && Math.abs(b.x - a.x) < 100 && Math.abs(b.y - a.y) < 40,
        );
        const isComment = (node?: FlowNode) => node?.type === 'comment';
        assert.ok(!near || (isComment(a) && isComment(near)), `${file}: ${String(a['name'])} and ${String(near?.['name'])}`);
      }
    }
  });
});
