import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { buildSync } from 'esbuild';
import { PROJECT_ROOT } from '../support/packed-package';

type ErrorText = (error: { code?: string; message: string }) => string;

const CATALOGUE = '@vision-events/node-red-roboflow/roboflow-vision-event-workspace:';

/** The dialogs' function, in an editor of this language with the real catalogue. */
function errorTextIn(language: string): ErrorText {
  const file = path.join(PROJECT_ROOT, 'nodes/workspace/locales', language, 'node.json');
  const catalogue = JSON.parse(readFileSync(file, 'utf8')) as object;
  const text = (key: string) => {
    const bare = key.slice(CATALOGUE.length);
    const found = bare
      .split('.')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], catalogue);
    return typeof found === 'string' ? found : bare;
  };
  const { outputFiles } = buildSync({
    entryPoints: [path.join(PROJECT_ROOT, 'nodes/editor/error-text.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'built',
  });
  const context = { RED: { _: text, i18n: { lang: () => language } } };
  return vm.runInNewContext(`${outputFiles[0]!.text}; built.errorText`, context) as ErrorText;
}

describe('an error in a dialog', () => {
  const unknown = { code: 'DETECTIONS_UNKNOWN_FORMAT', message: 'No known detector sends this.' };

  it("begins in the editor's language, by its code", () => {
    const text = errorTextIn('de');
    assert.equal(
      text({ code: 'NETWORK', message: 'Nothing listens.' }),
      'keine Verbindung – Nothing listens.',
    );
    assert.equal(text(unknown), 'Format nicht erkannt – No known detector sends this.');
  });

  it('is said once in English', () => {
    assert.equal(errorTextIn('en-US')(unknown), unknown.message);
  });

  it('is only its own text when its code has no words or there is none', () => {
    const text = errorTextIn('ja');
    assert.equal(text({ code: 'LETTER_DAMAGED', message: 'Damaged.' }), 'Damaged.');
    assert.equal(text({ message: 'Damaged.' }), 'Damaged.');
  });
});
