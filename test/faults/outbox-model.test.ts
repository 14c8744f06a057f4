import assert from 'node:assert/strict';
import { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import type { Lease, OutboxRecord, Settlement, StoredEvent } from '../../src/delivery/outbox/outbox';
import { withoutLock } from '../support/outbox-fixture';
import { chooseSeed, isLongRun, seededRandom } from '../support/seed';
import { SimDisk } from '../support/sim-disk';

/**
 * Random sequences of everything an outbox does, on a disk that forgets, held against a model of a few lines: which
 * events must be there, which may be there, which must not. Replay: VISION_EVENTS_SEED=<seed> (then one sequence).
 */
const SEQUENCES = isLongRun ? 10_000 : 200;
const STEPS = 25;
const DIR = '/outbox';
const BATCH = { events: 100, bytes: 1024 * 1024 };

/** `maybe-…`: the power went before the outbox had answered. */
type Fate = 'maybe-queued' | 'queued' | 'maybe-gone' | 'gone' | 'maybe-dead' | 'dead' | 'maybe-revived';

interface Modelled {
  record: OutboxRecord;
  fate: Fate;
  uploaded: Set<string>;
}

const MAY_WAIT: Fate[] = ['maybe-queued', 'queued', 'maybe-gone', 'maybe-dead', 'maybe-revived'];
const MAY_BE_DEAD: Fate[] = ['maybe-dead', 'dead', 'maybe-revived', 'maybe-gone'];

class Sequence {
  private readonly random: () => number;
  private readonly disk = new SimDisk();
  private readonly model = new Map<string, Modelled>();
  private outbox!: DiskOutbox;
  /** what was called back from the dead letters queues up behind its juniors */
  private readonly revived = new Set<string>();
  private leases: Lease[] = [];
  private time = 1_000;
  private lastBody = 0;
  private dead = false;
  private death: Promise<'died'> = new Promise(() => undefined);

  constructor(seed: number, flushLies = false) {
    this.random = seededRandom(seed);
    this.disk.flushLies = flushLies;
    // To every other sequence its files look old.
    if (seed % 2 === 0) this.disk.now = () => this.time;
  }

  async run(): Promise<void> {
    await this.reopen();
    for (let step = 0; step < STEPS; step++) {
      // The power may also go while only looking, by a change that was still under way.
      await Promise.race([this.act(), this.death.then(() => (this.dead = true))]);
      if (this.dead) await this.afterCrash();
    }
    await this.answered(this.outbox.close(1_000));
    await this.afterCrash();
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** Now and then the power goes again while the outbox is still reading. */
  private async reopen(): Promise<void> {
    while (!(await this.openOnce())) this.disk.crash(this.random);
  }

  private async openOnce(): Promise<boolean> {
    this.leases = [];
    this.outbox = new DiskOutbox({
      dir: DIR,
      files: this.disk.mount(),
      random: this.random,
      clock: { now: () => this.time, monotonic: () => this.time },
      freeSpaceFloorBytes: 0,
      ballastBytes: 0,
      lock: withoutLock,
    });
    const death =
      this.below(5) === 0 ? this.disk.dieAfter(this.below(12)) : new Promise<void>(() => undefined);
    const opened = await Promise.race([this.outbox.open().then(() => true), death.then(() => false)]);
    if (opened) this.disk.neverDie();
    return opened;
  }

  private async act(): Promise<void> {
    this.time += this.below(50);
    const choice = this.below(100);
    if (choice < 35) await this.append();
    else if (choice < 55) await this.lease();
    else if (choice < 78) await this.settle();
    else if (choice < 86) await this.upload();
    else if (choice < 90) await this.orderDeadLetters();
    else if (choice < 93) await this.closeAndReopen();
    else this.armCrash();
  }

  /** The power goes at one of the next changes to the disk. */
  private armCrash(): void {
    this.death = this.disk.dieAfter(this.below(25)).then(() => 'died');
  }

  /** True when the outbox answered, false when the power went first. */
  private async answered(promise: Promise<unknown>): Promise<boolean> {
    const outcome = await Promise.race([promise.then(() => 'answered'), this.death]);
    this.dead = outcome === 'died';
    return !this.dead;
  }

  private async afterCrash(): Promise<void> {
    this.dead = false;
    this.death = new Promise(() => undefined);
    this.disk.crash(this.random);
    await this.reopen();
    await this.compare();
  }

  private async append(): Promise<void> {
    const groups = Array.from({ length: 1 + this.below(3) }, () =>
      Array.from({ length: this.below(10) === 0 ? 120 : 1 + this.below(3) }, () => this.makeRecord()),
    );
    const finished = groups.map(async (records) => {
      await this.outbox.append(records);
      for (const { body } of records) this.know(body).fate = 'queued';
    });
    await this.answered(Promise.all(finished));
  }

  private makeRecord(): OutboxRecord {
    const eventId = `e${this.below(30)}`;
    const body = JSON.stringify({ n: ++this.lastBody, pad: 'x'.repeat(this.below(900)) });
    const roles = (['output', 'input'] as const).slice(0, Math.max(0, this.below(5) - 2));
    const pictures = roles.map((role) => ({
      role,
      mediaType: 'image/png',
      name: `${role}.png`,
      bytes: Buffer.alloc(this.below(2_000), `${this.lastBody}`),
    }));
    const record = { eventId, useCaseId: `u${this.below(2)}`, body, pictures };
    this.model.set(body, { record, fate: 'maybe-queued', uploaded: new Set() });
    return record;
  }

  private know(body: string): Modelled {
    const modelled = this.model.get(body);
    assert.ok(modelled, `the outbox made up an event: ${body}`);
    return modelled;
  }

  private async lease(): Promise<void> {
    const newest = this.below(4) === 0;
    const max = { events: 1 + this.below(100), bytes: 200 + this.below(20_000), newest };
    let lease: Lease | undefined;
    const answered = await this.answered(
      this.outbox.lease(max).then((found) => {
        lease = found;
      }),
    );
    if (!answered || !lease) return;
    for (const event of lease.events) await this.checkEvent(event, ['queued']);
    const held = new Set(this.leases.flatMap(({ events }) => events.map(({ eventId }) => eventId)));
    for (const { eventId } of lease.events) {
      assert.ok(!held.has(eventId), `${eventId} was leased twice at a time`);
      held.add(eventId);
    }
    this.leases.push(lease);
  }

  /** Right bytes, right pictures, nothing uploaded forgotten, and no older event with its id left behind. */
  private async checkEvent(event: StoredEvent, allowed: Fate[]): Promise<void> {
    const modelled = this.know(event.body);
    assert.ok(allowed.includes(modelled.fate), `a ${modelled.fate} event waits: ${event.body.slice(0, 20)}`);
    assert.equal(event.eventId, modelled.record.eventId);
    for (const picture of event.pictures) {
      const original = modelled.record.pictures.find(({ role }) => role === picture.role);
      assert.deepEqual(Buffer.from(await picture.read()), original?.bytes);
      if (modelled.uploaded.has(picture.role)) assert.equal(picture.sourceId, `src-${picture.role}`);
    }
    assert.equal(event.pictures.length, modelled.record.pictures.length);
  }

  private async settle(): Promise<void> {
    const lease = this.leases.splice(this.below(this.leases.length), 1)[0];
    if (!lease) return;
    const outcome: Settlement = { acked: [], retry: [], dead: [] };
    const fates: [Modelled, Fate][] = [];
    const wholesale = this.below(2) === 0;
    for (const { id, body } of lease.events) {
      const choice = wholesale ? 0 : this.below(4);
      const modelled = this.know(body);
      if (choice === 0) {
        outcome.acked.push(id);
        modelled.fate = 'maybe-gone';
        fates.push([modelled, 'gone']);
      } else if (choice === 1) {
        outcome.dead.push({ id, code: 'REJECTED', why: 'no' });
        modelled.fate = 'maybe-dead';
        fates.push([modelled, 'dead']);
      } else if (choice === 2) {
        outcome.retry.push({ id, at: this.time + this.below(100), why: 'later' });
      }
    }
    if (await this.answered(this.outbox.settle(lease, outcome))) {
      for (const [modelled, fate] of fates) modelled.fate = fate;
    }
  }

  private async upload(): Promise<void> {
    const events = this.leases.flatMap(({ events }) => events).filter(({ pictures }) => pictures.length > 0);
    const event = events[this.below(events.length)];
    const [picture] = event?.pictures ?? [];
    if (!event || !picture) return;
    const { role } = picture;
    if (this.below(3) === 0) await this.answered(this.outbox.markSent(event.id));
    if (this.dead) return;
    if (await this.answered(this.outbox.markUploaded(event.id, picture, `src-${role}`))) {
      this.know(event.body).uploaded.add(role);
    }
  }

  private async orderDeadLetters(): Promise<void> {
    const letters = await this.outbox.deadLetters.list(1_000);
    const letter = letters[this.below(letters.length)];
    if (!letter) return;
    const modelled = this.know(JSON.stringify(letter.event));
    if (this.below(2) === 0) {
      modelled.fate = 'maybe-gone';
      if (await this.answered(this.outbox.deadLetters.discard([letter.id]))) modelled.fate = 'gone';
    } else {
      modelled.fate = 'maybe-revived';
      this.revived.add(JSON.stringify(letter.event));
      if (await this.answered(this.outbox.deadLetters.retry([letter.id]))) modelled.fate = 'queued';
    }
  }

  private async closeAndReopen(): Promise<void> {
    if (!(await this.answered(this.outbox.close(1_000)))) return;
    this.disk.crash(this.random);
    await this.reopen();
    await this.compare();
  }

  /** Looks at everything that waits and at the dead letters, then gives it all back. */
  private async compare(): Promise<void> {
    const letters = await this.outbox.deadLetters.list(10_000);
    const dead = new Set<string>();
    for (const { event } of letters) {
      const body = JSON.stringify(event);
      dead.add(body);
      const { fate } = this.know(body);
      assert.ok(MAY_BE_DEAD.includes(fate), `a ${fate} event is dead: ${body.slice(0, 20)}`);
    }
    const waiting = await this.drainAndGiveBack();
    for (const [body, modelled] of this.model)
      this.collapse(body, modelled, waiting.has(body), dead.has(body));
  }

  private collapse(body: string, modelled: Modelled, waits: boolean, isDead: boolean): void {
    const { fate } = modelled;
    const name = body.slice(0, 20);
    assert.ok(!(waits && isDead), `${name} waits and is dead`);
    if (fate === 'queued') assert.ok(waits, `${name} is lost`);
    if (fate === 'dead') assert.ok(isDead, `the dead letter ${name} is lost`);
    if (fate === 'maybe-dead' || fate === 'maybe-revived')
      assert.ok(waits || isDead, `${name} is lost (${fate})`);
    modelled.fate = waits ? 'queued' : isDead ? 'dead' : 'gone';
  }

  private async drainAndGiveBack(): Promise<Set<string>> {
    const bodies = new Set<string>();
    const leases: Lease[] = [];
    const lastOfId = new Map<string, number>();
    // Events behind one with their id come out once it is taken out of the way, so drain on a copy of the disk.
    const copy = await this.openCopy();
    for (let lease = await copy.lease(BATCH); lease; lease = await copy.lease(BATCH)) {
      leases.push(lease);
      for (const event of lease.events) {
        await this.checkEvent(event, MAY_WAIT);
        assert.ok(!bodies.has(event.body), `${event.body.slice(0, 20)} is there twice`);
        bodies.add(event.body);
        this.checkOrder(event, lastOfId);
      }
      await copy.settle(lease, { acked: lease.events.map(({ id }) => id), retry: [], dead: [] });
    }
    await copy.close(1_000);
    return bodies;
  }

  /** Appends of one event id come out in order, save those that came back from the dead. */
  private checkOrder({ eventId, body }: StoredEvent, lastOfId: Map<string, number>): void {
    const { n } = JSON.parse(body) as { n: number };
    if (this.revived.has(body)) return;
    assert.ok(n > (lastOfId.get(eventId) ?? 0), `${eventId}: ${n} came after ${lastOfId.get(eventId)}`);
    lastOfId.set(eventId, n);
  }

  private async openCopy(): Promise<DiskOutbox> {
    const copy = new SimDisk();
    for (const path of this.disk.paths()) copy.plant(path, this.disk.bytesOf(path));
    const outbox = new DiskOutbox({
      dir: DIR,
      files: copy.mount(),
      clock: { now: () => this.time, monotonic: () => this.time },
      freeSpaceFloorBytes: 0,
      ballastBytes: 0,
      lock: withoutLock,
    });
    await outbox.open();
    return outbox;
  }
}

describe('outbox against a model, on a disk that forgets', () => {
  it(`${SEQUENCES} random sequences agree with the model`, async function () {
    this.timeout(isLongRun ? 3_600_000 : 240_000);
    const first = chooseSeed();
    console.log(`      seeds from ${first}; replay one with VISION_EVENTS_SEED=<seed>`);
    const count = process.env.VISION_EVENTS_SEED === undefined ? SEQUENCES : 1;
    for (let seed = first; seed < first + count; seed++) {
      await new Sequence(seed).run().catch((error: unknown) => {
        throw new Error(`sequence with seed ${seed} failed: ${(error as Error).message}`, { cause: error });
      });
    }
  });

  it('control: with a disk whose flushes lie, sequences fail', async function () {
    this.timeout(240_000);
    let failed = 0;
    for (let seed = 1; seed <= 20; seed++) {
      await new Sequence(seed, true).run().catch(() => failed++);
    }
    assert.ok(failed >= 10, `only ${failed} of 20 sequences noticed: the harness is blind`);
  });
});
