// `npm test`: installs what is missing, checks types and style, builds, and runs every kind of test.
// Each kind is a mocha process of its own, so that a failure says where it belongs; the last line sums them up.
// `npm test -- unit browser` runs only these kinds; `--long` runs the fault tests in their long form (`npm run test:faults`).
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';

const KINDS = ['unit', 'nodes', 'faults', 'package', 'browser', 'sdk'];
/** A kind that does not end by itself leaks something; it is ended, and failed. */
const KIND_DEADLINE_MS = 20 * 60_000;
const LONG_KIND_DEADLINE_MS = 6 * 60 * 60_000;

const isLong = process.argv.includes('--long');
const asked = process.argv.slice(2).filter((argument) => argument !== '--long');
const unknown = asked.filter((kind) => !KINDS.includes(kind));
if (unknown.length > 0) {
  console.error(`No such kind of test: ${unknown.join(', ')}. There are: ${KINDS.join(', ')}`);
  process.exit(2);
}

ensureInstalled();

const total = { passed: 0, failed: 0, skipped: 0 };
const failedSteps = [];
const packedPackageFolder = mkdtempSync(path.join(tmpdir(), 'vision-events-packed-'));
try {
  step('types', () => npmRun('typecheck'));
  step('style', () => npmRun('lint'));
  step('build', () => npmRun('build'));
  for (const kind of asked.length > 0 ? asked : KINDS) await runKind(kind);
} finally {
  rmSync(packedPackageFolder, { recursive: true, force: true });
}

if (failedSteps.length > 0) console.log(`\nFailed: ${failedSteps.join(', ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(failedSteps.length > 0 || total.failed > 0 ? 1 : 0);

function step(name, work) {
  console.log(`\n── ${name}`);
  if (work()) return;
  total.failed += 1;
  failedSteps.push(name);
}

function npmRun(script) {
  return spawnSync('npm', ['run', '--silent', script], { cwd: root, stdio: 'inherit' }).status === 0;
}

/** Runs one kind, shows its output as it comes, and adds up mocha's own summary. */
async function runKind(kind) {
  console.log(`\n── ${kind} tests`);
  const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
  const child = spawn(process.execPath, [mocha, `test/${kind}/**/*.test.ts`], {
    cwd: root,
    env: {
      ...process.env,
      PACKED_PACKAGE_FOLDER: packedPackageFolder,
      ...(isLong ? { VISION_EVENTS_LONG: '1' } : {}),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    process.stdout.write(text);
  });
  const impatience = setTimeout(
    () => {
      console.error(`The ${kind} tests do not end; stopping them.`);
      child.kill('SIGKILL');
    },
    isLong ? LONG_KIND_DEADLINE_MS : KIND_DEADLINE_MS,
  );
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(impatience);

  const failed = summed(output, 'failing');
  total.passed += summed(output, 'passing');
  total.skipped += summed(output, 'pending');
  // A run that broke off before its summary counts as one failure.
  total.failed += failed > 0 || exitCode === 0 ? failed : 1;
  if (exitCode !== 0) failedSteps.push(`${kind} tests`);
}

function summed(output, word) {
  return Number([...output.matchAll(new RegExp(`^ +(\\d+) ${word}\\b`, 'gm'))].at(-1)?.[1] ?? 0);
}
