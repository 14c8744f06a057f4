import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { UseCaseWork } from './adapter/use-case-work';
import type { VisionEventUseCaseProperties } from './properties';

export = function (RED: NodeAPI): void {
  registerNode<VisionEventUseCaseProperties>(
    RED,
    'vision-event-use-case',
    (node, properties) => new UseCaseWork(RED, node, properties),
  );
};
