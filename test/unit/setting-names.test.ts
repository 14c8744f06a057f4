import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { foldersWithDialog, formOf } from '../../scripts/build-dialogs';
import { NODE_FOLDERS } from '../support/dialogs';

const root = path.join(__dirname, '../..');

const filesBelow = (folder: string, extension: string) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => path.join(root, folder, name));

/** Every text that a dialog shows: labels, headings, options. */
function textsOfDialogs(): Set<string> {
  const texts = new Set<string>();
  for (const file of filesBelow('nodes', 'locales/en-US/node.json')) {
    JSON.parse(readFileSync(file, 'utf8'), (_key, value: unknown) => {
      if (typeof value === 'string') texts.add(value);
      return value;
    });
  }
  return texts;
}

/** `Label (property)` of every row, as the dialogs bind them. */
function labelsOfDialogs(): Set<string> {
  const pairs = foldersWithDialog().flatMap((folder) => {
    const rows = formOf(folder).matchAll(
      /for="node-(?:config-)?input-(\w+)"[^>]*>.*?data-i18n="(?:[^":]*:)?(roboflow-[\w-]+)\.label\.(\w+)"/g,
    );
    return [...rows].map(([, property, type, key]) => `${labelsOf(type!)[key!]} (${property})`);
  });
  return new Set(pairs);
}

function labelsOf(type: string): Record<string, string> {
  const file = path.join(root, 'nodes', NODE_FOLDERS[type]!, 'locales/en-US/node.json');
  const catalogue = JSON.parse(readFileSync(file, 'utf8')) as Record<
    string,
    { label: Record<string, string> }
  >;
  return catalogue[type]!.label;
}

/** What stands in the texts of a program, without its comments and code. */
function textsIn(file: string): string[] {
  const texts: string[] = [];
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      texts.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

/** Settings are quoted and begin with a capital letter. */
const quotedNames = (text: string) =>
  [...text.matchAll(/"([A-Z][A-Za-z' ,.()]+)"/g)].map(([, name]) => name!);

describe('settings that a text names', () => {
  const known = textsOfDialogs();
  const unknown = (texts: string[]) => texts.flatMap(quotedNames).filter((name) => !known.has(name));

  it('are called in error texts as the dialogs call them', () => {
    const texts = ['src', 'nodes'].flatMap((folder) => filesBelow(folder, '.ts').flatMap(textsIn));
    assert.ok(texts.flatMap(quotedNames).length >= 10, 'no names were found');
    assert.deepEqual(unknown(texts), []);
  });

  it('have their property behind the label, which the dialog shows as a tip of the label', () => {
    const named = ['src', 'nodes']
      .flatMap((folder) => filesBelow(folder, '.ts').flatMap(textsIn))
      .flatMap((text) => [...text.matchAll(/"([A-Z][^"]*)" \((\w+)\)/g)])
      .map(([, label, property]) => `${label} (${property})`);
    const shown = labelsOfDialogs();
    assert.ok(named.length >= 10, 'no names were found');
    assert.deepEqual(
      named.filter((name) => !shown.has(name)),
      [],
    );
  });

  it('are called in the documents as the dialogs call them', () => {
    const text = readFileSync(path.join(root, 'docs/formats.md'), 'utf8');
    // payloads and mappings hold texts of their own
    const prose = text.replace(/^```[^]*?^```/gm, '').replace(/`[^`]*`/g, '');
    assert.ok(quotedNames(prose).length >= 10, 'no names were found');
    assert.deepEqual(unknown([prose]), []);
  });

  it('are called in the comments of the example flows as the dialogs call them', () => {
    const ofOtherNodes = new Set(['Server']);
    const texts = filesBelow('examples', '.json').flatMap((file) =>
      (JSON.parse(readFileSync(file, 'utf8')) as { type: string; info?: string }[]).flatMap(
        ({ type, info }) => (type === 'comment' && info ? [info] : []),
      ),
    );
    assert.ok(texts.flatMap(quotedNames).length >= 2, 'no names were found');
    assert.deepEqual(
      unknown(texts).filter((name) => !ofOtherNodes.has(name)),
      [],
    );
  });
});
