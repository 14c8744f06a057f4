import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { onceSoon } from '../../nodes/editor/once-soon';

describe('onceSoon', () => {
  it('acts once for all that happens in one go, and again for what comes later', async () => {
    let acts = 0;
    const soon = onceSoon(() => acts++);
    for (let call = 0; call < 100; call++) soon();
    assert.equal(acts, 0);
    await delay(5);
    assert.equal(acts, 1);
    soon();
    await delay(5);
    assert.equal(acts, 2);
  });
});
