import assert from 'node:assert/strict';
import { Store } from '../../../simulator/store';

const MIB = 1024 * 1024;
const KEPT = 256 * MIB;

describe('simulator: what it remembers is bounded', () => {
  it('drops the oldest pictures when all together are larger than 256 MiB', () => {
    const store = new Store(10);
    // One buffer for all of them: only its length counts here.
    const bytes = Buffer.alloc(16 * MIB);
    const type = { mediaType: 'image/png', extension: 'png' };
    const ids = Array.from(
      { length: 20 },
      () => store.putPicture({ bytes, type, metadata: {}, at: 0 }).sourceId,
    );
    assert.equal(store.pictureCount, KEPT / bytes.length);
    assert.equal(store.getPicture(ids[3]!), undefined);
    assert.equal(store.getPicture(ids[4]!)?.bytes, bytes);
  });

  it('drops the oldest events when their texts together are longer than 256 MiB', () => {
    const store = new Store(1000);
    const received = 'x'.repeat(16 * MIB);
    for (let i = 0; i < 20; i++) {
      store.putEvent({
        eventId: `e${i}`,
        eventType: 'custom',
        useCaseId: 'u',
        timestamp: '2026-01-01T00:00:00Z',
        time: 0,
        at: 0,
        via: 'event',
        event: {},
        received,
        warnings: [],
      });
    }
    assert.equal(store.eventCount, KEPT / received.length);
    assert.equal(store.newestFirst().at(-1)?.eventId, 'e4');
  });
});
