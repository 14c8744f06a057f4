import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { UseCaseWork } from './adapter/use-case-work';
import { visionEventUseCaseDefaults } from './properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'vision-event-use-case',
    visionEventUseCaseDefaults,
    (node, properties) => new UseCaseWork(RED, node, properties),
  );
};
