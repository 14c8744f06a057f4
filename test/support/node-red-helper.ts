import type { EventEmitter } from 'node:events';
import path from 'node:path';
import { inspect } from 'node:util';
import helper from 'node-red-node-test-helper';
import { visionEventDefaults, workspaceDefaults } from '../../nodes/shared/properties';
import type { CreatedReport, EventReport, UnfinishedReport } from '../../nodes/shared/report';

import visionEvent = require('../../nodes/vision-event/node');
import visionEventOutbox = require('../../nodes/outbox/node');
import visionEventSend = require('../../nodes/send/node');
import visionEventWorkspace = require('../../nodes/workspace/node');
import catchNode = require('@node-red/nodes/core/common/25-catch.js');
import completeNode = require('@node-red/nodes/core/common/24-complete.js');
import tlsNode = require('@node-red/nodes/core/network/05-tls.js');
import proxyNode = require('@node-red/nodes/core/network/06-httpproxy.js');
import { EVENT_SENT_AS_IT_IS } from './sent-as-it-is';

helper.init(path.join(require.resolve('node-red/package.json'), '..', 'lib', 'red.js'));

export { helper };

const NODES = [
  visionEventWorkspace,
  visionEvent,
  visionEventSend,
  visionEventOutbox,
  catchNode,
  completeNode,
  tlsNode,
  proxyNode,
];

export const WORKSPACE_ID = 'workspace';
export const EVENT_NODE_ID = 'event';

/** Of whatever state: a test says which one it expects. */
export type AnyReport = Omit<CreatedReport, 'state'> &
  Pick<UnfinishedReport, 'doubt'> & { state?: EventReport['state'] };

export interface TestMessage {
  payload: unknown;
  visionEvent?: AnyReport;
  error?: { message: string; code?: string; source: { id: string } };
  statusCode?: number;
  [property: string]: unknown;
}

/** A node without a place on its tab would count as a config node. */
const PLACE = { x: 100, y: 100 };

/** One event node, its workspace, and helpers behind its output, a Catch and a Complete node. */
export class TestFlow {
  readonly out: TestMessage[] = [];
  readonly caught: TestMessage[] = [];
  readonly completed: TestMessage[] = [];
  readonly statuses: { fill?: string; shape?: string; text?: string }[] = [];
  private waiters: (() => void)[] = [];

  private constructor() {}

  static async load(
    event: Partial<typeof visionEventDefaults>,
    workspace?: Partial<typeof workspaceDefaults> & {
      apiKey?: string;
      postgresUser?: string;
      postgresPassword?: string;
      eventStoreKey?: string;
      headerValues?: string;
      metricsToken?: string;
    },
    otherNodes: object[] = [],
  ): Promise<TestFlow> {
    const { apiKey, eventStoreKey, headerValues, metricsToken, postgresUser, postgresPassword, ...settings } =
      workspace ?? {};
    const flow = [
      { id: 'tab', type: 'tab', label: 'test' },
      ...(workspace
        ? [{ id: WORKSPACE_ID, type: 'roboflow-vision-event-workspace', ...workspaceDefaults, ...settings }]
        : []),
      {
        id: EVENT_NODE_ID,
        type: 'roboflow-vision-event',
        z: 'tab',
        ...PLACE,
        ...visionEventDefaults,
        ...EVENT_SENT_AS_IT_IS,
        ...(workspace ? { workspace: WORKSPACE_ID } : {}),
        useCase: 'quality-line-1',
        ...event,
        wires: [['out']],
      },
      { id: 'out', type: 'helper', z: 'tab', ...PLACE },
      {
        id: 'catch-all',
        type: 'catch',
        z: 'tab',
        ...PLACE,
        scope: null,
        uncaught: false,
        wires: [['caught']],
      },
      { id: 'caught', type: 'helper', z: 'tab', ...PLACE },
      {
        id: 'complete-event',
        type: 'complete',
        z: 'tab',
        ...PLACE,
        scope: [EVENT_NODE_ID],
        wires: [['completed']],
      },
      { id: 'completed', type: 'helper', z: 'tab', ...PLACE },
      ...otherNodes,
    ];
    const keys = {
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(postgresUser === undefined ? {} : { postgresUser }),
      ...(postgresPassword === undefined ? {} : { postgresPassword }),
      ...(eventStoreKey === undefined ? {} : { eventStoreKey }),
      ...(headerValues === undefined ? {} : { headerValues }),
      ...(metricsToken === undefined ? {} : { metricsToken }),
    };
    const credentials = Object.keys(keys).length === 0 ? {} : { [WORKSPACE_ID]: keys };
    await helper.load(NODES, flow as never, credentials);
    const test = new TestFlow();
    test.listen('out', test.out);
    test.listen('caught', test.caught);
    test.listen('completed', test.completed);
    const emitter = helper.getNode(EVENT_NODE_ID) as unknown as EventEmitter;
    emitter.on('call:status', (call: { args: [TestFlow['statuses'][number]] }) => {
      test.statuses.push(call.args[0]);
      test.wake();
    });
    return test;
  }

  /** Sends a message and waits until the node is done with it, well or not. */
  async send(message: object): Promise<{ out?: TestMessage; caught?: TestMessage }> {
    const [sentBefore, caughtBefore, completedBefore] = [
      this.out.length,
      this.caught.length,
      this.completed.length,
    ];
    this.receive(message);
    await this.until(() => this.caught.length > caughtBefore || this.completed.length > completedBefore);
    return { out: this.out[sentBefore], caught: this.caught[caughtBefore] };
  }

  receive(message: object): void {
    helper.getNode(EVENT_NODE_ID).receive(message as never);
  }

  async until(holds: () => boolean, timeoutMs = 20_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!holds()) {
      if (Date.now() > end)
        throw new Error(`Nothing came within ${timeoutMs} ms. ${inspect(this, { depth: 3 })}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.waiters.push(() => (clearTimeout(timer), resolve()));
      });
    }
  }

  private listen(id: string, into: TestMessage[]): void {
    helper.getNode(id).on('input', (message: unknown) => {
      into.push(message as TestMessage);
      this.wake();
    });
  }

  private wake(): void {
    for (const waiter of this.waiters.splice(0)) waiter();
  }
}

/** What a node warns of from now on. */
export function warningsOf(id: string): unknown[] {
  const warnings: unknown[] = [];
  const node = helper.getNode(id) as unknown as {
    on(event: string, heard: (call: { firstArg: unknown }) => void): void;
  };
  node.on('call:warn', ({ firstArg }) => warnings.push(firstArg));
  return warnings;
}

/** A Roboflow object detection response with the given boxes. */
export function roboflow(
  ...predictions: { class: string; confidence?: number; x?: number; y?: number }[]
): Record<string, unknown> {
  return {
    inference_id: 'a-run',
    time: 0.05,
    image: { width: 640, height: 480 },
    predictions: predictions.map((prediction, i) => ({
      x: 100 + i,
      y: 120,
      width: 40,
      height: 30,
      confidence: 0.9,
      class_id: i,
      detection_id: `d-${i}`,
      ...prediction,
    })),
  };
}
