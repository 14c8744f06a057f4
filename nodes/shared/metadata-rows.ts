import type { Node, NodeAPI } from 'node-red';
import type { MetadataRow } from './properties';
import { typedInput, type Evaluate } from './typed-input';

export interface MetadataInput {
  key: string;
  evaluate: Evaluate;
}

/** The rows of own values of a dialog, prepared once. A row without a name says nothing and is left out. */
export function metadataInputs(
  RED: NodeAPI,
  node: Node,
  rows: readonly MetadataRow[] | undefined,
): MetadataInput[] {
  const named = Array.isArray(rows)
    ? (rows as MetadataRow[]).filter((row) => typeof row?.key === 'string' && row.key.trim() !== '')
    : [];
  return named.map(({ key, value, valueType }) => ({
    key,
    evaluate: typedInput(RED, node, `metadata: ${key}`, value, valueType || 'str'),
  }));
}
