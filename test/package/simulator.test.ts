import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { launchBrowser } from '../support/browser';
import { installedSimulator, packedPackage, PROJECT_ROOT } from '../support/packed-package';

const run = promisify(execFile);

/** Packing, installing and compiling take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;
const FOLDER = path.join(PROJECT_ROOT, 'simulator');

describe('the packed simulator', function () {
  this.timeout(SLOW_MS);
  let files: string[];
  let folder: string;

  before(async () => {
    ({ files, folder } = await installedSimulator());
  });

  it('holds what it runs with, its page, README and licence, and nothing else', () => {
    const sources = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
    const wanted = [
      ...['LICENSE', 'README.md', 'package.json'],
      ...sources.flatMap((name) => [
        `dist/${name.replace('.ts', '.js')}`,
        `dist/${name.replace('.ts', '.d.ts')}`,
      ]),
      ...readdirSync(path.join(FOLDER, 'page')).map((name) => `dist/page/${name}`),
    ];
    assert.deepEqual([...files].sort(), wanted.sort());
  });

  it('is not a part of the nodes: neither its files nor what only it needs', async () => {
    const nodes = await packedPackage();
    assert.deepEqual(
      nodes.files.filter((file) => file.includes('simulator')),
      [],
    );
    for (const name of ['joi', 'busboy', '@vision-events/simulator'])
      assert.equal(existsSync(path.join(nodes.userDirectory, 'node_modules', name)), false, name);
  });

  it('runs the program of its README, which its types accept, as they refuse a wrong option', async () => {
    const [, program] = /```ts\n(.*?)```/s.exec(readFileSync(path.join(FOLDER, 'README.md'), 'utf8')) ?? [];
    const wrong = `
      import { start } from '@vision-events/simulator';
      // @ts-expect-error a port is a number
      void start({ port: '4080' });`;
    writeFileSync(path.join(folder, 'program.mts'), program ?? assert.fail('there is no program'));
    writeFileSync(path.join(folder, 'wrong.mts'), wrong);
    await compile('program.mts', 'wrong.mts');
    await run(process.execPath, ['program.mjs'], { cwd: folder });
  });

  it('is also loaded by require, with the Local Event Store', async () => {
    const program = `
      const { startEventStore } = require('@vision-events/simulator');
      startEventStore().then(async (store) => {
        console.log((await fetch(store.url + '/health')).status);
        await store.close();
      });`;
    const { stdout } = await run(process.execPath, ['-e', program], { cwd: folder });
    assert.equal(stdout, '200\n');
  });

  describe('started by its command', () => {
    let child: ChildProcess | undefined;
    let url: string;

    before(async () => {
      const command = path.join(folder, 'node_modules/.bin/vision-events-simulator');
      child = spawn(command, ['--port', '0', '--key', 'my-key'], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      for await (const chunk of child.stdout!) {
        said += String(chunk);
        if (/shown at .*\n/.test(said)) break;
      }
      url =
        /base URL (http:\/\/127\.0\.0\.1:\d+), API key my-key/.exec(said)?.[1] ??
        assert.fail(said || 'it ended');
    });
    after(() => child?.kill('SIGKILL'));

    it('takes an event and lists it for its page', async () => {
      const answer = await fetch(`${url}/vision-events`, {
        method: 'POST',
        headers: { Authorization: 'Bearer my-key', 'Content-Type': 'application/json' },
        body: JSON.stringify({
          eventId: 'packed-1',
          eventType: 'quality_check',
          useCaseId: 'quality-line-1',
          timestamp: new Date().toISOString(),
          eventData: { result: 'maybe' },
        }),
      });
      assert.equal(answer.status, 201, await answer.text());
      const listed = (await (await fetch(`${url}/_simulator/events`)).json()) as {
        events: { eventId: string; warnings: unknown[] }[];
      };
      assert.deepEqual(
        listed.events.map(({ eventId, warnings }) => [eventId, warnings.length]),
        [['packed-1', 1]],
      );
    });

    it('shows it on its page, of which every file is there', async function () {
      const browser = await launchBrowser(this);
      try {
        const page = await browser.newPage();
        const missing: string[] = [];
        page.on('response', (answer) => answer.ok() || missing.push(answer.url()));
        await page.goto(url);
        assert.deepEqual(missing, []);
        await page.getByText('packed-1').first().waitFor();
      } finally {
        await browser.close();
      }
    });
  });

  /** @throws Error with what the compiler says */
  async function compile(...programs: string[]): Promise<void> {
    const modules = path.join(PROJECT_ROOT, 'node_modules');
    const flags = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
    const tsc = [
      path.join(modules, 'typescript/bin/tsc'),
      ...flags,
      '--typeRoots',
      path.join(modules, '@types'),
    ];
    await run(process.execPath, [...tsc, ...programs], { cwd: folder }).catch((error: { stdout: string }) =>
      assert.fail(error.stdout),
    );
  }
});
