/**
 * Makes the html of each node: the form of its `dialog.html`, and inline, because Node-RED loads scripts from elsewhere
 * in no certain order, the bundle of its `dialog.ts` with the styles that this imports. The build runs it. Usage:
 * npx tsx scripts/build-dialogs.ts
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, type OutputFile, type Plugin } from 'esbuild';
import { FORMATS } from '../src/detections/convert';
import { presetExamples } from './preset-examples';

const ROOT = path.join(__dirname, '..');
const NODES = path.join(ROOT, 'nodes');
const DIST = path.join(ROOT, 'dist/nodes');

/** What every browser knows that Node-RED 4 supports. */
const TARGET = 'es2020';

export interface Dialog {
  html: string;
  /** the sources of its script and styles, relative to the project */
  sources: string[];
}

/** What follows from the code that reads detections, without that code. */
const DERIVED: Record<string, () => unknown> = {
  'derived:formats': () => FORMATS.map(({ id, label, kind }) => ({ id, label, kind })),
  'derived:preset-examples': presetExamples,
};

const derivedModules: Plugin = {
  name: 'derived modules',
  setup(bundler) {
    bundler.onResolve({ filter: /^derived:/ }, ({ path: name }) => ({ path: name, namespace: 'derived' }));
    bundler.onLoad({ filter: /^derived:/, namespace: 'derived' }, ({ path: name }) => ({
      loader: 'json',
      contents: JSON.stringify(DERIVED[name]?.()),
    }));
  },
};

/** The folders below `nodes/` with a dialog. */
export const foldersWithDialog = (): string[] =>
  readdirSync(NODES).filter((folder) => existsSync(path.join(NODES, folder, 'dialog.html')));

const read = (folder: string, file: string) => readFileSync(path.join(NODES, folder, file), 'utf8');

/**
 * Rows that several dialogs have stand in `nodes/editor`; those that only one of them has are marked with its folder.
 */
export function formOf(folder: string): string {
  return read(folder, 'dialog.html').replace(
    /^( *)<!-- editor\/(\S+) -->\n/gm,
    (_line, indent: string, file: string) =>
      read('editor', file)
        .replace(/^( *)<div [^>\n]*data-only="([\w-]+)"[^]*?\n\1<\/div>\n/gm, (row, _indent, only) =>
          only === folder ? row : '',
        )
        .replace(/^(?=.)/gm, indent),
  );
}

/** @param folder below `nodes/` */
export async function buildDialog(folder: string): Promise<Dialog> {
  const { outputFiles, metafile } = await build({
    // By its text: as a file of this package of CommonJS it would be wrapped in a function more.
    stdin: { contents: read(folder, 'dialog.ts'), loader: 'ts', resolveDir: path.join(NODES, folder) },
    absWorkingDir: ROOT,
    outdir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    target: TARGET,
    charset: 'utf8',
    legalComments: 'none',
    tsconfig: path.join(ROOT, 'tsconfig.editor.json'),
    plugins: [derivedModules],
    logLevel: 'warning',
  });
  const html = [
    formOf(folder),
    `<style>\n${textOf(outputFiles, '.css')}</style>\n`,
    `<script type="text/javascript">\n${textOf(outputFiles, '.js')}</script>\n`,
  ].join('\n');
  return { html, sources: Object.keys(metafile.inputs) };
}

function textOf(files: OutputFile[], extension: string): string {
  const file = files.find(({ path: name }) => name.endsWith(extension));
  if (!file) throw new Error(`The bundle of a dialog has no ${extension}.`);
  return file.text;
}

async function main(): Promise<void> {
  for (const folder of foldersWithDialog()) {
    const { html } = await buildDialog(folder);
    mkdirSync(path.join(DIST, folder), { recursive: true });
    writeFileSync(path.join(DIST, folder, 'node.html'), html);
  }
}

if (require.main === module) void main();
