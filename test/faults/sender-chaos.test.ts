import assert from 'node:assert/strict';
import { OutboxError } from '../../src/delivery/outbox/outbox';
import { failure, statusFailure, type Answer, type TargetRequest } from '../support/fake-target';
import { SenderBench, picture, record } from '../support/sender-bench';
import { isLongRun, printedSeed, rounds, seededRandom } from '../support/seed';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** What a bad day looks like: each weather lasts a while, then another one comes. */
const WEATHERS: ((random: () => number, request: TargetRequest) => Answer)[] = [
  () => undefined,
  () => undefined,
  () => failure('NETWORK'),
  (random) => statusFailure(random() < 0.5 ? 503 : 500),
  (random) => statusFailure(429, 'too many requests', random() * 300 * SECOND),
  () => statusFailure(401),
  (random) => (random() < 0.3 ? failure('TIMEOUT') : undefined),
  (random) => (random() < 0.3 ? { lost: failure('NETWORK'), landsAfter: random() * 20 * SECOND } : undefined),
  (random, { eventIds }) => (random() < 0.3 ? { omit: eventIds.filter(() => random() < 0.3) } : undefined),
  (_random, { eventIds }) => (eventIds.length > 10 ? statusFailure(413) : undefined),
];

/** At most once a day: an event that is refused twice while others are accepted in between is refused for good. */
const REFUSING_WEATHER = (): Answer => statusFailure(400);

/** @returns everything that went wrong in three hours of changing weather and two of fine weather */
async function badDay(seed: number, spoil?: (bench: SenderBench) => void): Promise<string[]> {
  const random = seededRandom(seed);
  const bench = new SenderBench({ random: seededRandom(seed + 1) });
  spoil?.(bench);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const poisoned = new Set<string>();
  const refusingStep = Math.floor(random() * 180);
  let weather = pick(WEATHERS);
  bench.target.answer = (request) =>
    request.eventIds.some((id) => poisoned.has(id)) ? statusFailure(422) : weather(random, request);

  bench.sender.start();
  const versions = new Map<string, number>();
  let appended = 0;
  for (let step = 0; step < 180; step++) {
    if (random() < 0.2) weather = pick(WEATHERS);
    if (step === refusingStep) weather = REFUSING_WEATHER;
    for (let i = Math.floor(random() * 30); i > 0; i--) {
      const id = `e${Math.floor(random() * 2000)}`;
      const version = (versions.get(id) ?? 0) + 1;
      versions.set(id, version);
      if (random() < 0.002) poisoned.add(id);
      const useCaseId = pick(['dock', 'gate', 'press']);
      const pictures = random() < 0.1 ? [picture(`${id}v${version}`)] : [];
      await bench.append(record(id, { version, useCaseId, pictures }));
      appended++;
    }
    if (random() < 0.05) bench.outbox.failNextSettle = new OutboxError('OUTBOX_IO', 'the disk is slow');
    if (random() < 0.05) bench.outbox.failNextMark = new OutboxError('OUTBOX_IO', 'the disk is slow');
    if (random() < 0.05) bench.sender.flush();
    if (random() < 0.03) {
      const stopped = bench.sender.stop(5 * SECOND);
      await bench.clock.advance(30 * SECOND);
      await stopped;
      if (bench.clock.pendingTimers > 20) return ['timers are left after stop'];
      bench.sender = bench.newSender();
      bench.sender.start();
    }
    await bench.clock.advance(random() * 2 * MINUTE);
  }
  weather = () => undefined;
  for (let minute = 0; minute < 120; minute++) {
    await bench.append(record(`fine${minute}`));
    appended++;
    await bench.clock.advance(MINUTE);
  }
  return faultsOf(bench, appended, poisoned);
}

function faultsOf(bench: SenderBench, appended: number, poisoned: Set<string>): string[] {
  const faults: string[] = [];
  const { acked, dead, events } = bench.outbox.stats();
  if (appended !== acked + dead + events)
    faults.push(`${appended} appended, ${acked}+${dead}+${events} known`);
  const wronglyWaiting = bench.outbox.waitingIds().filter((id) => !poisoned.has(id));
  if (wronglyWaiting.length > 0) faults.push(`still waiting: ${wronglyWaiting.join(' ')}`);
  const wronglyDead = bench.outbox.buried.filter(({ eventId }) => !poisoned.has(eventId));
  if (wronglyDead.length > 0)
    faults.push(`refused for good: ${wronglyDead.map(({ eventId }) => eventId).join()}`);
  for (const [id, bodies] of bench.target.stored) {
    const versions = bodies.map((body) => Number(/version (\d+)/.exec(body)?.[1]));
    if (versions.some((version, index) => version < (versions[index - 1] ?? 0))) {
      faults.push(`${id} was stored in the order ${versions.join(' ')}`);
    }
    if (new Set(bodies).size !== new Set(versions).size)
      faults.push(`${id} has several bodies of one version`);
  }
  return faults;
}

describe('a sender through a bad day', function () {
  this.timeout(isLongRun ? 300_000 : 60_000);

  it('loses nothing, buries nothing that is good, and keeps the order of versions', async () => {
    const seed = printedSeed('bad day');
    for (let round = 0; round < rounds(4); round++) {
      assert.deepEqual(await badDay(seed + round * 100), [], `seed ${seed + round * 100}`);
    }
  });

  it('control: an outbox that forgets an outcome is noticed', async () => {
    const faults = await badDay(1, ({ outbox }) => {
      const settle = outbox.settle.bind(outbox);
      let calls = 0;
      outbox.settle = (lease, outcome) => (++calls === 10 ? Promise.resolve() : settle(lease, outcome));
    });
    assert.notDeepEqual(faults, []);
  });
});
