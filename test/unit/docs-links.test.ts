import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

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

/** Targets of links and pictures, without those on the web and within the page. */
function localTargets(markdown: string): string[] {
  const prose = markdown.replace(/```.*?```/gs, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
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

  for (const document of documents) {
    it(`${document} links to files that exist`, () => {
      const folder = path.dirname(path.join(root, document));
      const missing = localTargets(readFileSync(path.join(root, document), 'utf8')).filter(
        (target) => !existsSync(path.join(folder, target)),
      );
      assert.deepEqual(missing, []);
    });
  }
});
