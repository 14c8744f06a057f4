import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Node, NodeStatus } from 'node-red';
import { ThrottledStatus } from '../../nodes/shared/throttled-status';

const HALF_SECOND = 500;
/** A timer may fire a moment early by the other clock. */
const CLOCKS_DIFFER_MS = 5;

describe('the status of a node', () => {
  let shown: { text?: string; at: number }[];
  let status: ThrottledStatus;

  beforeEach(() => {
    shown = [];
    const node = { status: ({ text }: NodeStatus) => void shown.push({ text, at: performance.now() }) };
    status = new ThrottledStatus(node as unknown as Node);
  });
  afterEach(() => status.clear());

  it('is shown at most twice a second, the first at once, the last for sure, the others not even made', async () => {
    let made = 0;
    const show = (text: string) =>
      status.show(() => {
        made++;
        return { text };
      });
    const end = performance.now() + 2.5 * HALF_SECOND;
    for (let n = 1; performance.now() < end; n++) {
      show(`number ${n}`);
      await delay(10);
    }
    show('the last');
    await delay(1.5 * HALF_SECOND);
    assert.equal(shown[0]?.text, 'number 1');
    assert.equal(shown.at(-1)?.text, 'the last');
    assert.equal(made, shown.length);
    shown.slice(1).forEach(({ at }, i) => {
      const gap = at - (shown[i]?.at ?? 0);
      assert.ok(gap >= HALF_SECOND - CLOCKS_DIFFER_MS, `${gap} ms between two`);
    });
  });

  it('that is a state is shown again only when it changed, an occurrence each time', async () => {
    const beat = () => delay(HALF_SECOND + 20);
    for (const text of ['a', 'a', 'b', 'a']) {
      status.showChange({ text });
      await beat();
    }
    status.show({ text: 'a' });
    await beat();
    status.show({ text: 'a' });
    assert.deepEqual(
      shown.map(({ text }) => text),
      ['a', 'b', 'a', 'a', 'a'],
    );
  });

  it('is cleared for good when the node closes', async () => {
    status.show({ text: 'a' });
    status.show({ text: 'b' });
    status.clear();
    await delay(HALF_SECOND + 20);
    assert.deepEqual(
      shown.map(({ text }) => text),
      ['a', undefined],
    );
  });
});
