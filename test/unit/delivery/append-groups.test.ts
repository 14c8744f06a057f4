import assert from 'node:assert/strict';
import { AppendDoubt, AppendGroups } from '../../../src/delivery/outbox/postgres/append-groups';
import type { Database } from '../../../src/delivery/outbox/postgres/database';
import type { OutboxRecord } from '../../../src/delivery/outbox/outbox';
import { record } from '../../support/outbox-contract';

const AWAY = Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
const BAD = Object.assign(new Error('invalid byte sequence'), { code: '22021' });
/** Of the function `append`: its second and fifth parameter. */
const KEYS = 1;
const EVENT_IDS = 4;

describe('appends that are committed together', () => {
  /** @param answer of the database, to the event ids of a group: what it fails with, or nothing */
  function groupsOf(answer: (eventIds: string[]) => Error | undefined = () => undefined) {
    const asked: { keys: string[]; eventIds: string[] }[] = [];
    const query = async (_text: string, values: unknown[]) => {
      await new Promise((resolve) => setImmediate(resolve));
      const eventIds = values[EVENT_IDS] as string[];
      asked.push({ keys: values[KEYS] as string[], eventIds });
      const failure = answer(eventIds);
      if (failure) throw failure;
      return [{ totals: {} }];
    };
    const groups = new AppendGroups({
      database: { query } as unknown as Database,
      fn: (name) => name,
      queue: 1,
      testTime: () => null,
      stored: () => undefined,
      sleep: () => Promise.resolve(),
      monotonic: () => performance.now(),
      repeatMs: 0,
    });
    const append = (eventId: string, key?: string, body?: string) => {
      const records: OutboxRecord[] = [{ ...record(eventId), ...(body !== undefined && { body }) }];
      return groups.append({ records, ...(key !== undefined && { key }) }, 1);
    };
    return { asked, append };
  }

  it('are followed at once by what is appended in the moment in which they are committed', async () => {
    const { append } = groupsOf();
    let appended = 0;
    const produce = async () => {
      for (let count = 0; count < 10; count++) {
        await append(`e${appended}`);
        appended++;
      }
    };
    await Promise.race([
      Promise.all([produce(), produce()]),
      new Promise((_, reject) =>
        setTimeout(() => reject(new Error(`stopped after ${appended}`)), 2_000).unref(),
      ),
    ]);
    assert.equal(appended, 20);
  });

  it('share one key, but for those that have one of their own', async () => {
    const { append, asked } = groupsOf();
    await Promise.all([append('a'), append('b'), append('c', 'spill 1'), append('d')]);
    await append('e');
    assert.deepEqual(
      asked.map(({ keys }) => keys.length),
      [2, 1],
    );
    assert.equal(asked[0]?.keys[1], 'spill 1');
    assert.notEqual(asked[0]?.keys[0], asked[1]?.keys[0]);
  });

  it('are in doubt under that key while the database is away; what waited behind them is not', async () => {
    const { append, asked } = groupsOf(() => AWAY);
    const inDoubt = [append('a'), append('b'), append('c', 'own')];
    // Their group has begun by then.
    await new Promise((resolve) => process.nextTick(resolve));
    const results = await Promise.allSettled([...inDoubt, append('behind')]);
    const [shared] = asked[0]?.keys ?? [];
    assert.deepEqual(
      results.map((result) => {
        const reason: unknown = result.status === 'rejected' && result.reason;
        return reason instanceof AppendDoubt ? reason.key : reason;
      }),
      [shared, shared, 'own', AWAY],
    );
    assert.equal(asked.length, 1);
  });

  it('go one by one when one of them cannot be stored, each in its turn', async () => {
    const { append, asked } = groupsOf((eventIds) => (eventIds.includes('bad') ? BAD : undefined));
    const names = ['a', 'bad', 'c'];
    const results = await Promise.allSettled(names.map((name) => append(name)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(
      asked.map(({ eventIds }) => eventIds.join()),
      ['a,bad,c', 'a', 'bad', 'c'],
    );
  });

  it('go without the one whose text is no JSON, which bodies of others could be torn apart by', async () => {
    const { append, asked } = groupsOf();
    const outcomes = await Promise.allSettled([
      append('a'),
      append('b', undefined, '{"x":"\u0001"}'),
      append('c'),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(
      asked.map(({ eventIds }) => eventIds),
      [['a'], ['c']],
    );
  });

  it('and those behind them all wait when the database goes away while they go one by one', async () => {
    const { append, asked } = groupsOf((eventIds) =>
      eventIds.includes('bad') ? (eventIds.length > 1 ? BAD : AWAY) : undefined,
    );
    const results = await Promise.allSettled(['a', 'bad', 'c'].map((name) => append(name)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected'],
    );
    assert.deepEqual(
      asked.map(({ eventIds }) => eventIds.join()),
      ['a,bad,c', 'a', 'bad'],
      'c did not overtake it',
    );
  });
});
