import type * as Tar from 'tar';

let library: typeof Tar | undefined;

/**
 * tar is loaded by the first bundle, or by a node that will need it: Node-RED loads the nodes of a palette at every
 * start, used or not.
 */
export function tarLibrary(): typeof Tar {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  library ??= require('tar') as typeof Tar;
  return library;
}
