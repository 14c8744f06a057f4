import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

const EDITOR_SCRIPTS = path.join(require.resolve('@node-red/editor-client/package.json'), '../public');

/**
 * Node-RED's own `RED.utils.renderMarkdown` but for its last step, which removes dangerous HTML. The Markdown library
 * and the extensions for descriptions are cut out of the editor's scripts, since the scripts as a whole need a browser.
 */
export function nodeRedMarkdown(): (text: string) => string {
  const library = cut('vendor/vendor.js', /^!function.*\.marked=\{\}.*$/m);
  const settings = cut('red/red.js', /const descriptionList = \{.*?(?=function renderMarkdown\()/s);
  return vm.runInNewContext(`${library}
    const window = globalThis;
    window._marked = marked;
    ${settings}
    (text) => _marked.parse(text);`) as (text: string) => string;
}

function cut(file: string, part: RegExp): string {
  const found = part.exec(readFileSync(path.join(EDITOR_SCRIPTS, file), 'utf8'));
  if (!found) throw new Error(`${file} of Node-RED's editor has nothing like ${String(part)}`);
  return found[0];
}
