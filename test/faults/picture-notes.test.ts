import assert from 'node:assert/strict';
import type { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import { Sender } from '../../src/delivery/sender/sender';
import { FakeClock, settled } from '../support/fake-clock';
import { failure, FakeTarget, type Answer } from '../support/fake-target';
import { simOutbox } from '../support/outbox-fixture';
import { picture, record } from '../support/sender-bench';
import { SimDisk } from '../support/sim-disk';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const PICTURE_BYTES = 2000;
const STEP = 100;
const TURNS_OF_THE_DISK = 5;
/** Room for three events with a picture. */
const MAX_BYTES = 8000;

type Spoil = (outbox: DiskOutbox) => void;

/** An outbox on a simulated disk and its sender, which may be killed and started again. */
class Gateway {
  readonly disk = new SimDisk();
  readonly clock = new FakeClock();
  readonly target = new FakeTarget(this.clock);
  outbox!: DiskOutbox;
  sender!: Sender;

  private constructor(private readonly spoil: Spoil) {
    this.disk.now = () => this.clock.now();
  }

  static async start(spoil: Spoil = () => undefined): Promise<Gateway> {
    const gateway = new Gateway(spoil);
    await gateway.start();
    return gateway;
  }

  async start(): Promise<void> {
    const { clock, target } = this;
    this.outbox = simOutbox(this.disk, { clock, maxBytes: MAX_BYTES, whenFull: 'shed-images' });
    this.spoil(this.outbox);
    await this.outbox.open();
    this.sender = new Sender({ outbox: this.outbox, target, clock, random: () => 0.5 });
    this.sender.start();
  }

  async killAndStart(): Promise<void> {
    this.disk.crash();
    void this.sender.stop(0);
    await this.start();
  }

  async append(eventId: string): Promise<void> {
    const bytes = Buffer.alloc(PICTURE_BYTES, eventId);
    await this.outbox.append([record(eventId, { pictures: [{ ...picture(eventId), bytes }] })]);
  }

  /** Every body of the event that the target stored, once each. */
  bodies(eventId: string): string[] {
    return [...new Set(this.target.stored.get(eventId))];
  }

  /**
   * Lets so much time pass. The disk takes turns of the event loop of its own, which a step of the clock does not wait
   * for.
   */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP) {
      await this.clock.advance(STEP);
      for (let turn = 0; turn < TURNS_OF_THE_DISK; turn++) await settled();
    }
  }

  /** From now on the disk takes nothing at all, as one that was mounted read-only after an error. */
  refuseWrites(): void {
    this.disk.fault = () => ({ fail: 'EROFS' });
  }

  takeWrites(): void {
    this.disk.fault = () => undefined;
  }
}

describe('fault 28: the disk does not take what became of a picture', () => {
  /**
   * The note on an upload fails while the disk is read-only; then the process is killed. @returns the bodies of the
   * event
   */
  async function uploadNotNoted(spoil?: Spoil): Promise<string[]> {
    const gateway = await Gateway.start(spoil);
    const { target } = gateway;
    target.answer = ({ kind }): Answer => {
      if (kind === 'picture') gateway.refuseWrites();
      return undefined;
    };
    await gateway.append('x');
    await gateway.pass(MINUTE);
    gateway.takeWrites();
    target.answer = () => undefined;
    await gateway.killAndStart();
    await gateway.pass(MINUTE);
    assert.equal(gateway.outbox.stats().events, 0);
    assert.equal(target.pictures.length, 2, 'uploaded again after the crash, which nothing can spare');
    return gateway.bodies('x');
  }

  it('an event is not sent with a sourceId that could not be written down', async () => {
    assert.equal((await uploadNotNoted()).length, 1);
  });

  it('control: an outbox that uses it all the same sends two bodies', async () => {
    assert.equal((await uploadNotNoted(usingUnwrittenIds)).length, 2);
  });

  it('an upload is noted as soon as the disk takes it, and the picture not uploaded again', async () => {
    const gateway = await Gateway.start();
    gateway.target.answer = ({ kind }): Answer => {
      if (kind === 'picture') gateway.refuseWrites();
      return undefined;
    };
    await gateway.append('x');
    await gateway.pass(MINUTE);
    assert.deepEqual(gateway.bodies('x'), []);
    gateway.takeWrites();
    await gateway.pass(2 * MINUTE);
    assert.match(gateway.bodies('x').join(), /ve-img-1-x/);
    assert.equal(gateway.target.pictures.length, 1);
    assert.equal(gateway.outbox.stats().events, 0);
  });

  /**
   * A picture is given up while the disk is read-only, the link comes back, the process is killed. @returns the bodies
   * of the event
   */
  async function shedNotNoted(spoil?: Spoil): Promise<string[]> {
    const gateway = await Gateway.start(spoil);
    const { target, outbox, sender } = gateway;
    sender.pause();
    for (const id of ['x', 'y', 'z']) await gateway.append(id);
    gateway.refuseWrites();
    await assert.rejects(gateway.append('more'), { code: 'OUTBOX_IO' });
    assert.equal(outbox.stats().shedPictures, 1);
    sender.resume();
    await gateway.pass(20 * SECOND);
    gateway.takeWrites();
    await gateway.killAndStart();
    await gateway.pass(2 * MINUTE);
    assert.equal(gateway.outbox.stats().events, 0);
    assert.equal(target.stored.size, 3);
    return gateway.bodies('x');
  }

  it('an event is not sent without a picture before it is written down that the picture was given up', async () => {
    const bodies = await shedNotNoted();
    assert.equal(bodies.length, 1);
    assert.match(bodies.join(), /sourceId/);
  });

  it('control: an outbox that sends it all the same sends two bodies', async () => {
    assert.equal((await shedNotNoted(forgettingUnwrittenSheds)).length, 2);
  });

  it('it is written down later, and the event sent without its picture', async () => {
    const gateway = await Gateway.start();
    gateway.sender.pause();
    for (const id of ['x', 'y', 'z']) await gateway.append(id);
    gateway.refuseWrites();
    await assert.rejects(gateway.append('more'), { code: 'OUTBOX_IO' });
    gateway.takeWrites();
    gateway.sender.resume();
    await gateway.pass(MINUTE);
    assert.match(gateway.bodies('x').join(), /pictures_shed/);
    assert.equal(gateway.outbox.stats().events, 0);
  });
});

describe('fault 29: the outbox is full while an event with its picture may be stored already', () => {
  /**
   * The first request is carried out, but nobody hears of it; then the outbox fills while the link is down, and drains.
   */
  async function fullAfterUnheardRequest(unheard: (gateway: Gateway) => Promise<void>, spoil?: Spoil) {
    const gateway = await Gateway.start(spoil);
    const { target } = gateway;
    target.takePacked();
    await unheard(gateway);
    assert.equal(gateway.bodies('x').length, 1);
    target.answer = () => failure('NETWORK');
    for (const id of ['y', 'z', 'more']) await gateway.append(id);
    assert.equal(gateway.outbox.stats().shedPictures, 1);
    await gateway.pass(MINUTE);
    target.answer = () => undefined;
    await gateway.pass(3 * MINUTE);
    assert.equal(gateway.outbox.stats().events, 0);
    return gateway;
  }

  const UNHEARD: Record<string, (gateway: Gateway) => Promise<void>> = {
    'the answer was lost': async (gateway) => {
      gateway.target.answer = () => ({ lost: failure('NETWORK'), landsAfter: 0 });
      await gateway.append('x');
      await gateway.pass(3 * STEP);
    },
    'the process was killed before the answer': async (gateway) => {
      gateway.target.latency = 5 * SECOND;
      gateway.target.answer = (request) => {
        gateway.target.land(request);
        return undefined;
      };
      await gateway.append('x');
      await gateway.pass(3 * STEP);
      gateway.target.latency = 20;
      gateway.target.answer = () => failure('NETWORK');
      await gateway.killAndStart();
      await gateway.pass(3 * STEP);
    },
  };

  for (const [how, unheard] of Object.entries(UNHEARD)) {
    it(`keeps its picture, and gives up the next one, when ${how}`, async () => {
      const gateway = await fullAfterUnheardRequest(unheard);
      assert.equal(gateway.bodies('x').length, 1);
      assert.match(gateway.bodies('y').join(), /pictures_shed/);
    });

    it(`control: an outbox that does not know what was sent overwrites it by a poorer one when ${how}`, async () => {
      const gateway = await fullAfterUnheardRequest(unheard, (outbox) => {
        outbox.markSent = () => Promise.resolve();
      });
      assert.match(gateway.target.shown('x') ?? '', /pictures_shed/);
    });
  }
});

/** Has a sourceId at the next lease, although the note on it failed. */
function usingUnwrittenIds(outbox: DiskOutbox): void {
  const ids = new Map<string, string>();
  const mark = outbox.markUploaded.bind(outbox);
  outbox.markUploaded = (id, role, sourceId) => {
    ids.set(id, sourceId);
    return mark(id, role, sourceId);
  };
  const lease = outbox.lease.bind(outbox);
  outbox.lease = async (max) => {
    const found = await lease(max);
    for (const { id, pictures } of found?.events ?? []) {
      for (const stored of pictures) stored.sourceId ??= ids.get(id);
    }
    return found;
  };
}

/** Takes every picture that was given up for one of which that is written down. */
function forgettingUnwrittenSheds(outbox: DiskOutbox): void {
  const { unwrittenSheds } = outbox as unknown as { unwrittenSheds: Map<unknown, unknown> };
  unwrittenSheds.set = () => unwrittenSheds;
}
