import type { NodeAPI } from 'node-red';

/** Names a property as the dialog of its node does. */
export type LabelOf = (property: string) => string;

/** By the message catalogue; a property that it does not name, such as a metadata row, keeps its own name. */
export function fieldLabels(RED: NodeAPI, nodeType: string): LabelOf {
  return (property) => {
    if (!/^\w+$/.test(property)) return property;
    const key = `@vision-events/node-red-roboflow/${nodeType}:${nodeType}.label.${property}`;
    const label = RED._(key);
    // A catalogue without the key answers the key, with or without what stands before the colon.
    return key.endsWith(label) ? property : label;
  };
}
