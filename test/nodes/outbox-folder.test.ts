import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import { outboxFolder } from '../../nodes/workspace/outbox-folder';
import { helper, TestFlow } from '../support/node-red-helper';

const UNSET = 'A_VARIABLE_THAT_NOBODY_SETS';

describe('the outbox folder of a workspace', () => {
  const folderOf = (typed: string | undefined, variables: Record<string, string> = {}) => {
    const RED = {
      settings: { userDir: '/home/red' },
      util: { getSetting: (_: unknown, name: string) => variables[name] },
      _: (key: string) => key,
    };
    return outboxFolder(RED as unknown as NodeAPI, { id: 'w1', type: 'workspace' } as Node, typed);
  };

  const paths: [typed: string | undefined, expected: string][] = [
    [undefined, '/home/red/vision-events/w1'],
    ['  ', '/home/red/vision-events/w1'],
    ['/data/outbox ', '/data/outbox'],
    ['~/outbox', path.join(homedir(), 'outbox')],
    ['~', homedir()],
    ['/data/~/x', '/data/~/x'],
    ['outbox', '/home/red/outbox'],
    ['/data/${HOST}/outbox', '/data/replica-1/outbox'],
    ['/data/${HOST}-${SLOT}', '/data/replica-1-7'],
    ['${HOST}', '/home/red/replica-1'],
    ['${HOME_OF_ALL}/x', path.join(homedir(), 'all/x')],
    ['/data/$HOST/{HOST}', '/data/$HOST/{HOST}'],
  ];
  for (const [typed, expected] of paths) {
    it(`${typed} is ${expected}`, function () {
      if (process.platform === 'win32') this.skip();
      const found = folderOf(typed, { HOST: 'replica-1', SLOT: '7', HOME_OF_ALL: '~/all' });
      assert.deepEqual(found, { path: expected });
    });
  }

  it('names the first variable that is not set or empty', () => {
    for (const [variables, name] of [
      [{}, 'HOST'],
      [{ HOST: '', SLOT: '1' }, 'HOST'],
      [{ HOST: 'a' }, 'SLOT'],
    ] as const) {
      const found = folderOf('/data/${HOST}/${SLOT}', variables);
      assert.ok('error' in found);
      assert.equal(found.error.code, 'NOT_CONFIGURED');
      assert.match(found.error.message.slice(0, 80), new RegExp(`^Set the environment variable ${name} `));
    }
  });

  describe('in Node-RED', () => {
    let base: string;
    before((done) => void helper.startServer(done));
    beforeEach(() => (base = mkdtempSync(path.join(tmpdir(), 'outbox-folder-'))));
    afterEach(async () => {
      await helper.unload();
      rmSync(base, { recursive: true, force: true });
      delete process.env['VISION_EVENTS_TEST_REPLICA'];
    });
    after((done) => void helper.stopServer(done));

    const load = (outboxDir: string) => TestFlow.load({ delivery: 'queue' }, { apiKey: 'k', outboxDir });

    it('is that of the replica', async () => {
      process.env['VISION_EVENTS_TEST_REPLICA'] = 'one';
      const flow = await load(`${base}/\${VISION_EVENTS_TEST_REPLICA}/outbox`);
      const { out } = await flow.send({ payload: [] });
      assert.equal(out!.visionEvent!.state, 'queued');
      assert.ok(existsSync(path.join(base, 'one', 'outbox', 'chunks')));
    });

    for (const typed of [`\${${UNSET}}`, `BASE/\${${UNSET}}/outbox`]) {
      it(`with a variable that is not set fails each message and makes no folder: ${typed}`, async () => {
        const flow = await load(typed.replace('BASE', base));
        for (let i = 0; i < 2; i++) {
          const { out, caught } = await flow.send({ payload: [] });
          assert.equal(out, undefined);
          assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
          assert.match(
            caught!.error!.message,
            new RegExp(`^Set the environment variable ${UNSET} .*: the field "`),
          );
        }
        await flow.until(() => flow.statuses.some(({ fill }) => fill === 'red'));
        assert.ok(!existsSync(path.join(base, 'outbox')) && !existsSync(typed));
      });
    }
  });
});
