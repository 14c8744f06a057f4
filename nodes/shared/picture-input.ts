import type { Node, NodeAPI } from 'node-red';
import { PictureError, loadPicture, type Picture } from '../../src/images/picture';
import { fieldLabels } from './field-label';
import type { FlowMessage } from './guarded-input';
import { typedInput } from './typed-input';

/**
 * A typed input that holds a picture. Only its type `file` makes the value a path; a relative one starts where
 * Node-RED's own file nodes start.
 *
 * @param field the property's name; error texts call it as the dialog does
 * @returns undefined for the type `none`; else a function that rejects with a `PictureError` when there is no usable
 * picture
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
  const label = fieldLabels(RED, node.type)(field);
  return async (message, maxBytes) => {
    const source = await evaluate(message);
    try {
      return await loadPicture(source, { from: isFile ? 'file' : 'value', workingDirectory, maxBytes });
    } catch (error) {
      // A node may take two pictures: which one it was, the library does not know.
      throw error instanceof PictureError ? new PictureError(`${label}: ${error.message}`) : error;
    }
  };
}

/** Where Node-RED's own file nodes start with a relative path; undefined: where the process was started. */
export function fileWorkingDirectory(RED: NodeAPI): string | undefined {
  const { fileWorkingDirectory: folder } = RED.settings as { fileWorkingDirectory?: unknown };
  return typeof folder === 'string' && folder !== '' ? folder : undefined;
}
