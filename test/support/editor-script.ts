import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

/** A function of a script below nodes/editor, which the build puts into the html; it gets the globals named. */
export function editorFunction<Result>(file: string, name: string, globals: object = {}): Result {
  const script = readFileSync(path.join(__dirname, '../../nodes/editor', file), 'utf8');
  return vm.runInNewContext(`${script}\n${name}`, { ...globals }) as Result;
}
