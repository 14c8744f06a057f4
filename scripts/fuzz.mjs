// `npm run fuzz -- --minutes 10 --seed 7`: pictures, replies, outbox folders, messages and admin requests by chance.
// `--case "messages 17"`, with the seed that a run printed, replays one of its cases.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, root } from './ensure-installed.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' }, case: { type: 'string' } },
});
ensureInstalled();
const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
const { status } = spawnSync(process.execPath, [mocha, 'test/faults/hostile-fuzz.test.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    VISION_EVENTS_FUZZ_MINUTES: values.minutes,
    ...(values.seed && { VISION_EVENTS_SEED: values.seed }),
    ...(values.case && { VISION_EVENTS_FUZZ_CASE: values.case }),
  },
});
process.exit(status ?? 1);
