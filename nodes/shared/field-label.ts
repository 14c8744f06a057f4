import type { NodeAPI } from 'node-red';

/** Names a property as the dialog of its node does. */
export type LabelOf = (property: string) => string;

/** Rows that several dialogs have stand in the catalogue of the vision event. */
const SHARED = 'roboflow-vision-event';

/** By the message catalogue; a property that it does not name, such as a metadata row, keeps its own name. */
export function fieldLabels(RED: NodeAPI, nodeType: string): LabelOf {
  return (property) => {
    if (!/^\w+$/.test(property)) return property;
    for (const type of new Set([nodeType, SHARED])) {
      const key = `@vision-events/node-red-roboflow/${type}:${type}.label.${property}`;
      const label = RED._(key);
      // A catalogue without the key answers the key, with or without what stands before the colon.
      if (!key.endsWith(label)) return label;
    }
    return property;
  };
}
