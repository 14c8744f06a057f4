import type { EventEmitter } from 'node:events';
import { workspaceDefaults } from '../../nodes/shared/properties';
import { helper, type TestMessage, WORKSPACE_ID } from './node-red-helper';
import { until } from './until';

import visionEventWorkspace = require('../../nodes/workspace/node');
import completeNode = require('@node-red/nodes/core/common/24-complete.js');
import catchNode = require('@node-red/nodes/core/common/25-catch.js');

const NODE_ID = 'node';
/** Node-RED takes nodes without a place on the canvas for config nodes. */
const PLACE = { x: 100, y: 100 };

/** A node of any type, with its properties. */
export interface FlowPart {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** The test helper loads no catalogues, so a text is its key. */
const catalogueKey = (text = '') => text.replace(/^.*:status\./, '');

/**
 * Any one node of this package with a workspace, behind it a helper, a Catch and a Complete node; `behind` stand
 * between it and the helper.
 */
export class SingleNodeFlow {
  readonly out: TestMessage[] = [];
  readonly caught: TestMessage[] = [];
  /** messages that the node was done with, without an error, as a Complete node gets them */
  readonly done: TestMessage[] = [];
  /** colour and catalogue key, such as `green uploaded` */
  readonly statuses: string[] = [];

  static async load(
    node: { type: string; register: unknown; properties: object },
    workspace?: Partial<typeof workspaceDefaults> & {
      apiKey?: string;
      eventStoreKey?: string;
      metricsToken?: string;
    },
    behind: { first: string; nodes: FlowPart[]; register: unknown[] } = {
      first: 'out',
      nodes: [],
      register: [],
    },
  ): Promise<SingleNodeFlow> {
    const { apiKey, eventStoreKey, metricsToken, ...settings } = workspace ?? {};
    const flow = [
      { id: 'tab', type: 'tab', label: 'test' },
      ...(workspace
        ? [{ id: WORKSPACE_ID, type: 'roboflow-vision-event-workspace', ...workspaceDefaults, ...settings }]
        : []),
      {
        id: NODE_ID,
        type: node.type,
        z: 'tab',
        ...PLACE,
        ...(workspace ? { workspace: WORKSPACE_ID } : {}),
        ...node.properties,
        wires: [[behind.first]],
      },
      ...behind.nodes.map((other) => ({ z: 'tab', ...PLACE, wires: [['out']], ...other })),
      {
        id: 'complete',
        type: 'complete',
        z: 'tab',
        ...PLACE,
        scope: [NODE_ID],
        wires: [['completed']],
      },
      { id: 'completed', type: 'helper', z: 'tab' },
      { id: 'out', type: 'helper', z: 'tab' },
      { id: 'catch', type: 'catch', z: 'tab', ...PLACE, scope: null, uncaught: false, wires: [['caught']] },
      { id: 'caught', type: 'helper', z: 'tab' },
    ];
    const keys = {
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(eventStoreKey === undefined ? {} : { eventStoreKey }),
      ...(metricsToken === undefined ? {} : { metricsToken }),
    };
    const credentials = Object.keys(keys).length === 0 ? {} : { [WORKSPACE_ID]: keys };
    const register = [visionEventWorkspace, node.register, catchNode, completeNode, ...behind.register];
    await helper.load(register as never, flow, credentials);
    const test = new SingleNodeFlow();
    helper.getNode('completed').on('input', (message: unknown) => test.done.push(message as TestMessage));
    helper.getNode('out').on('input', (message: unknown) => test.out.push(message as TestMessage));
    helper.getNode('caught').on('input', (message: unknown) => test.caught.push(message as TestMessage));
    (helper.getNode(NODE_ID) as unknown as EventEmitter).on(
      'call:status',
      (call: { args: [{ fill?: string; text?: string }] }) =>
        test.statuses.push(`${call.args[0].fill ?? ''} ${catalogueKey(call.args[0].text)}`.trim()),
    );
    return test;
  }

  get completed(): number {
    return this.done.length;
  }

  /** Sends a message and waits for the next one that leaves or is caught. */
  async send(message: object): Promise<{ out?: TestMessage; caught?: TestMessage }> {
    const [sentBefore, caughtBefore] = [this.out.length, this.caught.length];
    this.receive(message);
    await this.until(() => this.out.length > sentBefore || this.caught.length > caughtBefore);
    return { out: this.out[sentBefore], caught: this.caught[caughtBefore] };
  }

  receive(message: object): void {
    helper.getNode(NODE_ID).receive(message as never);
  }

  async until(holds: () => boolean, timeoutMs = 20_000): Promise<void> {
    const { out, caught, statuses } = this;
    await until(
      holds,
      () => `${out.length} out, ${caught.length} caught, statuses ${statuses.join(' | ')}`,
      timeoutMs,
    );
  }
}
