import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { airGapped } from './air-gapped';
import { backlog } from './backlog';
import { badLink } from './bad-link';
import { conveyor } from './conveyor';
import { dock } from './dock';
import { feedback } from './feedback';
import type { ExampleFlow } from './flow-parts';
import { fleet } from './fleet';
import { frigate } from './frigate';
import { gateway } from './gateway';
import { inference } from './inference';
import { pictures } from './pictures';
import { reading } from './reading';
import { safety } from './safety';
import { scene } from './scene';
import { station } from './station';

/** File name (what the Import menu shows) → flow. */
export const EXAMPLES: Record<string, () => ExampleFlow> = {
  '01 - Conveyor with quality check, count and safety alert': conveyor,
  '02 - Count at the dock': dock,
  '03 - Safety alert with cooldown': safety,
  '04 - Frigate over MQTT': frigate,
  '05 - Roboflow inference over HTTP': inference,
  '06 - Operator feedback from a page': feedback,
  '07 - Pictures': pictures,
  '08 - Air-gapped site with bundles': airGapped,
  '09 - Edge with a bad link': badLink,
  '10 - Backlog on the canvas': backlog,
  '11 - Central gateway over MQTT': gateway,
  '12 - Query events and use cases': reading,
  '13 - Operator station on FlowFuse Dashboard': station,
  '14 - State of a fleet over MQTT': fleet,
  '15 - One event for each thing': scene,
};

export function exampleJson(build: () => ExampleFlow): string {
  return JSON.stringify(build().nodes, null, 2) + '\n';
}

if (require.main === module) {
  for (const [name, build] of Object.entries(EXAMPLES)) {
    writeFileSync(path.join(__dirname, '..', '..', 'examples', `${name}.json`), exampleJson(build));
  }
}
