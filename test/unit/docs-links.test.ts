import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';

const root = path.join(__dirname, '../..');

const documents = [
  'README.md',
  'CHANGELOG.md',
  'CODE_OF_CONDUCT.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'simulator/README.md',
  ...(readdirSync(path.join(root, 'docs'), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
];

/** The README is read on the registry's pages too, where only whole addresses work. */
const OWN_PAGES = [
  'https://github.com/vision-events/node-red-roboflow/blob/main/',
  'https://raw.githubusercontent.com/vision-events/node-red-roboflow/main/',
];

/** The path within the repository of a whole address. */
function withinRepository(target: string): string {
  const base = OWN_PAGES.find((page) => target.startsWith(page));
  return base ? target.slice(base.length) : target;
}

/** Targets of links and pictures, without those elsewhere on the web and within the page. */
function localTargets(markdown: string): string[] {
  const prose = markdown.replace(/```.*?```/gs, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => withinRepository(target))
    .filter((target) => !/^(https?:|mailto:|#)/.test(target))
    .map((target) => decodeURIComponent(target.split('#')[0] ?? ''));
}

describe('the documents', () => {
  it('are found', () => assert.ok(documents.length > 8, documents.join(', ')));

  it('show every picture that was taken for them', () => {
    const shown = documents.flatMap((document) =>
      localTargets(readFileSync(path.join(root, document), 'utf8')).map((target) => path.basename(target)),
    );
    const unused = readdirSync(path.join(root, 'docs/images')).filter((picture) => !shown.includes(picture));
    assert.deepEqual(unused, []);
  });

  it('show the README whole on other sites: no link and no picture depends on where it is read', () => {
    const markdown = readFileSync(path.join(root, 'README.md'), 'utf8');
    const targets = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    assert.ok(targets.length > 10);
    assert.deepEqual(
      targets.filter((target) => !target.startsWith('https://')),
      [],
    );
    const prose = markdown.replace(/\]\([^)]*\)/g, ']');
    const words = prose.split(/\s+/).filter((word) => /\w/.test(word));
    assert.ok(words.length < 900, `${words.length} words`);
  });

  for (const document of documents) {
    it(`${document} links to files that exist`, () => {
      const folder = path.dirname(path.join(root, document));
      const missing = localTargets(readFileSync(path.join(root, document), 'utf8')).filter(
        (target) => !existsSync(path.join(folder, target)),
      );
      assert.deepEqual(missing, []);
    });
  }

  it('have examples in YAML that can be read', async () => {
    let count = 0;
    for (const name of documents) {
      const markdown = readFileSync(path.join(root, name), 'utf8');
      for (const [, block = ''] of markdown.matchAll(/^```ya?ml\n(.*?)^```/gms)) {
        await assert.doesNotReject(format(block, { parser: 'yaml' }), `${name}: ${block}`);
        count++;
      }
    }
    assert.ok(count > 1, `${count} were found`);
    await assert.rejects(format('services: [a', { parser: 'yaml' }), 'the control');
  });
});
