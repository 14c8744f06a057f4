import type { FlowNode, RealNodeRed } from './real-node-red';

const PATH = '/what-was-observed';

interface Observation {
  kind: 'status' | 'error' | 'debug';
  name: string;
  value: unknown;
}

/** What a user would see of a deployed flow: statuses, caught errors, and what its debug nodes were told. */
export class Observed {
  constructor(private readonly nodeRed: RealNodeRed) {}

  /** Everything that the debug node of this name was told, the oldest first. */
  async debugged(name: string): Promise<unknown[]> {
    return (await this.all('debug')).filter((seen) => seen.name === name).map((seen) => seen.value);
  }

  /** Such as `green "the node": sent 2`. */
  async statuses(): Promise<string[]> {
    return (await this.all('status')).map(({ name, value }) => {
      const { fill, text } = value as { fill?: string; text?: string };
      return `${fill ?? ''} "${name}": ${text ?? ''}`;
    });
  }

  async errors(): Promise<string[]> {
    return (await this.all('error')).map(({ name, value }) => `${name}: ${String(value)}`);
  }

  private async all(kind: Observation['kind']): Promise<Observation[]> {
    const answer = await fetch(this.nodeRed.url + PATH);
    if (!answer.ok) throw new Error(`${PATH}: HTTP ${answer.status}`);
    return ((await answer.json()) as Observation[]).filter((seen) => seen.kind === kind);
  }
}

/** The flow with nodes on each tab that watch it. Starts afresh with every deploy. */
export function withObserver(nodes: FlowNode[]): FlowNode[] {
  const tabs = nodes.filter((node) => node.type === 'tab');
  return [...nodes, ...observerTab(), ...tabs.flatMap((tab) => watchers(tab.id, nodes))];
}

/** Only the last deploy counts: a context survives it. */
const RESET = `global.set('observed', [])`;
const ANSWER = `msg.payload = global.get('observed') || []; msg.headers = {}; return msg;`;

function observerTab(): FlowNode[] {
  const tab = 'observer';
  return [
    { id: tab, type: 'tab', label: 'Observer' },
    {
      ...place('observer-in', tab),
      type: 'http in',
      url: PATH,
      method: 'get',
      wires: [['observer-answer']],
    },
    {
      ...place('observer-answer', tab),
      type: 'function',
      func: ANSWER,
      initialize: RESET,
      outputs: 1,
      wires: [['observer-out']],
    },
    { ...place('observer-out', tab), type: 'http response', wires: [] },
  ];
}

function watchers(tab: string, nodes: FlowNode[]): FlowNode[] {
  const debugs = nodes.filter((node) => node.type === 'debug' && node['z'] === tab);
  const paths = Object.fromEntries(debugs.map((debug) => [debug.id, debug['complete']]));
  const notes = `${tab}-notes`;
  const wires = [[notes]];
  return [
    { ...place(`${tab}-status`, tab), type: 'status', scope: null, wires },
    { ...place(`${tab}-catch`, tab), type: 'catch', scope: null, uncaught: false, wires },
    ...(debugs.length > 0
      ? [
          {
            ...place(`${tab}-complete`, tab),
            type: 'complete',
            scope: debugs.map(({ id }) => id),
            uncaught: false,
            wires,
          },
        ]
      : []),
    { ...place(notes, tab), type: 'function', func: noteFunction(paths), outputs: 0, wires: [] },
  ];
}

/** `paths`: what each debug node shows, by its id. */
function noteFunction(paths: Record<string, unknown>): string {
  return `
    const paths = ${JSON.stringify(paths)};
    const observed = global.get('observed') || [];
    const note = (kind, source, value) => observed.push({ kind, name: source.name || source.type, value });
    if (msg.complete) {
      const value = RED.util.getMessageProperty(msg, paths[msg.complete.source.id]);
      note('debug', msg.complete.source, RED.util.cloneMessage({ value }).value);
    } else if (msg.error) note('error', msg.error.source, msg.error.message);
    else if (msg.status) note('status', msg.status.source, msg.status);
    global.set('observed', observed);
    return null;`;
}

function place(id: string, z: string): FlowNode {
  return { id, type: '', z, x: 100, y: 100, name: '' };
}
