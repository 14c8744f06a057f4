import assert from 'node:assert/strict';
import { DoubtfulNow } from '../../../src/delivery/clock-watch';
import { IN_1970, LAST_SHUTDOWN, RIGHT_TIME, SettableClock } from '../../support/settable-clock';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('the watch over the clock', () => {
  const begin = (wall: number) => {
    const clock = new SettableClock(wall);
    const watch = clock.watch();
    return { clock, watch, setting: watch.look() };
  };

  it('knows by how much times of 1970 are wrong, once the clock is set', () => {
    const { clock, watch, setting } = begin(IN_1970);
    assert.ok(watch.isPlainlyWrong());
    clock.pass(3 * HOUR);
    clock.set(RIGHT_TIME);
    assert.ok(!watch.isPlainlyWrong());
    assert.equal(watch.shiftSince(setting), RIGHT_TIME - IN_1970 - 3 * HOUR);
  });

  it('sees a clock that shows the last shutdown being set within the first hour', () => {
    const { clock, watch, setting } = begin(LAST_SHUTDOWN);
    assert.ok(!watch.isPlainlyWrong());
    clock.pass(59 * MINUTE);
    clock.set(RIGHT_TIME);
    assert.equal(watch.shiftSince(setting), RIGHT_TIME - LAST_SHUTDOWN - 59 * MINUTE);
  });

  it('takes no notice of one that is set later', () => {
    const { clock, watch, setting } = begin(LAST_SHUTDOWN);
    clock.pass(61 * MINUTE);
    assert.ok(!watch.isDoubtful());
    clock.set(RIGHT_TIME);
    assert.equal(watch.shiftSince(setting), 0);
  });

  it('takes no notice of less than a minute, nor of a machine that slept', () => {
    const { clock, watch, setting } = begin(RIGHT_TIME);
    clock.set(RIGHT_TIME + 59_000);
    assert.equal(watch.shiftSince(setting), 0);
    clock.sleep(8 * HOUR);
    assert.equal(watch.shiftSince(setting), 0);
  });

  it('sees a clock that is set after the machine slept', () => {
    const { clock, watch, setting } = begin(LAST_SHUTDOWN);
    clock.sleep(10 * MINUTE);
    watch.look();
    clock.set(clock.now() + 5 * HOUR);
    assert.equal(watch.shiftSince(setting), 5 * HOUR);
  });

  it('doubts "now" for an hour, and as long as it is plainly wrong', () => {
    const { clock, watch } = begin(IN_1970);
    clock.pass(2 * HOUR);
    const now = watch.now();
    assert.ok(now instanceof DoubtfulNow);
    assert.equal(now.at, IN_1970 + 2 * HOUR);
    clock.set(RIGHT_TIME);
    assert.equal(watch.now(), RIGHT_TIME);
  });
});
