import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readNodesFile } from '../support/dialogs';
import { FORMATS } from '../../src/detections/convert';

const html = readNodesFile('editor/format-fields.html');

describe('formats', () => {
  it('are as many as the comparison says', () => {
    const readme = readFileSync(path.join(__dirname, '../../docs/comparison.md'), 'utf8');
    const [, recognised, presets] = /(\d+) recognised, (\d+) presets/.exec(readme) ?? [];
    const count = (kind: string) => FORMATS.filter((format) => format.kind === kind).length;
    assert.deepEqual([Number(recognised), Number(presets)], [count('adapter'), count('preset')]);
  });

  it('names only known formats where a field is shown for some', () => {
    const known = new Set(['any', 'auto', 'recognised', 'custom', ...FORMATS.map(({ id }) => id)]);
    const named = [...html.matchAll(/data-formats="([^"]+)"/g)].flatMap(
      ([, formats]) => formats?.split(' ') ?? [],
    );
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((format) => !known.has(format)),
      [],
    );
  });
});
