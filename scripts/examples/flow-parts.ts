import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  visionEventBundleDefaults,
  visionEventDefaults,
  visionEventImageDefaults,
  visionEventOutboxDefaults,
  visionEventQueryDefaults,
  visionEventSceneDefaults,
  visionEventSendDefaults,
  visionEventUseCaseDefaults,
  workspaceDefaults,
} from '../../nodes/shared/properties';

export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** Where a node lies on its tab, px. */
export type Place = [x: number, y: number];

/** Of the stand-ins, which take any key; no example holds another one. */
export const STAND_IN_KEY = 'any-text-will-do-for-the-stand-in';

const LEFT_EDGE = 40;
const ROW_HEIGHT = 40;
const FUNCTIONS = path.join(__dirname, 'functions');

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
    return this.config('roboflow-vision-event-workspace', name, { ...workspaceDefaults, ...properties, name });
  }

  node(type: string, name: string, [x, y]: Place, properties: object, wires: string[][] = [[]]): string {
    return this.add(type, name, { z: this.tabId, name, ...properties, x, y, wires });
  }

  comment(text: string, info: string, place: Place): string {
    return this.node('comment', text, place, { info }, []);
  }

  /** Comments below each other at the left edge, from the top of the tab. */
  comments(...texts: [text: string, info: string][]): void {
    texts.forEach(([text, info], row) =>
      this.comment(text, info, [LEFT_EDGE + Math.round(widthOf(text) / 2), ROW_HEIGHT * (row + 1)]),
    );
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

  /** A button: sends `payload` as JSON text says it. */
  button(name: string, place: Place, payload: string, wires: string[][], payloadType = 'str'): string {
    return this.inject(name, place, 0, wires, { payload, payloadType });
  }

  /**
   * `files` hold the function's text; those after the first only declare functions. No module is loaded: a plant's
   * Node-RED may forbid it (`functionExternalModules`).
   */
  functionNode(
    name: string,
    place: Place,
    files: string | string[],
    wires: string[][],
  ): string {
    return this.node(
      'function',
      name,
      place,
      {
        func: [files]
          .flat()
          .map((file) => readFileSync(path.join(FUNCTIONS, file), 'utf8').trimEnd())
          .join('\n\n'),
        outputs: wires.length,
        timeout: 0,
        noerr: 0,
        initialize: '',
        finalize: '',
        libs: [],
      },
      wires,
    );
  }

  visionEvent(name: string, place: Place, properties: Partial<typeof visionEventDefaults>, wires: string[][]): string {
    return this.node('roboflow-vision-event', name, place, { ...visionEventDefaults, delivery: 'send', ...properties, name }, wires);
  }

  scene(
    name: string,
    place: Place,
    properties: Partial<typeof visionEventSceneDefaults>,
    wires: string[][],
  ): string {
    return this.node(
      'roboflow-vision-event-scene',
      name,
      place,
      { ...visionEventSceneDefaults, ...properties, name },
      wires,
    );
  }

  send(
    name: string,
    place: Place,
    properties: Partial<typeof visionEventSendDefaults>,
    wires: string[][],
  ): string {
    return this.node('roboflow-vision-event-send', name, place, { ...visionEventSendDefaults, delivery: 'send', ...properties, name }, wires);
  }

  query(
    name: string,
    place: Place,
    properties: Partial<typeof visionEventQueryDefaults>,
    wires: string[][],
  ): string {
    return this.node('roboflow-vision-event-query', name, place, { ...visionEventQueryDefaults, ...properties, name }, wires);
  }

  useCase(
    name: string,
    place: Place,
    properties: Partial<typeof visionEventUseCaseDefaults>,
    wires: string[][],
  ): string {
    return this.node('roboflow-vision-event-use-case', name, place, { ...visionEventUseCaseDefaults, ...properties, name }, wires);
  }

  image(
    name: string,
    place: Place,
    properties: Partial<typeof visionEventImageDefaults>,
    wires: string[][],
  ): string {
    return this.node(
      'roboflow-vision-event-image',
      name,
      place,
      { ...visionEventImageDefaults, ...properties, name },
      wires,
    );
  }

  bundle(
    name: string,
    place: Place,
    properties: Partial<typeof visionEventBundleDefaults>,
    wires: string[][],
  ): string {
    return this.node(
      'roboflow-vision-event-bundle',
      name,
      place,
      { ...visionEventBundleDefaults, ...properties, name },
      wires,
    );
  }

  /** `wires`: delivered, refused, state. */
  outbox(name: string, place: Place, workspace: string, wires: [string[], string[], string[]]): string {
    return this.node(
      'roboflow-vision-event-outbox',
      name,
      place,
      { ...visionEventOutboxDefaults, workspace, name },
      wires,
    );
  }

  /** `rules` as the node saves them, one for each output. */
  switchNode(name: string, place: Place, property: string, rules: object[], wires: string[][]): string {
    const properties = { property, propertyType: 'msg', rules, checkall: 'true', repair: false };
    return this.node('switch', name, place, { ...properties, outputs: rules.length }, wires);
  }

  change(name: string, place: Place, rules: object[], wires: string[][]): string {
    return this.node('change', name, place, { rules }, wires);
  }

  json(name: string, place: Place, wires: string[][]): string {
    return this.node('json', name, place, { property: 'payload', action: '', pretty: false }, wires);
  }

  /** @param announcements what it says when it comes or goes, as the node saves it */
  mqttBroker(name: string, clientId = '', announcements: object = {}): string {
    return this.config('mqtt-broker', name, {
      broker: '127.0.0.1',
      port: '1883',
      clientid: clientId,
      autoConnect: true,
      usetls: false,
      protocolVersion: '5',
      keepalive: '60',
      cleansession: true,
      autoUnsubscribe: true,
      ...NO_MQTT_ANNOUNCEMENTS,
      ...announcements,
      userProps: '',
      sessionExpiry: '',
    });
  }

  /** Catches the errors of its tab and shows them. */
  errors(place: Place, distance = 240): void {
    const shown = this.debug('failed', [place[0] + distance, place[1]], 'error.message');
    this.node('catch', 'events that failed', place, { scope: null, uncaught: false }, [[shown]]);
  }

  /** One end of a wire to another tab; `linkIn` is the other. */
  linkOut(name: string, place: Place): string {
    return this.node('link out', name, place, { mode: 'link', links: [], l: true }, []);
  }

  linkIn(name: string, place: Place, linkOut: string, wires: string[][]): string {
    const id = this.node('link in', name, place, { links: [linkOut], l: true }, wires);
    const otherEnd = this.nodes.find((node) => node.id === linkOut);
    (otherEnd?.['links'] as string[]).push(id);
    return id;
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

  /** @param body `upload`: files of a form; `raw`: a Buffer as it came; else Node-RED takes most bytes for text */
  httpIn(
    name: string,
    place: Place,
    method: 'get' | 'post',
    url: string,
    wires: string[][],
    body: 'parsed' | 'upload' | 'raw' = 'parsed',
  ): string {
    const reading = { upload: body === 'upload', skipBodyParsing: body === 'raw' };
    return this.node('http in', name, place, { url, method, ...reading, swaggerDoc: '' }, wires);
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

/** About as wide as the editor draws a node with this text, px. */
function widthOf(text: string): number {
  const ICON_PX = 50;
  const textWidth = [...text].reduce((sum, character) => sum + characterWidth(character), 0);
  return 20 * Math.ceil((textWidth + ICON_PX) / 20);
}

/** Of the editor's Helvetica at 14 px. */
function characterWidth(character: string): number {
  if (/[iljI.,:;'"|/ tf]/.test(character)) return 3.9;
  if (/[mwMW@]/.test(character)) return 11;
  if (/[A-Z]/.test(character)) return 9.5;
  return /[rcksvxyz()]/.test(character) ? 6.4 : 7.8;
}

const NO_MQTT_ANNOUNCEMENTS = Object.fromEntries(
  ['birth', 'close', 'will'].flatMap((when) => [
    [`${when}Topic`, ''],
    [`${when}Qos`, '0'],
    [`${when}Retain`, 'false'],
    [`${when}Payload`, ''],
    [`${when}Msg`, {}],
  ]),
);
