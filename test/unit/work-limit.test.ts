import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkLimit } from '../../src/work-limit';

const refusal = new Error('closed');

/** Work that goes on until it is told to end. */
class HeldWork {
  readonly begun: string[] = [];
  private readonly endings = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();

  piece(name: string): () => Promise<void> {
    return () => {
      this.begun.push(name);
      return new Promise((resolve, reject) => this.endings.set(name, { resolve, reject }));
    };
  }

  end(name: string): void {
    this.endings.get(name)?.resolve();
  }

  fail(name: string, error: Error): void {
    this.endings.get(name)?.reject(error);
  }
}

/** How work that entered the limit ended. */
function run(limit: WorkLimit, work: () => Promise<void>, turn?: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    limit.enter({ begin: () => work().then(resolve, reject), refuse: reject }, turn);
  });
}

/** How each promise ended so far. */
function outcomes(...runs: Promise<void>[]): string[] {
  const found = runs.map(() => 'open');
  for (const [index, run] of runs.entries()) {
    run.then(
      () => (found[index] = 'done'),
      (error: Error) => (found[index] = error.message),
    );
  }
  return found;
}

describe('WorkLimit', () => {
  it('begins so many at once, the others in the order in which they came, also after a failure', async () => {
    const limit = new WorkLimit(2);
    const work = new HeldWork();
    const found = outcomes(...['a', 'b', 'c', 'd'].map((name) => run(limit, work.piece(name))));
    assert.deepEqual(work.begun, ['a', 'b']);
    work.fail('b', new Error('b failed'));
    await delay(1);
    assert.deepEqual(work.begun, ['a', 'b', 'c']);
    for (const name of ['a', 'c', 'd']) {
      work.end(name);
      await delay(1);
    }
    assert.deepEqual(found, ['done', 'b failed', 'done', 'done']);
  });

  it('begins with few where it is told so, and with one more for each four that have ended', async () => {
    const limit = new WorkLimit(3, undefined, 1);
    const work = new HeldWork();
    const names = [...'abcdefghijklm'];
    outcomes(...names.map((name) => run(limit, work.piece(name))));
    const underWay = async () => {
      await delay(1);
      return work.begun.length - ended;
    };
    let ended = 0;
    const found: number[] = [];
    for (const name of names.slice(0, 10)) {
      found.push(await underWay());
      work.end(name);
      ended++;
    }
    assert.deepEqual(found, [1, 1, 1, 1, 2, 2, 2, 2, 3, 3]);
  });

  it('refuses at once what comes when too many wait, without beginning it', async () => {
    const limit = new WorkLimit(1, { most: 1, busy: () => new Error('busy') });
    const work = new HeldWork();
    const found = outcomes(...['a', 'b', 'c'].map((name) => run(limit, work.piece(name))));
    await delay(1);
    assert.deepEqual(found, ['open', 'open', 'busy']);
    work.end('a');
    await delay(1);
    assert.deepEqual(work.begun, ['a', 'b']);
  });

  it('closed without patience refuses what waits and what comes, and leaves alone what goes on', async () => {
    const limit = new WorkLimit(1);
    const work = new HeldWork();
    const found = outcomes(...['a', 'b'].map((name) => run(limit, work.piece(name))));
    await limit.close(refusal);
    await assert.rejects(run(limit, work.piece('c')), refusal);
    work.end('a');
    await delay(1);
    assert.deepEqual(found, ['done', 'closed']);
    assert.deepEqual(work.begun, ['a']);
  });

  it('closed with patience lets what waits have its turn, and resolves when all has ended', async () => {
    const limit = new WorkLimit(1);
    const work = new HeldWork();
    const found = outcomes(...['a', 'b'].map((name) => run(limit, work.piece(name))));
    const closed = limit.close(refusal, 60_000);
    await assert.rejects(run(limit, work.piece('c')), refusal);
    for (const name of ['a', 'b']) {
      work.end(name);
      await delay(1);
    }
    await closed;
    assert.deepEqual(found, ['done', 'done']);
  });

  it('closed with patience refuses what still waits when that is over', async () => {
    const limit = new WorkLimit(1);
    const work = new HeldWork();
    const found = outcomes(...['a', 'b'].map((name) => run(limit, work.piece(name))));
    await limit.close(refusal, 20);
    await delay(1);
    assert.deepEqual(found, ['open', 'closed']);
    await new WorkLimit(1).close(refusal, 60_000);
  });

  it('lets work that waits for its own turn take no place until then, but counts it among those that wait', async () => {
    const limit = new WorkLimit(1, { most: 1, busy: () => new Error('busy') });
    const work = new HeldWork();
    const turn = openTurn();
    const found = outcomes(run(limit, work.piece('behind'), turn.promise), run(limit, work.piece('b')));
    assert.deepEqual(work.begun, ['b']);
    await assert.rejects(run(limit, work.piece('c')), /busy/);
    turn.come();
    await delay(1);
    work.end('b');
    await delay(1);
    work.end('behind');
    await delay(1);
    assert.deepEqual(work.begun, ['b', 'behind']);
    assert.deepEqual(found, ['done', 'done']);
  });

  it('closed with patience waits also for work whose turn comes in that time, and refuses it later', async () => {
    for (const inTime of [true, false]) {
      const limit = new WorkLimit(1);
      const work = new HeldWork();
      const turn = openTurn();
      const found = outcomes(run(limit, work.piece('behind'), turn.promise));
      const closed = limit.close(refusal, inTime ? 60_000 : 5);
      if (!inTime) await closed;
      turn.come();
      await delay(1);
      if (inTime) work.end('behind');
      await closed;
      await delay(1);
      assert.deepEqual(found, [inTime ? 'done' : 'closed']);
    }
  });
});

function openTurn(): { promise: Promise<void>; come: () => void } {
  let come = (): void => undefined;
  const promise = new Promise<void>((resolve) => (come = resolve));
  return { promise, come };
}
