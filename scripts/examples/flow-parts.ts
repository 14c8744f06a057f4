import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { visionEventDefaults, workspaceDefaults } from '../../nodes/properties';

export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** Where a node lies on its tab, px. */
export type Place = [x: number, y: number];

/** Ids must stay the same from build to build, or each build would change every example. */
function idOf(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

/** Collects the nodes of one example file; every method returns the new node's id. */
export class ExampleFlow {
  readonly nodes: FlowNode[] = [];
  private tabId = '';

  constructor(private readonly name: string) {}

  tab(label: string, info: string): string {
    this.tabId = this.add('tab', label, { label, disabled: false, info, env: [] });
    return this.tabId;
  }

  /** A config node: it belongs to no tab. */
  config(type: string, name: string, properties: object): string {
    return this.add(type, name, { name, ...properties });
  }

  workspace(
    name: string,
    properties: Partial<typeof workspaceDefaults> & { credentials?: { apiKey: string } },
  ): string {
    return this.config('vision-event-workspace', name, { ...workspaceDefaults, ...properties, name });
  }

  node(type: string, name: string, [x, y]: Place, properties: object, wires: string[][] = [[]]): string {
    return this.add(type, name, { z: this.tabId, name, ...properties, x, y, wires });
  }

  comment(text: string, info: string, place: Place): string {
    return this.node('comment', text, place, { info }, []);
  }

  inject(name: string, place: Place, everySeconds: number, wires: string[][], properties: object = {}): string {
    return this.node(
      'inject',
      name,
      place,
      {
        props: [{ p: 'payload' }],
        repeat: everySeconds > 0 ? String(everySeconds) : '',
        crontab: '',
        once: everySeconds > 0,
        onceDelay: 1,
        topic: '',
        payload: '',
        payloadType: 'date',
        ...properties,
      },
      wires,
    );
  }

  /** `file` holds the function's text; `libs` are built-in modules of Node.js that it uses. */
  functionNode(name: string, place: Place, file: string, wires: string[][], libs: string[] = []): string {
    return this.node(
      'function',
      name,
      place,
      {
        func: readFileSync(path.join(__dirname, 'functions', file), 'utf8').trimEnd(),
        outputs: wires.length,
        timeout: 0,
        noerr: 0,
        initialize: '',
        finalize: '',
        libs: libs.map((module) => ({ var: module, module })),
      },
      wires,
    );
  }

  visionEvent(name: string, place: Place, properties: Partial<typeof visionEventDefaults>, wires: string[][]): string {
    return this.node('vision-event', name, place, { ...visionEventDefaults, ...properties, name }, wires);
  }

  debug(name: string, place: Place, complete: string): string {
    return this.node(
      'debug',
      name,
      place,
      {
        active: true,
        tosidebar: true,
        console: false,
        tostatus: false,
        complete,
        targetType: 'msg',
        statusVal: '',
        statusType: 'auto',
      },
      [],
    );
  }

  httpIn(name: string, place: Place, method: 'get' | 'post', url: string, wires: string[][], upload = false): string {
    return this.node('http in', name, place, { url, method, upload, skipBodyParsing: false, swaggerDoc: '' }, wires);
  }

  httpResponse(place: Place): string {
    return this.node('http response', '', place, { statusCode: '', headers: {} }, []);
  }

  private add(type: string, name: string, properties: object): string {
    let id = idOf(this.name, type, name);
    for (let n = 2; this.nodes.some((node) => node.id === id); n++) id = idOf(this.name, type, name, String(n));
    this.nodes.push({ id, type, ...properties });
    return id;
  }
}
