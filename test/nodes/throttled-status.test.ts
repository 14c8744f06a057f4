import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { Node, NodeStatus } from 'node-red';
import { ThrottledStatus } from '../../nodes/shared/throttled-status';

const HALF_SECOND = 500;

describe('the status of a node', () => {
  let now: number;
  let shown: { text?: string; at: number }[];
  let status: ThrottledStatus;

  beforeEach(() => {
    now = 0;
    mock.timers.enable({ apis: ['setTimeout'] });
    mock.method(performance, 'now', () => now);
    shown = [];
    const node = { status: ({ text }: NodeStatus) => void shown.push({ text, at: now }) };
    status = new ThrottledStatus(node as unknown as Node);
  });
  afterEach(() => {
    status.clear();
    mock.timers.reset();
    mock.restoreAll();
  });

  /** Lets so many ms pass, one by one, as timers look at the clock. */
  function pass(ms: number): void {
    for (let passed = 0; passed < ms; passed++) {
      now++;
      mock.timers.tick(1);
    }
  }

  it('is shown at most twice a second, the first at once, the last for sure, the others not even made', () => {
    let made = 0;
    const show = (text: string) =>
      status.show(() => {
        made++;
        return { text };
      });
    for (let n = 1; now < 2.5 * HALF_SECOND; n++) {
      show(`number ${n}`);
      pass(10);
    }
    show('the last');
    pass(1.5 * HALF_SECOND);
    assert.deepEqual(
      shown.map(({ at }) => at),
      [0, 1, 2, 3].map((n) => n * HALF_SECOND),
    );
    assert.equal(shown[0]?.text, 'number 1');
    assert.equal(shown.at(-1)?.text, 'the last');
    assert.equal(made, shown.length);
  });

  it('that is a state is shown again only when it changed, an occurrence each time', () => {
    const beat = () => pass(HALF_SECOND + 20);
    for (const text of ['a', 'a', 'b', 'a']) {
      status.showChange({ text });
      beat();
    }
    status.show({ text: 'a' });
    beat();
    status.show({ text: 'a' });
    assert.deepEqual(
      shown.map(({ text }) => text),
      ['a', 'b', 'a', 'a', 'a'],
    );
  });

  describe('after trouble with a message', () => {
    const beat = () => pass(HALF_SECOND + 20);
    const texts = () => shown.map(({ text }) => text);
    const good = { fill: 'green', text: 'delivered 1' } as const;
    beforeEach(() => {
      status.showTrouble({ fill: 'red', text: 'wrong' });
      beat();
    });

    it('says so until the next message, whatever goes well elsewhere', () => {
      for (const text of ['delivered 1', 'delivered 2']) status.showElsewhere({ fill: 'green', text });
      beat();
      assert.deepEqual(texts(), ['wrong']);
      status.showNoTrouble();
      beat();
      assert.deepEqual(texts(), ['wrong', 'delivered 2']);
      status.showElsewhere(good);
      assert.deepEqual(texts(), ['wrong', 'delivered 2', 'delivered 1']);
    });

    it('gives way to trouble elsewhere as long as that lasts, and to what the next message shows', () => {
      status.showElsewhere({ fill: 'yellow', text: 'retry' });
      beat();
      status.showElsewhere(good);
      beat();
      status.show({ fill: 'grey', text: 'cooldown' });
      beat();
      status.showElsewhere(good);
      assert.deepEqual(texts(), ['wrong', 'retry', 'wrong', 'cooldown', 'delivered 1']);
    });

    it('says it even where it waits for its turn while something goes well', () => {
      status.showNoTrouble();
      status.showElsewhere(good);
      status.showTrouble({ fill: 'red', text: 'wrong again' });
      status.showElsewhere({ fill: 'green', text: 'delivered 2' });
      beat();
      assert.deepEqual(texts(), ['wrong', 'delivered 1', 'wrong again']);
    });
  });

  it('is cleared for good when the node closes', () => {
    status.show({ text: 'a' });
    status.show({ text: 'b' });
    status.clear();
    pass(HALF_SECOND + 20);
    assert.deepEqual(
      shown.map(({ text }) => text),
      ['a', undefined],
    );
  });
});
