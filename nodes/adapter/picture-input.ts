import type { Node, NodeAPI } from 'node-red';
import { loadPicture, type Picture } from '../../src/images/picture';
import type { FlowMessage } from './guarded-input';
import { typedInput } from './typed-input';

/**
 * A typed input that holds a picture. Only its type `file` makes the value a path; a relative one starts where
 * Node-RED's own file nodes start.
 *
 * @param field the property's name, for error texts
 * @returns undefined for the type `none`; else a function that rejects with an `ImageError` when there is no usable picture
 */
export function pictureInput(
  RED: NodeAPI,
  node: Node,
  field: string,
  value: unknown,
  type: string,
): ((message: FlowMessage, maxBytes?: number) => Promise<Picture>) | undefined {
  if (!type || type === 'none') return undefined;
  const isFile = type === 'file';
  const evaluate = typedInput(RED, node, field, value, isFile ? 'str' : type);
  const workingDirectory = fileWorkingDirectory(RED);
  return async (message, maxBytes) =>
    loadPicture(await evaluate(message), { from: isFile ? 'file' : 'value', workingDirectory, maxBytes });
}

/** Where Node-RED's own file nodes start with a relative path; undefined: where the process was started. */
export function fileWorkingDirectory(RED: NodeAPI): string | undefined {
  const { fileWorkingDirectory: folder } = RED.settings as { fileWorkingDirectory?: unknown };
  return typeof folder === 'string' && folder !== '' ? folder : undefined;
}
