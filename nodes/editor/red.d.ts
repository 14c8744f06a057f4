/**
 * What the dialogs use of Node-RED's editor: the global `RED`, and its jQuery widgets.
 * Source: https://nodered.org/docs/api/ui and the editor of Node-RED 4.1 and 5.0.
 */

declare const RED: {
  /** a text of a catalogue; the key itself when there is none */
  _(key: string, values?: Record<string, unknown>): string;
  /** what the runtime tells the editor of its settings */
  settings: { httpNodeRoot?: string };
  i18n: {
    /** of the editor, as `de` or `en-US` */
    lang(): string;
  };
  comms: {
    subscribe(topic: string, listener: (topic: string, message: unknown) => void): void;
    unsubscribe(topic: string, listener: (topic: string, message: unknown) => void): void;
  };
  sidebar: {
    addTab(tab: {
      id: string;
      /** of the tab itself */
      label: string;
      /** in menus and under the mouse */
      name: string;
      content: HTMLElement;
      iconClass: string;
      enableOnEdit: boolean;
      pinned: boolean;
    }): void;
    removeTab(id: string): void;
    show(id: string): void;
  };
  view: {
    /** shows a node on the canvas, in whatever flow it is */
    reveal(id: string): void;
  };
  nodes: {
    registerType(type: string, definition: EditorNodeDefinition): void;
    node(id: string | undefined): EditorNode | null | undefined;
    eachConfig(visit: (node: EditorNode) => void): void;
  };
  user: { hasPermission(scope: string): boolean };
  utils: {
    /** what a node is called on the canvas */
    getNodeLabel(node: EditorNode, otherwise?: string): string;
    /** true, false, or with a text in place of false what is wrong */
    validateTypedProperty(value: string, type: string): boolean | string;
  };
};

/** A node of the flow, with its properties as its dialog saved them. */
interface EditorNode {
  id: string;
  type: string;
  name?: string;
  /** disabled */
  d?: boolean;
  valid?: boolean;
  [property: string]: unknown;
}

interface EditorProperty {
  value?: unknown;
  /** of a config node, or `password` of a credential */
  type?: string;
  validate?: (this: EditorNode, value: unknown, options: object) => true | string;
}

interface EditorNodeDefinition {
  category: string;
  color: string;
  icon: string;
  defaults: Record<string, EditorProperty>;
  credentials?: Record<string, EditorProperty>;
  inputs?: number;
  outputs?: number;
  paletteLabel(this: EditorNode): string;
  label(this: EditorNode): string;
  labelStyle(this: EditorNode): string;
  inputLabels?(this: EditorNode, index: number): string;
  outputLabels?(this: EditorNode, index: number): string;
  /** The type is there, also that of a config node. */
  onpaletteadd?(): void;
  onpaletteremove?(): void;
  /** The node came out of the palette, before its defaults are the user's. */
  onadd?(this: EditorNode): void;
  oneditprepare(this: EditorNode): void;
  oneditsave(this: EditorNode): void;
  oneditcancel(this: EditorNode): void;
  oneditdelete(this: EditorNode): void;
}

interface TypedInputType {
  value: string;
  label: string;
  icon?: string;
  hasValue?: boolean;
  options?: { value: string; label: string }[];
  multiple?: boolean;
}
type TypedInputTypes = (string | TypedInputType)[];

interface EditableListOptions<Row> {
  addButton: string;
  removable: boolean;
  sortable: boolean;
  height: 'auto';
  /** `row` is empty for one that the user adds */
  addItem(container: JQuery, index: number, row: Partial<Row>): void;
  removeItem(): void;
}

// The second parameter stands in jQuery's own declaration.
// eslint-disable-next-line @typescript-eslint/no-unused-vars
interface JQuery<TElement = HTMLElement> {
  typedInput(options: { types: TypedInputTypes; default?: string; typeField?: string }): this;
  typedInput(action: 'type' | 'value'): string;
  typedInput(action: 'type' | 'value', value: string): this;
  typedInput(action: 'types', types: TypedInputTypes): this;
  typedInput(action: 'focus'): this;
  editableList<Row>(options: EditableListOptions<Row>): this;
  editableList(action: 'items'): JQuery;
  editableList(action: 'addItems', rows: unknown[]): this;
}

declare module '*.css';
