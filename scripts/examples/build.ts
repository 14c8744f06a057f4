import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { conveyor } from './conveyor';
import type { ExampleFlow } from './flow-parts';

/** File name (what the Import menu shows) → flow. */
export const EXAMPLES: Record<string, () => ExampleFlow> = {
  '01 - Conveyor with quality check, count and safety alert': conveyor,
};

export function exampleJson(build: () => ExampleFlow): string {
  return JSON.stringify(build().nodes, null, 2) + '\n';
}

if (require.main === module) {
  for (const [name, build] of Object.entries(EXAMPLES)) {
    writeFileSync(path.join(__dirname, '..', '..', 'examples', `${name}.json`), exampleJson(build));
  }
}
