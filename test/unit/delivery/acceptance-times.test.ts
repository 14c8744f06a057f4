import assert from 'node:assert/strict';
import { momentOf } from '../../../src/delivery/outbox/outbox';
import { AcceptanceTimes } from '../../../src/delivery/outbox/disk/moment';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 5, 1);
const FIRST_EVENT = 10;

/** A machine with a clock that can be set, and that can sleep. */
class Machine {
  private wall: number;
  private awake = 0;
  private slept = 0;
  readonly times: AcceptanceTimes;

  constructor(startedAt = NOW) {
    this.wall = startedAt;
    this.times = new AcceptanceTimes(this, FIRST_EVENT);
  }

  now = () => this.wall;
  monotonic = () => this.awake;
  sinceBoot = () => this.awake + this.slept;

  pass(ms: number): this {
    this.wall += ms;
    this.awake += ms;
    return this;
  }

  sleep(ms: number): this {
    this.wall += ms;
    this.slept += ms;
    return this;
  }

  setClock(by: number): this {
    this.wall += by;
    return this;
  }

  accept(event: number): this {
    this.times.note(event);
    return this;
  }

  age(event: number, acceptedAt: number): number {
    return this.wall - this.times.asOfNow(event, acceptedAt, momentOf(this));
  }
}

describe('AcceptanceTimes', () => {
  it('leaves the times alone while the clock runs, also when it is corrected a little', () => {
    const machine = new Machine().accept(10).pass(HOUR).setClock(1_500);
    assert.equal(machine.age(10, NOW), HOUR + 1_500);
  });

  for (const by of [DAY, -DAY]) {
    it(`knows the age of events from before and after a clock was set by ${by / DAY} day`, () => {
      const machine = new Machine().accept(10).pass(MINUTE).setClock(by).accept(11).pass(MINUTE);
      assert.equal(machine.age(10, NOW), 2 * MINUTE);
      assert.equal(machine.age(11, NOW + MINUTE + by), MINUTE);
      machine.setClock(-by);
      assert.equal(machine.age(10, NOW), 2 * MINUTE);
      assert.equal(machine.age(11, NOW + MINUTE + by), MINUTE);
    });
  }

  it('counts the sleep of the machine, also when its clock was set meanwhile', () => {
    const machine = new Machine().accept(10).sleep(8 * HOUR);
    assert.equal(machine.age(10, NOW), 8 * HOUR);
    machine.setClock(-DAY).sleep(HOUR);
    assert.equal(machine.age(10, NOW), 9 * HOUR);
  });

  it('takes the clock that an earlier process had for the one at the start, and that for wrong when it is set', () => {
    const in1970 = 2 * HOUR;
    const machine = new Machine(in1970 + MINUTE).setClock(NOW - in1970 - MINUTE);
    assert.equal(machine.age(3, in1970), MINUTE);
  });

  it('leaves the time of an earlier process alone that was ahead of the start', () => {
    const machine = new Machine(2 * HOUR);
    assert.ok(machine.age(3, NOW) < 0);
    machine.setClock(NOW + MINUTE - 2 * HOUR);
    assert.equal(machine.age(3, NOW), MINUTE);
  });

  it('forgets none of the last settings of the clock, however many there were', () => {
    const machine = new Machine();
    const acceptedAt: number[] = [];
    for (let event = FIRST_EVENT; event < 300; event++) {
      machine.setClock(event % 2 === 0 ? DAY : -DAY).accept(event);
      acceptedAt[event] = machine.now();
    }
    assert.deepEqual(
      [298, 299].map((event) => machine.age(event, acceptedAt[event] ?? 0)),
      [0, 0],
    );
  });
});
