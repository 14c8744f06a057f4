/** What several kinds of tests need is made before they run side by side: they would make it at the same time. */
import { nodeRedProgram, NODE_RED_VERSIONS } from './node-red-versions';
import { packedPackage } from './packed-package';

void Promise.all([packedPackage(), ...NODE_RED_VERSIONS.map(nodeRedProgram)]);
