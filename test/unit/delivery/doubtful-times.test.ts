import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ClockWatch, DoubtfulNow } from '../../../src/delivery/clock-watch';
import { DiskOutbox, type DiskOutboxOptions } from '../../../src/delivery/outbox/disk/disk-outbox';
import type { Lease, OutboxRecord } from '../../../src/delivery/outbox/outbox';
import { BATCH } from '../../support/outbox-fixture';
import { IN_1970, LAST_SHUTDOWN, RIGHT_TIME, SettableClock } from '../../support/settable-clock';

const MINUTE = 60_000;
const LOOK = 10_000;
const NOTHING = { acked: [], retry: [], dead: [] };

describe('events born before the clock was set', () => {
  let dir: string;
  let clock: SettableClock;
  let watch: ClockWatch;
  let outbox: DiskOutbox;
  const notices: { code: string; message: string }[] = [];

  const open = async (options: Partial<DiskOutboxOptions> = {}) => {
    outbox = new DiskOutbox({
      dir,
      clock,
      clockWatch: watch,
      clockLookMs: LOOK,
      freeSpaceFloorBytes: 0,
      ballastBytes: 0,
      onNotice: (notice) => notices.push(notice),
      ...options,
    });
    await outbox.open();
  };
  /** Another start of Node-RED: on the same machine, but of another process. */
  const restart = async () => {
    await outbox.close(1000);
    watch = clock.watch();
    await open();
  };
  const begin = async (wall: number) => {
    clock = new SettableClock(wall);
    watch = clock.watch();
    await open();
  };
  const storeNow = (eventId: string, extra: object = {}) => {
    const now = watch.now() as DoubtfulNow;
    return outbox.append([{ ...recordAt(now.at, eventId, extra), clock: now.setting }]);
  };
  const lease = async () => (await outbox.lease(BATCH)) ?? { events: [], isHeld: () => true };
  const texts = (codes: RegExp) =>
    notices.filter(({ code }) => codes.test(code)).map(({ message }) => message);

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'vision-events-clock-'));
    notices.length = 0;
  });
  afterEach(async () => {
    await outbox.close(1000);
    rmSync(dir, { recursive: true, force: true });
  });

  it('wait, and get their right time before they are sent; the log says how many', async () => {
    await begin(IN_1970);
    await storeNow('a');
    clock.pass(30 * MINUTE);
    await storeNow('b');
    assert.deepEqual((await lease()).events, []);
    clock.pass(90 * MINUTE);
    assert.deepEqual((await lease()).events, []);
    clock.set(RIGHT_TIME);
    const leased = await lease();
    assert.deepEqual(timesOf(leased), { a: at(RIGHT_TIME - 120 * MINUTE), b: at(RIGHT_TIME - 90 * MINUTE) });
    assert.equal(leased.events[0]?.acceptedAt, RIGHT_TIME - 120 * MINUTE);
    assert.equal(leased.events[0]?.bodyBytes, Buffer.byteLength(leased.events[0]?.body ?? ''));
    assert.match(texts(/CLOCK_WRONG/).join(), /^Set this device's clock.*1970-01-01T00:00:40.000Z/);
    assert.match(texts(/CLOCK_SET/).join(), /^This device's clock was set: 2 event/);
  });

  it('are asked for again and again, as the state of the delivery says', async () => {
    await begin(IN_1970);
    await storeNow('a');
    assert.equal(outbox.nextDueAt(), LOOK);
    clock.pass(LOOK);
    await lease();
    assert.equal(outbox.nextDueAt(), 2 * LOOK);
  });

  it('go by themselves soon after the clock was set', async () => {
    await begin(IN_1970);
    await outbox.close(1000);
    await open({ clockLookMs: 5 });
    const woken = new Promise<void>((resolve) => {
      let calls = 0;
      outbox.onAppended(() => ++calls === 2 && resolve());
    });
    await storeNow('a');
    clock.set(RIGHT_TIME);
    await woken;
    assert.ok((outbox.nextDueAt() ?? Infinity) <= clock.monotonic());
  });

  it('have the same bytes at every attempt, also after a restart', async () => {
    await begin(IN_1970);
    await storeNow('a', { comment: 'é', nested: { b: 1, a: [1.5] } });
    clock.set(RIGHT_TIME);
    const first = await lease();
    await outbox.settle(first, NOTHING);
    clock.set(RIGHT_TIME + 5 * MINUTE);
    const second = await lease();
    await restart();
    const third = await lease();
    assert.equal(second.events[0]?.body, first.events[0]?.body);
    assert.equal(third.events[0]?.body, first.events[0]?.body);
    assert.equal(third.events[0]?.acceptedAt, first.events[0]?.acceptedAt);
  });

  it('say that the time is unsure when Node-RED ended before', async () => {
    await begin(IN_1970);
    await storeNow('a', { customMetadata: { line: 4 } });
    clock.set(RIGHT_TIME);
    await restart();
    const [event] = (await lease()).events;
    assert.deepEqual(JSON.parse(event?.body ?? ''), {
      eventId: 'a',
      timestamp: at(IN_1970),
      customMetadata: { line: 4, clock_unsure: true },
    });
    assert.equal(event?.bodyBytes, Buffer.byteLength(event?.body ?? ''));
  });

  it('are put right also when they were deployed anew meanwhile', async () => {
    await begin(IN_1970);
    await storeNow('a');
    await outbox.close(1000);
    await open();
    assert.deepEqual((await lease()).events, []);
    clock.pass(MINUTE);
    clock.set(RIGHT_TIME);
    assert.deepEqual(timesOf(await lease()), { a: at(RIGHT_TIME - MINUTE) });
  });

  it('at the time of the last shutdown: those not yet sent are put right, those sent keep their bytes', async () => {
    await begin(LAST_SHUTDOWN);
    await storeNow('sent');
    await outbox.settle(await lease(), NOTHING);
    await storeNow('waiting');
    clock.pass(20 * MINUTE);
    clock.set(RIGHT_TIME);
    await storeNow('later');
    assert.deepEqual(timesOf(await lease()), {
      sent: at(LAST_SHUTDOWN),
      waiting: at(RIGHT_TIME - 20 * MINUTE),
      later: at(RIGHT_TIME),
    });
    assert.match(texts(/CLOCK/).join(), /: 1 event/);
  });

  it('of a clock that is set after the first hour keep their time', async () => {
    await begin(LAST_SHUTDOWN);
    await storeNow('a');
    clock.pass(61 * MINUTE);
    clock.set(RIGHT_TIME);
    assert.deepEqual(timesOf(await lease()), { a: at(LAST_SHUTDOWN) });
    assert.deepEqual(texts(/CLOCK/), []);
  });

  it('with a time of the flow leave at once, and as they are', async () => {
    await begin(IN_1970);
    await outbox.append([recordAt(RIGHT_TIME, 'a')]);
    assert.deepEqual(timesOf(await lease()), { a: at(RIGHT_TIME) });
    assert.deepEqual(texts(/CLOCK/), []);
  });

  it('are right on the disk when the clock was set while their message waited for its turn', async () => {
    await begin(IN_1970);
    const { setting } = watch.now() as DoubtfulNow;
    clock.pass(1000);
    clock.set(RIGHT_TIME);
    await outbox.append([{ ...recordAt(IN_1970, 'a'), clock: setting }]);
    assert.deepEqual(timesOf(await lease()), { a: at(RIGHT_TIME - 1000) });
  });

  it('that are refused have their right time among the refused events', async () => {
    await begin(IN_1970);
    await storeNow('a');
    clock.set(RIGHT_TIME);
    const leased = await lease();
    const dead = leased.events.map(({ id }) => ({ id, code: 'EVENT_REJECTED', why: 'bad' }));
    await outbox.settle(leased, { ...NOTHING, dead });
    const [letter] = await outbox.deadLetters.list();
    assert.equal((letter?.event as { timestamp: string }).timestamp, at(RIGHT_TIME));
    await outbox.deadLetters.retry();
    assert.deepEqual(timesOf(await lease()), { a: at(RIGHT_TIME) });
  });

  it('that were given up meanwhile are not counted', async () => {
    await begin(IN_1970);
    await outbox.close(1000);
    await open({ maxEvents: 2, whenFull: 'drop-oldest' });
    for (const id of ['a', 'b', 'c']) await storeNow(id);
    clock.set(RIGHT_TIME);
    assert.deepEqual(timesOf(await lease()), { b: at(RIGHT_TIME), c: at(RIGHT_TIME) });
    assert.match(texts(/CLOCK_SET/).join(), /: 2 event/);
  });

  it('take one note a chunk', async () => {
    await begin(IN_1970);
    for (let n = 0; n < 30; n++) await storeNow(`e${n}`);
    clock.set(RIGHT_TIME);
    await lease();
    const chunks = path.join(dir, 'chunks');
    const written = readdirSync(chunks).map((name) => readFileSync(path.join(chunks, name), 'latin1'));
    const notes = written.join('').match(/\{"shifted":\[[^\]]*\],"by":(\d+)\}/g) ?? [];
    assert.equal(notes.length, 1);
    assert.equal((JSON.parse(notes[0] ?? '') as { shifted: string[] }).shifted.length, 30);
  });
});

function recordAt(moment: number, eventId: string, extra: object = {}): OutboxRecord {
  const body = JSON.stringify({ eventId, timestamp: at(moment), ...extra });
  return { eventId, useCaseId: 'line-1', body, pictures: [] };
}

const at = (moment: number): string => new Date(moment).toISOString();

const timesOf = ({ events }: Lease): Record<string, string> =>
  Object.fromEntries(
    events.map(({ eventId, body }) => [eventId, (JSON.parse(body) as { timestamp: string }).timestamp]),
  );
