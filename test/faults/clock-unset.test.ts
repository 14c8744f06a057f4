import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ClockWatch, DoubtfulNow } from '../../src/delivery/clock-watch';
import type { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import type { Lease, StoredEvent } from '../../src/delivery/outbox/outbox';
import { BATCH, SIM_DIR, simOutbox } from '../support/outbox-fixture';
import { isLongRun, printedSeed, rounds, seededRandom } from '../support/seed';
import { IN_1970, RIGHT_TIME, SettableClock } from '../support/settable-clock';
import { SimDisk } from '../support/sim-disk';

const MINUTE = 60_000;
const NOTHING = { acked: [], retry: [], dead: [] };
const never = () => new Promise<boolean>(() => undefined);

/** What is known of an event that was handed over. */
interface Known {
  /** the time in its text, ms */
  written: number;
  /** when it happened in truth, ms */
  truth: number;
  ofFlow: boolean;
  bornUnset: boolean;
  /** a number for each start of Node-RED */
  process: number;
  isSafe: boolean;
  /** as it was sent first */
  body?: string;
  isAcked: boolean;
}

/**
 * A gateway boots in 1970, is set at some time, loses its power and boots again. Everything that is sent is compared
 * with the truth.
 */
class Gateway {
  private readonly disk = new SimDisk();
  private readonly events = new Map<string, Known>();
  private readonly clock = new SettableClock(IN_1970);
  private elapsed = 0;
  private process = 0;
  private isSet = false;
  private watch: ClockWatch;
  private outbox: DiskOutbox | undefined;
  private death = never();
  readonly counts = { right: 0, unsure: 0, ofFlow: 0, again: 0, crashes: 0 };

  constructor(
    private readonly random: () => number,
    private readonly makeWatch: (clock: SettableClock) => ClockWatch,
  ) {
    this.watch = makeWatch(this.clock);
  }

  async run(steps: number): Promise<void> {
    await this.start();
    for (let step = 0; step < steps; step++) await this.act();
    this.setClock();
    await this.crash();
    while (await this.deliver(true));
    for (const [id, { isSafe, isAcked }] of this.events) assert.ok(!isSafe || isAcked, `${id} was lost`);
    await this.outbox?.close(1000);
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private async act(): Promise<void> {
    const choice = this.below(100);
    this.pass(this.below(5 * MINUTE));
    if (choice < 45) await this.store();
    else if (choice < 75) await this.deliver(choice < 60);
    else if (choice < 80) this.setClock();
    else if (choice < 85) await this.deploy();
    else if (choice < 88) await this.crash();
    else await this.dieSoon();
  }

  /**
   * In the midst of one of its next changes; at once when the disk, told so before, died of a change in the background.
   */
  private async dieSoon(): Promise<void> {
    if (await this.lived(nextTurn())) this.death = this.disk.dieAfter(this.below(12)).then(() => false);
  }

  private pass(ms: number): void {
    this.clock.pass(ms);
    this.elapsed += ms;
  }

  private truth(): number {
    return RIGHT_TIME + this.elapsed;
  }

  private setClock(): void {
    this.clock.set(this.truth());
    this.isSet = true;
  }

  private async start(): Promise<void> {
    this.death = never();
    this.disk.neverDie();
    this.outbox = simOutbox(this.disk, {
      dir: SIM_DIR,
      clock: this.clock,
      clockWatch: this.watch,
      random: this.random,
    });
    await this.outbox.open();
  }

  /** Boots without a battery, or only the process dies and the clock stays. */
  private async crash(): Promise<void> {
    this.counts.crashes++;
    this.disk.crash(this.random);
    if (this.below(3) === 0) {
      this.clock.set(IN_1970);
      this.isSet = false;
    }
    this.process++;
    this.watch = this.makeWatch(this.clock);
    await this.start();
  }

  private async deploy(): Promise<void> {
    if (await this.lived(this.outbox?.close(1000))) await this.start();
  }

  /** Crashes when the power goes first. */
  private async lived(work: Promise<unknown> | undefined): Promise<boolean> {
    const isAlive = await Promise.race([Promise.resolve(work).then(() => true), this.death]);
    if (!isAlive) await this.crash();
    return isAlive;
  }

  private async store(): Promise<void> {
    const eventId = `e${this.events.size}`;
    const ofFlow = this.below(4) === 0;
    const now = this.watch.now();
    const written = ofFlow ? this.truth() - 1234 : now instanceof DoubtfulNow ? now.at : now;
    const known: Known = {
      written,
      truth: this.truth(),
      ofFlow,
      bornUnset: !this.isSet,
      process: this.process,
      isSafe: false,
      isAcked: false,
    };
    this.events.set(eventId, known);
    const record = {
      eventId,
      useCaseId: 'line-1',
      body: JSON.stringify({ eventId, timestamp: new Date(written).toISOString() }),
      pictures: [],
      ...(!ofFlow && now instanceof DoubtfulNow && { clock: now.setting }),
    };
    // The disk takes its time; now and then the clock is set meanwhile.
    const appended = this.outbox?.append([record]);
    if (this.below(20) === 0) this.setClock();
    if (await this.lived(appended)) known.isSafe = true;
  }

  /** @returns false when nothing is due, or the power went */
  private async deliver(isAcked: boolean): Promise<boolean> {
    let lease: Lease | undefined;
    const leasing = async () => (lease = await this.outbox?.lease(BATCH));
    if (!(await this.lived(leasing())) || !lease) return false;
    for (const event of lease.events) this.check(event);
    const acked = isAcked ? lease.events.map(({ id }) => id) : [];
    // Should the power go now, that may be on the disk or not.
    if (isAcked) for (const { eventId } of lease.events) this.know(eventId).isAcked = true;
    return this.lived(this.outbox?.settle(lease, { ...NOTHING, acked }));
  }

  private know(eventId: string): Known {
    const known = this.events.get(eventId);
    assert.ok(known, `${eventId} was never stored`);
    return known;
  }

  private check({ eventId, body }: StoredEvent): void {
    const known = this.know(eventId);
    if (known.body !== undefined) {
      assert.equal(body, known.body, `${eventId} was sent again with other bytes`);
      this.counts.again++;
      return;
    }
    known.body = body;
    const { timestamp, customMetadata } = JSON.parse(body) as { timestamp: string; customMetadata?: object };
    const sent = Date.parse(timestamp);
    if (customMetadata) {
      assert.deepEqual(customMetadata, { clock_unsure: true });
      assert.ok(!known.ofFlow && known.bornUnset && known.process < this.process, `${eventId} is not unsure`);
      assert.equal(sent, known.written);
      this.counts.unsure++;
    } else {
      const expected = known.ofFlow ? known.written : known.truth;
      assert.ok(Math.abs(sent - expected) <= 1, `${eventId} is ${(sent - expected) / 1000} s off`);
      this.counts[known.ofFlow ? 'ofFlow' : 'right']++;
    }
  }
}

/** A watch that never notices that the clock was set. */
class BlindWatch extends ClockWatch {
  private readonly first = super.look();

  override look() {
    return this.first;
  }
}

describe('fault 30: the clock is not set when events happen', function () {
  this.timeout(isLongRun ? 15 * 60_000 : 120_000);

  it('every event has its right time or says that it is unsure, and the same bytes at each attempt', async () => {
    const seed = printedSeed('clock unset');
    const sum = { right: 0, unsure: 0, ofFlow: 0, again: 0, crashes: 0 };
    for (let round = 0; round < rounds(60, 3000); round++) {
      const gateway = new Gateway(seededRandom(seed + round), (clock) => clock.watch());
      await gateway.run(60).catch((error: unknown) => {
        throw new Error(`seed ${seed + round}`, { cause: error });
      });
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += gateway.counts[name];
    }
    for (const [name, count] of Object.entries(sum)) assert.ok(count > 50, `${name}: only ${count}`);
  });

  it('control: a watch that does not notice it gives wrong times', async () => {
    const runs = Array.from({ length: 5 }, (_, seed) =>
      new Gateway(seededRandom(seed), (clock) => new BlindWatch(clock)).run(60),
    );
    const faults = await Promise.all(runs.map((run) => run.then(() => '', String)));
    assert.match(faults.join(), / s off/);
  });
});
