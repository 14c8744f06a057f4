import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkspaceDelivery } from '../../nodes/workspace/delivery';
import { workspaceDefaults } from '../../nodes/shared/properties';
import type { Target } from '../../src/api/target';
import { until } from '../support/until';

const REOPEN_MS = 50;

describe('the delivery of a workspace', () => {
  let userDir: string;
  let delivery: WorkspaceDelivery;
  let lines: string[];
  const shown: string[] = [];
  const user = {
    showDelivery: ({ state }: { state: string }) => void shown.push(state),
    showError: ({ code }: { code: string }) => void shown.push(code),
  };

  const makeDelivery = (reopenAfterMs = REOPEN_MS) => {
    const note = (text: string) => void lines.push(text);
    const log = { info: note, warn: note };
    const folder = { path: path.join(userDir, 'vision-events', 'w') };
    const deps = { folder, target: UNREACHABLE, log, reopenAfterMs };
    return new WorkspaceDelivery({ ...workspaceDefaults }, deps);
  };

  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'vision-events-delivery-'));
    lines = [];
    shown.length = 0;
    delivery = makeDelivery();
  });
  afterEach(async () => {
    await delivery.close(false);
    rmSync(userDir, { recursive: true, force: true });
  });

  it('tells every node that the outbox cannot be opened, the log once, and opens it by itself when it can', async () => {
    // A file where the folder belongs.
    writeFileSync(path.join(userDir, 'vision-events'), '');
    delivery.register(user);
    delivery.register(user);
    await until(() => shown.length >= 4, 'two nodes that show it twice');
    assert.deepEqual([...new Set(shown)], ['OUTBOX_IO']);
    const attempts = shown.length;
    await until(() => shown.length >= attempts + 4, 'two more attempts');
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0] ?? '', /could not be opened/);
    await assert.rejects(delivery.append([record('a')]), { code: 'OUTBOX_IO' });

    rmSync(path.join(userDir, 'vision-events'));
    await until(() => shown.at(-1) === 'idle', 'an open outbox');
    assert.equal(delivery.openingError(), undefined);
    await delivery.append([record('a')]);
    assert.equal(delivery.state()?.events, 1);
  });

  it('stops when another process takes over its folder, says so, and goes on when its turn comes again', async function () {
    // The owner file is looked at every five seconds.
    this.timeout(30_000);
    delivery = makeDelivery(1_000);
    delivery.register(user);
    await delivery.append([record('a')]);
    const lock = path.join(userDir, 'vision-events', 'w', 'lock');
    const other = { host: 'elsewhere', pid: 7, namespace: 'elsewhere net:[1]', token: 'other', beat: 0 };
    writeFileSync(lock, JSON.stringify(other));
    await until(() => shown.at(-1) === 'OUTBOX_IO', 'the loss of the folder');
    assert.equal(delivery.state(), undefined);
    await assert.rejects(delivery.append([record('b')]), {
      code: 'OUTBOX_IO',
      message: /took over .* own outbox/,
    });
    const told = lines.filter((line) => line.includes('took over'));
    assert.equal(told.length, 1, lines.join('\n'));
    assert.equal(delivery.openingError()?.message, told[0]);

    await delay(1_500);
    assert.equal(shown.at(-1), 'OUTBOX_IO', 'it came back before its turn');
    assert.equal(JSON.parse(readFileSync(lock, 'utf8')).token, 'other');
    rmSync(lock);
    await until(() => shown.at(-1) !== 'OUTBOX_IO', 'its own folder again');
    assert.equal(delivery.openingError(), undefined);
    assert.equal(delivery.state()?.events, 1);
    await delivery.append([record('b')]);
  });

  it('leaves to the next one what may still land, and nothing when it ends without a word', async () => {
    const file = path.join(userDir, 'vision-events', 'w', 'late-landings.json');
    delivery.register(user);
    await delivery.append([record('a')]);
    await until(() => (delivery.state()?.retries ?? 0) > 0, 'a retry');
    await delivery.close(false);
    const [landing] = JSON.parse(readFileSync(file, 'utf8')) as { eventId: string; forMs: number }[];
    assert.equal(landing?.eventId, 'a');
    assert.ok(landing.forMs > 20_000 && landing.forMs <= 30_000, `${landing.forMs} ms`);
    delivery = makeDelivery();
    await delivery.append([record('b')]);
    assert.equal(existsSync(file), false);
  });

  it('keeps the folder of a deleted workspace, and says where it is and how much waits', async () => {
    await delivery.append([record('a'), record('b')]);
    await delivery.close(true);
    const folder = path.join(userDir, 'vision-events', 'w');
    assert.equal(existsSync(folder), true);
    assert.match(lines.at(-1) ?? '', /was deleted/);
    assert.ok(lines.at(-1)?.includes(`${folder} (2 events wait there)`), lines.at(-1));
  });

  it('says so also when no node used it any more, and nothing when there never was one', async () => {
    const folder = path.join(userDir, 'vision-events', 'w');
    await delivery.append([record('a')]);
    await delivery.close(false);
    lines.length = 0;
    await makeDelivery().close(true);
    assert.ok(lines[0]?.includes(`is kept in ${folder}. To deliver`), lines[0]);
    rmSync(folder, { recursive: true });
    lines.length = 0;
    await makeDelivery().close(true);
    assert.deepEqual(lines, []);
  });
});

const UNREACHABLE: Target = {
  postEvent: unreachable,
  postBatch: unreachable,
  uploadPicture: unreachable,
};

function unreachable(): Promise<never> {
  return Promise.reject(Object.assign(new Error('no connection'), { code: 'NETWORK' as const }));
}

function record(eventId: string) {
  return { eventId, useCaseId: 'u', body: JSON.stringify({ eventId }), pictures: [] };
}
