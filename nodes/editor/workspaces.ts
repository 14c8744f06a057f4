import { NO_CONFIG_NODE } from './form';

const TYPE = 'roboflow-vision-event-workspace';
const SETTINGS = ['target', 'baseUrl', 'timeout', 'tls', 'proxy', 'gateway', 'headerNames'] as const;
const CREDENTIALS = ['apiKey', 'eventStoreKey', 'headerValues'] as const;
/** What stands for a saved credential, which the editor does not know. */
const SAVED = '__PWRD__';

/** The settings of a workspace that say how it is reached, as the runtime takes them from a dialog. */
export type Connection = { id: string } & Record<(typeof SETTINGS | typeof CREDENTIALS)[number], unknown>;

/**
 * The connection of a workspace as the editor holds it, deployed or not; undefined where none is chosen.
 * A credential that was entered since the last deploy is known, of another one only that it is saved.
 */
export function connectionOf(id: unknown): Connection | undefined {
  if (!id || id === NO_CONFIG_NODE) return undefined;
  const node = RED.nodes.node(String(id));
  if (!node) return undefined;
  const entered = (node['credentials'] ?? {}) as Record<string, unknown>;
  return {
    id: node.id,
    ...Object.fromEntries(SETTINGS.map((name) => [name, node[name] ?? ''])),
    ...Object.fromEntries(CREDENTIALS.map((name) => [name, entered[name] ?? SAVED])),
  } as Connection;
}

/** The same of the open dialog of a workspace. */
export function connectionOfValues(id: string, values: Partial<Record<string, unknown>>): Connection {
  return {
    id,
    ...Object.fromEntries([...SETTINGS, ...CREDENTIALS].map((name) => [name, values[name]])),
  } as Connection;
}

/** For `onadd`: a node out of the palette takes the workspace when there is only one. */
export function takeOnlyWorkspace(this: EditorNode): void {
  const found: EditorNode[] = [];
  RED.nodes.eachConfig((node) => {
    if (node.type === TYPE && !node.d) found.push(node);
  });
  const [only, ...others] = found;
  if (only && others.length === 0 && !this['workspace']) this['workspace'] = only.id;
}
