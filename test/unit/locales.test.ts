import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { NODE_FOLDERS } from '../support/dialogs';
import { nodeRedMarkdown } from '../support/node-red-markdown';
import { PROJECT_ROOT } from '../support/packed-package';

const SOURCE = 'en-US';
/** Named as Node-RED names its own languages. */
const TRANSLATIONS = ['de', 'es-ES', 'fr', 'ja', 'ko', 'pt-BR', 'zh-CN'];

/** Every text of a catalogue by its dotted key. */
function texts(catalogue: unknown, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(catalogue as Record<string, unknown>)) {
    const name = prefix ? `${prefix}.${key}` : key;
    if (typeof value === 'string') found.set(name, value);
    else for (const [inner, text] of texts(value, name)) found.set(inner, text);
  }
  return found;
}

const folderOf = (folder: string, language = '') =>
  path.join(PROJECT_ROOT, 'nodes', folder, 'locales', language);
/** `folder/file` */
const read = (language: string, file: string) =>
  readFileSync(path.join(folderOf(path.dirname(file), language), path.basename(file)), 'utf8');
const catalogue = (language: string, file: string) => texts(JSON.parse(read(language, file)) as unknown);
const placeholders = (text: string) => [...text.matchAll(/__\w+__|\$\{\w+\}/g)].map(String).sort();

/**
 * What a help text must have in every language: its parts, and the names of properties and codes, which nobody
 * translates.
 */
function helpFrame(help: string) {
  return {
    type: /data-help-name="([^"]+)"/.exec(help)?.[1],
    sections: help.split('\n').filter((line) => line.startsWith('### ')).length,
    properties: [...help.matchAll(/^: *\*?(\w+)\*? \(/gm)].map(([, name]) => name),
    code: [...new Set([...help.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code))].sort(),
    links: [...help.matchAll(/\]\((https?:[^)]+)\)/g)].map(([, link]) => link),
  };
}

const markdownOf = (help: string) => help.replace(/^<script .*>$|^<\/script>$/gm, '');

/**
 * All words in their order, without what Markdown never shows: link targets, numbers of a list, the language of a code
 * block.
 */
const wordsOfMarkdown = (markdown: string) =>
  words(markdown.replace(/\]\(https?:[^)]+\)|^\d+\. |^```\w+$/gm, ' '));
const wordsOfHtml = (html: string) => words(html.replace(/<[^>]*>|&#?\w+;/g, ' '));
const words = (text: string) => text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

const describedProperties = (markdown: string) => markdown.match(/^:/gm) ?? [];
const shownProperties = (html: string) =>
  [...html.matchAll(/<dl .*?<\/dl>/gs)].flatMap(([list]) => list.match(/<dt>/g) ?? []);

const folders = Object.values(NODE_FOLDERS);
const files = folders.flatMap((folder) =>
  readdirSync(folderOf(folder, SOURCE)).map((name) => `${folder}/${name}`),
);

describe('translations', () => {
  it('exist for the languages promised, and for no others', () => {
    for (const folder of folders)
      assert.deepEqual(readdirSync(folderOf(folder)).sort(), [SOURCE, ...TRANSLATIONS].sort(), folder);
  });

  it('are of the same files', () => {
    assert.ok(files.length >= 16, files.join(', '));
    for (const language of TRANSLATIONS) {
      for (const folder of folders)
        assert.deepEqual(
          readdirSync(folderOf(folder, language)).sort(),
          ['node.html', 'node.json'],
          language,
        );
    }
  });

  for (const language of TRANSLATIONS) {
    for (const file of files.filter((name) => name.endsWith('.json'))) {
      it(`${language}/${file} has every key, with the same placeholders`, () => {
        const source = catalogue(SOURCE, file);
        const translated = catalogue(language, file);
        assert.deepEqual([...translated.keys()].sort(), [...source.keys()].sort());
        for (const [key, text] of source) {
          const translation = translated.get(key) ?? '';
          assert.deepEqual(placeholders(translation), placeholders(text), key);
          assert.equal(translation.trim() === '', text.trim() === '', `${key} is empty`);
        }
      });
    }

    for (const file of files.filter((name) => name.endsWith('.html'))) {
      it(`${language}/${file} has every section, property and code of the English help`, () => {
        assert.deepEqual(helpFrame(read(language, file)), helpFrame(read(SOURCE, file)));
      });
    }
  }

  it('are translations: most longer texts differ from the English ones', () => {
    for (const language of TRANSLATIONS) {
      for (const file of files.filter((name) => name.endsWith('.json'))) {
        const translated = catalogue(language, file);
        const long = [...catalogue(SOURCE, file)].filter(([, text]) => text.split(' ').length >= 5);
        const same = long.filter(([key, text]) => translated.get(key) === text).map(([key]) => key);
        assert.ok(same.length <= long.length * 0.05, `${language}/${file} is English at ${same.join(', ')}`);
      }
    }
  });
});

/** What the glossary's tone and punctuation rule out in the texts of a language. */
const RULED_OUT: Record<string, RegExp> = {
  // Instructions are infinitives.
  de: /(?:Geben|Wählen|Prüfen|Öffnen|Klicken|Senden|Fügen) Sie /,
  // So are they.
  fr: / [:;?!»]|« |nœud|(?:Saisissez|Indiquez|Choisissez|Entrez|Vérifiez|Ouvrez) /,
  // Of the tú.
  'es-ES': /(?:Introduzca|Escriba|Elija|Compruebe|Seleccione|Indique|Abra) /,
  ja: /[（）]|ユーザー|サーバー|フォルダー/,
  ko: /메시지/,
};

/** What people read of a file, each text with where it stands: of a help its lines without code and link targets. */
const readTexts = (language: string, file: string) =>
  file.endsWith('.json')
    ? [...catalogue(language, file)].map(([key, text]) => `${file} ${key}: ${text}`)
    : markdownOf(read(language, file))
        .split('\n')
        .map((line) => `${file}: ${line.replace(/^: |`[^`]*`|\]\([^)]*\)/g, '…')}`);

describe('texts of dialogs and helps', () => {
  for (const [language, ruledOut] of Object.entries(RULED_OUT)) {
    it(`keep to the tone and punctuation of ${language}`, () => {
      const texts = files.flatMap((file) => readTexts(language, file));
      assert.deepEqual(
        texts.filter((text) => ruledOut.test(text)),
        [],
      );
    });
  }
});

/** Names of Roboflow's own pages and products, the same in every language. */
const FOREIGN_NAMES = ['Settings', 'API Keys', 'Local Event Store'];

/**
 * Names of settings and options in a help: what it prints in italics, but for code, scopes and the lists of properties.
 */
const namesInHelp = (help: string) =>
  [...help.replace(/`[^`]*`|^: .*$/gm, '').matchAll(/(?<!\*)\*([^*\n]+)\*(?!\*)/g)]
    .map(([, name]) => name!)
    .filter((name) => !name.startsWith('vision-events:') && !FOREIGN_NAMES.includes(name));

describe('settings that a help names', () => {
  for (const language of [SOURCE, ...TRANSLATIONS]) {
    it(`are called in ${language} as the dialogs call them, or by the first words of that`, () => {
      const ofDialogs = files
        .filter((name) => name.endsWith('.json'))
        .flatMap((file) => [...catalogue(language, file).values()]);
      const names = files
        .filter((name) => name.endsWith('.html'))
        .flatMap((file) => namesInHelp(read(language, file)));
      assert.ok(names.length >= 30, names.join(', '));
      assert.deepEqual(
        names.filter((name) => !ofDialogs.some((text) => text.toLowerCase().startsWith(name.toLowerCase()))),
        [],
      );
    });
  }
});

/**
 * Node-RED takes `: name (type) : text` for the description of a property wherever a piece of text begins with a colon,
 * also after code in the middle of a paragraph, and drops all that is between the type and the last colon of the line:
 * its rule is `/^:([^:\n]+)\(([^:\n]+)\).*?:([^:\n]*)(?:\n|$)/`. With two colons in a description the list of
 * properties is none either.
 */
describe('help texts, as Node-RED shows them', () => {
  const render = nodeRedMarkdown();

  it('would lose words of a description with a further colon', () => {
    const help = ': payload (object) : to write: an event. To read: nothing.';
    assert.deepEqual(wordsOfHtml(render(help)), ['payload', 'object', 'nothing']);
    assert.deepEqual(shownProperties(render(help)), []);
  });

  for (const language of [SOURCE, ...TRANSLATIONS]) {
    for (const file of files.filter((name) => name.endsWith('.html'))) {
      it(`${language}/${file} keeps every word and lists every property`, () => {
        const help = markdownOf(read(language, file));
        const shown = render(help);
        assert.deepEqual(wordsOfHtml(shown), wordsOfMarkdown(help));
        assert.equal(shownProperties(shown).length, describedProperties(help).length);
      });
    }
  }
});
