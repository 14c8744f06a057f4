import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { NODE_FOLDERS } from '../support/dialogs';
import { PROJECT_ROOT } from '../support/packed-package';

/** The first table of docs/glossary.md, by its headings. */
function glossary(): Record<string, string>[] {
  const text = readFileSync(path.join(PROJECT_ROOT, 'docs/glossary.md'), 'utf8');
  const table = text.slice(text.indexOf('\n|')).trimStart().split('\n\n')[0]!;
  const [headings, , ...rows] = table.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return rows.map((row) => Object.fromEntries(headings!.map((heading, at) => [heading, row[at]!])));
}

/** All that users of a language read: catalogues and helps. */
function textsOf(language: string): string {
  const folders = Object.values(NODE_FOLDERS).map((name) =>
    path.join(PROJECT_ROOT, 'nodes', name, 'locales', language),
  );
  return folders
    .flatMap((folder) => readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8')))
    .join('\n')
    .toLowerCase();
}

describe('the glossary', () => {
  const rows = glossary();

  for (const language of ['de', 'es-ES', 'fr', 'ja', 'ko', 'pt-BR', 'zh-CN']) {
    it(`has only words that ${language} uses`, () => {
      const texts = textsOf(language);
      const words = rows.flatMap((row) => row[language]!.split(' / '));
      assert.ok(
        words.length >= rows.length && rows.length >= 40,
        `${words.length} words in ${rows.length} rows`,
      );
      assert.deepEqual(
        words.filter((word) => !word || !texts.includes(word.toLowerCase())),
        [],
      );
    });
  }
});
