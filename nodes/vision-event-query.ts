import type { NodeAPI } from 'node-red';
import { QueryWork } from './adapter/query-work';
import { registerNode } from './adapter/register-node';
import { visionEventQueryDefaults } from './properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'vision-event-query',
    visionEventQueryDefaults,
    (node, properties) => new QueryWork(RED, node, properties),
  );
};
