import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { ArrivalOrder, type Place } from '../../src/delivery/arrival-order';

/** Places by name, and the names of those whose turn has come, in order. */
class Arrivals {
  readonly begun: string[] = [];
  private readonly places = new Map<string, Place>();

  constructor(private readonly order = new ArrivalOrder()) {}

  arrive(name: string, ids: string[] | Promise<string[]>): Place {
    const place = this.order.arrive(ids);
    this.places.set(name, place);
    if (place.turn) void place.turn.then(() => this.begun.push(name));
    else this.begun.push(name);
    return place;
  }

  async leave(name: string): Promise<void> {
    this.places.get(name)?.leave();
    await delay(1);
  }
}

function openIds() {
  let resolve: (ids: string[]) => void = () => undefined;
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<string[]>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

describe('ArrivalOrder', () => {
  it('lets versions of one id go one after the other, and other ids at once', async () => {
    const arrivals = new Arrivals();
    for (const [name, id] of ['A1', 'A2', 'B1', 'A3'].map((text) => [text, text.slice(0, 1)]))
      arrivals.arrive(name!, [id!]);
    assert.deepEqual(arrivals.begun, ['A1', 'B1']);
    await arrivals.leave('A1');
    assert.deepEqual(arrivals.begun, ['A1', 'B1', 'A2']);
    await arrivals.leave('A2');
    await arrivals.leave('A3');
    assert.deepEqual(arrivals.begun, ['A1', 'B1', 'A2', 'A3']);
  });

  it('keeps nothing of an id that has gone', async () => {
    const order = new ArrivalOrder();
    for (const id of ['a', 'b', 'a']) order.arrive([id]).leave();
    assert.equal(order.arrive(['a', 'a']).turn, undefined, 'twice in one message is no other version');
    await delay(1);
    assert.equal(order.arrive(['b']).turn, undefined);
  });

  it('lets one with several ids wait for all of them, in either order', async () => {
    const arrivals = new Arrivals();
    arrivals.arrive('a', ['A']);
    arrivals.arrive('b', ['B']);
    arrivals.arrive('ab', ['A', 'B']);
    arrivals.arrive('ba', ['B', 'A']);
    await arrivals.leave('b');
    assert.deepEqual(arrivals.begun, ['a', 'b']);
    await arrivals.leave('a');
    assert.deepEqual(arrivals.begun, ['a', 'b', 'ab']);
    await arrivals.leave('ab');
    assert.deepEqual(arrivals.begun, ['a', 'b', 'ab', 'ba']);
  });

  it('lets nobody past one that left before its turn', async () => {
    const arrivals = new Arrivals();
    for (const name of ['first', 'given up', 'last']) arrivals.arrive(name, ['A']);
    await arrivals.leave('given up');
    assert.deepEqual(arrivals.begun, ['first']);
    await arrivals.leave('first');
    assert.deepEqual(arrivals.begun, ['first', 'given up', 'last']);
  });

  it('gives places in the order of arrival also when ids come late, or never because they could not be evaluated', async () => {
    const arrivals = new Arrivals();
    const late = openIds();
    const failing = openIds();
    arrivals.arrive('late', late.promise);
    arrivals.arrive('failing', failing.promise);
    arrivals.arrive('known', ['A']);
    failing.reject(new Error('no such expression'));
    await delay(1);
    assert.deepEqual(arrivals.begun, []);
    late.resolve(['A']);
    await delay(1);
    assert.deepEqual(arrivals.begun, ['late', 'failing']);
    await arrivals.leave('late');
    assert.deepEqual(arrivals.begun, ['late', 'failing', 'known']);
    await arrivals.leave('known');
    assert.equal(arrivals.arrive('next', ['A']).turn, undefined, 'late ids are not a burden afterwards');
  });

  it('waits for ids that never come only as long as its patience lasts', async () => {
    const arrivals = new Arrivals(new ArrivalOrder(20));
    arrivals.arrive('never', new Promise(() => undefined));
    arrivals.arrive('known', ['A']);
    await delay(1);
    assert.deepEqual(arrivals.begun, []);
    await delay(40);
    assert.deepEqual(arrivals.begun, ['known']);
  });
});
