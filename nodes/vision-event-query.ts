import type { NodeAPI } from 'node-red';
import { QueryWork } from './adapter/query-work';
import { registerNode } from './adapter/register-node';
import type { VisionEventQueryProperties } from './properties';

export = function (RED: NodeAPI): void {
  registerNode<VisionEventQueryProperties>(
    RED,
    'vision-event-query',
    (node, properties) => new QueryWork(RED, node, properties),
  );
};
