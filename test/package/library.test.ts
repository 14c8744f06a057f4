import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startSimulator, type Simulator } from '../../simulator/server';
import { packedPackage, PROJECT_ROOT } from '../support/packed-package';
import { jpeg } from '../unit/images/made-pictures';

const run = promisify(execFile);

const SLOW_MS = 180_000;
/** It is fetched by every gateway that installs the nodes. Sources and maps are a third of it. */
const MOST_TARBALL_BYTES = 1.5e6;
const PAGE = 'docs/without-node-red.md';
const NAME = '@vision-events/node-red-roboflow';
/** Each of them costs more to load than all our own files together. */
const HEAVY = ['axios', 'zod', 'tar'];

/** Each `@ts-expect-error` is an error itself where the line below it compiles. */
const MISUSE = `
import { compose, repair, validate, writeBundle, VisionEventsClient } from '${NAME}';
const client = new VisionEventsClient({ baseUrl: 'http://localhost', apiKey: 'key' });
const draft = repair(compose({ eventType: 'custom' })).event;
// @ts-expect-error not checked
void client.createEvent(draft);
const checked = validate(draft);
// @ts-expect-error the errors were not looked at
void client.createEvent(checked.event);
if (checked.ok) {
  void client.createEvent(checked.event);
  void client.createEvents([checked.event, JSON.stringify(checked.event)]);
  void writeBundle({ event: checked.asStored, pictures: [], directory: '.' });
  const eventId: string = checked.event.eventId;
  // @ts-expect-error its faults are only warnings
  const deviceId: string | undefined = checked.event.deviceId;
  // @ts-expect-error no such field
  void client.createEvent({ ...checked.event, eventID: eventId, deviceId, eventType: 'none' });
} else {
  const nothing: undefined = checked.asStored;
  console.log(nothing, checked.errors[0]?.message);
}
const given: unknown = {};
const read = validate(given);
if (read.ok) void client.createEvent(read.event);
`;

const installed = (...parts: string[]) => path.join(PROJECT_ROOT, 'node_modules', ...parts);

interface Ended {
  code: number;
  /** both streams */
  output: string;
}

/** Runs Node.js on a script of a package or of a test; a failure is an answer like any other. */
async function node(
  args: string[],
  { cwd = PROJECT_ROOT, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const options = { cwd, env: { ...process.env, ...env }, timeout: SLOW_MS };
  try {
    const { stdout, stderr } = await run(process.execPath, args, options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    return { code: typeof code === 'number' ? code : -1, output: stdout + stderr };
  }
}

/** The programs of the page, by the file names that it gives them. */
function programsOfThePage(): Map<string, string> {
  const page = readFileSync(path.join(PROJECT_ROOT, PAGE), 'utf8');
  const found = page.matchAll(/`([\w-]+\.mts)`:\n\n```ts\n(.*?)```/gs);
  return new Map([...found].map(([, name = '', program = '']) => [name, program]));
}

describe('the library in the packed package', function () {
  this.timeout(SLOW_MS);

  const folder = mkdtempSync(path.join(tmpdir(), 'vision-events-library-'));
  const programs = programsOfThePage();

  /** What the compiler says of all programs, as a careful user has it: everything checked, nothing skipped. */
  let complaints: string[];
  const complaintsOf = (name: string) => complaints.filter((line) => line.includes(`${name}(`));

  before(async () => {
    const { userDirectory } = await packedPackage();
    symlinkSync(path.join(userDirectory, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
    const sources = new Map([...programs, ['misuse.mts', MISUSE]]);
    for (const [name, program] of sources) writeFileSync(path.join(folder, name), program);
    const compilerOptions = {
      target: 'ES2022',
      module: 'Node16',
      moduleResolution: 'Node16',
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      types: ['node'],
      typeRoots: [installed('@types')],
      outDir: 'out',
    };
    const project = JSON.stringify({ compilerOptions, files: [...sources.keys()] });
    writeFileSync(path.join(folder, 'tsconfig.json'), project);
    const { output } = await node([installed('typescript/bin/tsc'), '-p', folder]);
    complaints = output.split('\n').filter((line) => /error TS/.test(line));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('has types without a fault of its own or of what it depends on', () => {
    const ours = [...programs.keys(), 'misuse.mts'].flatMap(complaintsOf);
    assert.deepEqual(
      complaints.filter((line) => !ours.includes(line)),
      [],
    );
  });

  describe(PAGE, () => {
    let simulator: Simulator;

    before(async () => {
      simulator = await startSimulator({ apiKey: 'page-key' });
      writeFileSync(path.join(folder, 'belt.jpg'), jpeg(640, 480));
    });
    after(() => simulator?.close());

    const runProgram = (name: string) =>
      node([path.join(folder, 'out', name)], {
        cwd: folder,
        env: { ROBOFLOW_API_URL: simulator.url, ROBOFLOW_API_KEY: simulator.keys.full },
      });

    it('has two programs, which compile strictly', () => {
      assert.deepEqual([...programs.keys()], ['send.mts', 'queue.mts']);
      assert.deepEqual([...programs.keys()].flatMap(complaintsOf), []);
      assert.ok(existsSync(path.join(folder, 'out/send.mjs')), complaints.join('\n'));
    });

    it('sends an event with its picture', async () => {
      const ended = await runProgram('send.mjs');
      const [arrived] = simulator.events();
      assert.equal(ended.code, 0, ended.output);
      assert.equal(ended.output, `${arrived?.eventId} true []\n`);
      assert.deepEqual(arrived?.warnings, []);
      const { images } = arrived?.event as { images: { sourceId?: string; objectDetections?: unknown[] }[] };
      assert.equal(images.length, 1);
      assert.equal(images[0]?.objectDetections?.length, 1);
      assert.ok(images[0]?.sourceId);
    });

    it('delivers an event from an outbox, and ends by itself', async () => {
      simulator.reset();
      const ended = await runProgram('queue.mjs');
      const [arrived] = simulator.events();
      assert.equal(ended.code, 0, ended.output);
      assert.ok(arrived && ended.output.includes(arrived.eventId), ended.output);
      assert.deepEqual(arrived.warnings, []);
    });
  });

  it('takes no event that was not checked, and lets no unchecked field pass for a checked one', () => {
    assert.deepEqual(complaintsOf('misuse.mts'), []);
  });

  it('has its three faces and nothing else, for import and for require', async () => {
    const script = `
      const faces = ['', '/client', '/outbox', '/package.json'].map((face) => '${NAME}' + face);
      const required = faces.map((face) => Object.keys(require(face)));
      const deep = ['/dist/src/index.js', '/dist/nodes/vision-event.js', '/src/index.ts'].map((file) => {
        try { return require.resolve('${NAME}' + file); } catch (error) { return error.code; }
      });
      Promise.all(faces.slice(0, 3).map((face) => import(face))).then((imported) => {
        const missing = imported.flatMap((face, i) => required[i].filter((name) => !(name in face)));
        const heavy = ${JSON.stringify(HEAVY)}.filter((name) => Object.keys(require.cache).some(
          (file) => file.replaceAll('\\\\', '/').includes('/node_modules/' + name + '/')));
        console.log(JSON.stringify({ counts: required.map((names) => names.length > 3), missing, deep, heavy }));
      });`;
    const file = path.join(folder, 'faces.cjs');
    writeFileSync(file, script);
    const { output } = await node([file], { cwd: folder });
    const closed = 'ERR_PACKAGE_PATH_NOT_EXPORTED';
    assert.deepEqual(JSON.parse(output), {
      counts: [true, true, true, true],
      missing: [],
      deep: [closed, closed, closed],
      heavy: [],
    });
  });

  it('leads from every declaration and every line of code to a source that is there', async () => {
    const { userDirectory, files } = await packedPackage();
    const root = path.join(userDirectory, 'node_modules', NAME);
    const maps = files.filter((file) => file.endsWith('.map'));
    assert.ok(maps.length > 100, `${maps.length} maps`);
    const missing = maps.flatMap((map) => {
      const { sources } = JSON.parse(readFileSync(path.join(root, map), 'utf8')) as { sources: string[] };
      return sources
        .map((source) => path.posix.join(path.posix.dirname(map), source))
        .filter((source) => !files.includes(source));
    });
    assert.deepEqual(missing, []);
  });

  it('stays small', async () => {
    const { tarball } = await packedPackage();
    const { size } = statSync(tarball);
    assert.ok(size < MOST_TARBALL_BYTES, `${size} bytes`);
  });

  it('passes publint without a remark', async () => {
    const { tarball } = await packedPackage();
    const ended = await node([installed('publint/src/cli.js'), 'run', tarball, '--strict']);
    assert.equal(ended.code, 0, ended.output);
    assert.match(ended.output, /All good!/);
  });

  it('has the right types, however it is resolved (are the types wrong?)', async () => {
    const { tarball } = await packedPackage();
    const cli = installed('@arethetypeswrong/cli/dist/index.js');
    const ended = await node([cli, tarball, '--no-color', '--no-emoji']);
    assert.equal(ended.code, 0, ended.output);
    assert.match(ended.output, /No problems found/);
  });

  it('has an API reference in which nothing public is missing', async () => {
    const ended = await node([installed('typedoc/bin/typedoc'), '--emit', 'none']);
    assert.deepEqual(ended, { code: 0, output: '' });
  });
});
