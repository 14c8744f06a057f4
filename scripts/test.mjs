// `npm test`: installs what is missing, checks types and style, builds, and runs every kind of test, some side by side.
// Each kind is a mocha process of its own, so that a failure says where it belongs; the last line sums them up.
// `npm test -- unit browser types` runs only these; `--long` runs the fault tests in their long form
// (`npm run test:faults`).
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';

const CHECKS = { types: 'npm run --silent typecheck', style: 'npm run --silent lint' };
/** What begins last should end soon. */
const LONGEST_FIRST = ['browser', 'faults', 'package', 'unit', 'style', 'postgres', 'nodes', 'types', 'sdk'];
const KINDS = LONGEST_FIRST.filter((name) => !(name in CHECKS));
/** So many processes share the files of a kind. */
const SHARES = { browser: 2, faults: 2 };
/** Tests wait for servers and timers half of the time. TEST_LANES=1 is for a machine that has other things to do. */
const LANES = Number(process.env.TEST_LANES ?? availableParallelism() + 2);
/** They run the built package in a real Node-RED, or processes of it. */
const NEED_PACKAGE = ['faults', 'browser', 'package'];
/** A step that does not end by itself leaks something; it is ended, and failed. */
const DEADLINE_MS = 30 * 60_000;
const LONG_DEADLINE_MS = 6 * 60 * 60_000;

const MOCHA = path.join(root, 'node_modules/mocha/bin/mocha.js');

const isLong = process.argv.includes('--long');
const asked = process.argv.slice(2).filter((argument) => argument !== '--long');
const unknown = asked.filter((name) => !LONGEST_FIRST.includes(name));
if (unknown.length > 0) {
  console.error(`No such kind of test: ${unknown.join(', ')}. There are: ${LONGEST_FIRST.join(', ')}`);
  process.exit(2);
}

ensureInstalled();

const total = { passed: 0, failed: 0, skipped: 0 };
const failedSteps = [];
const packedPackageFolder = mkdtempSync(path.join(tmpdir(), 'vision-events-packed-'));
const environment = {
  ...process.env,
  PACKED_PACKAGE_FOLDER: packedPackageFolder,
  ...(isLong ? { VISION_EVENTS_LONG: '1' } : {}),
};
const steps = LONGEST_FIRST.filter((name) => asked.length === 0 || asked.includes(name)).flatMap(stepsOf);
const isAlone = steps.length === 1;
try {
  const isNeeded = (kind) => asked.length === 0 || asked.includes(kind);
  if (KINDS.some(isNeeded)) await runStep('build', ['scripts/build.mjs']);
  if (NEED_PACKAGE.some(isNeeded)) {
    await runStep('package', ['--require', 'tsx/cjs', 'test/support/prepare.ts']);
  }
  await sideBySide(steps);
} finally {
  rmSync(packedPackageFolder, { recursive: true, force: true });
}

if (failedSteps.length > 0) console.log(`\nFailed: ${failedSteps.join(', ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(failedSteps.length > 0 || total.failed > 0 ? 1 : 0);

/** What runs for a check or a kind of test. */
function stepsOf(name) {
  if (name in CHECKS) return [() => runStep(name, CHECKS[name])];
  const files = readdirSync(path.join(root, 'test', name), { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => path.join('test', name, file))
    .sort();
  const shares = SHARES[name] ?? 1;
  return Array.from({ length: shares }, (_, share) => () => {
    const title = shares === 1 ? `${name} tests` : `${name} tests ${share + 1}/${shares}`;
    return runTests(
      title,
      files.filter((_file, index) => index % shares === share),
    );
  });
}

async function sideBySide(waiting) {
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** A step that does not run mocha: it passes or fails as a whole. */
async function runStep(name, command) {
  const { exitCode } = await run(name, command);
  if (exitCode === 0) return;
  total.failed += 1;
  failedSteps.push(name);
}

/** Runs these files and adds up mocha's own summary. */
async function runTests(name, files) {
  const { exitCode, output } = await run(name, [MOCHA, ...files]);
  const failed = summed(output, 'failing');
  total.passed += summed(output, 'passing');
  total.skipped += summed(output, 'pending');
  // A run that broke off before its summary counts as one failure.
  total.failed += failed > 0 || exitCode === 0 ? failed : 1;
  if (exitCode !== 0) failedSteps.push(name);
}

/**
 * The output of a step that has company is shown when it ends, so that it stays in one piece.
 * @param command a line for the shell, or arguments of Node.js
 */
async function run(name, command) {
  const started = performance.now();
  const options = { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] };
  const child =
    typeof command === 'string'
      ? spawn(command, { ...options, shell: true })
      : spawn(process.execPath, command, options);
  let output = '';
  let shown = 0;
  console.log(`\n── ${name} ...`);
  const show = () => {
    process.stdout.write(output.slice(shown));
    shown = output.length;
  };
  const take = (text) => {
    output += text;
    if (isAlone) show();
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const impatience = setTimeout(
    () => {
      take(`\nDoes not end; stopping it.\n`);
      child.kill('SIGKILL');
    },
    isLong ? LONG_DEADLINE_MS : DEADLINE_MS,
  );
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(impatience);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`\n── ${name}: ${exitCode === 0 ? 'passed' : 'failed'} after ${seconds} s`);
  show();
  return { exitCode, output };
}

function summed(output, word) {
  return Number([...output.matchAll(new RegExp(`^ +(\\d+) ${word}\\b`, 'gm'))].at(-1)?.[1] ?? 0);
}
