import assert from 'node:assert/strict';
import { account, type Disturbance, type Evidence } from '../../soak/account';
import type { Copy } from '../../soak/copies';
import type { Arrival } from '../../soak/server';

const FOLDER = { waiting: [], dead: [], quarantined: [], orphanPictures: [] };

/** Two versions of one event, each in a message of its own that was done, both stored in their order. */
function soundEvidence(): Evidence & { arrivals: Arrival[] } {
  const copies = [1, 2].map((number): [number, Copy] => [
    number,
    {
      number,
      eventId: 'x',
      version: number,
      route: 'no-picture',
      boxes: 1,
      useCase: 'line-1',
      madeAt: number * 1000,
    },
  ]);
  return {
    copies: new Map(copies),
    messages: new Map(
      copies.map(([number, copy]) => [
        number,
        { messageId: number, copies: [copy], madeAt: copy.madeAt, isTaken: true },
      ]),
    ),
    lines: [1, 2].map((messageId) => ({ kind: 'done', messageId, ms: 3 })),
    arrivals: [1, 2].map((number) => arrivalOf(number)),
    refused: new Map(),
    refusedByMode: new Map(),
    folder: FOLDER,
    disturbances: [],
    complaints: [],
  };
}

function arrivalOf(number: number, changes: Partial<Arrival> = {}): Arrival {
  return {
    eventId: 'x',
    copyNumber: number,
    version: number,
    value: `copy ${number}`,
    boxes: 1,
    bodyHash: `body ${number}`,
    shed: false,
    receivedAt: 30_000 + number,
    storedAt: 30_000 + number,
    ...changes,
  };
}

const kindsOf = (evidence: Evidence) => account(evidence).faults.map((fault) => fault.split(':')[0]);

const crashAt = (at: number): Disturbance => ({
  name: 'kill -9',
  from: at,
  to: at + 100,
  codes: [],
  interrupts: true,
  isUnclean: true,
});

describe('the account of a soak', () => {
  it('finds nothing where everything arrived as it was made, also twice', () => {
    const evidence = soundEvidence();
    evidence.arrivals.push(arrivalOf(2));
    const { table, faults } = account(evidence);
    assert.deepEqual(faults, []);
    assert.equal(table['events acknowledged'], 2);
    assert.equal(table['arrived again, same bytes'], 1);
  });

  it('notices an acknowledged event that is nowhere', () => {
    const evidence = soundEvidence();
    assert.deepEqual(kindsOf({ ...evidence, arrivals: evidence.arrivals.slice(0, 1) }), ['lost']);
  });

  it('takes an event that waits for lost only when it is not in the folder, and asks why it waits', () => {
    const arrivals = [arrivalOf(1)];
    const folder = { ...FOLDER, waiting: [2] };
    assert.deepEqual(kindsOf({ ...soundEvidence(), arrivals, folder }), ['unexplained']);
    assert.deepEqual(kindsOf({ ...soundEvidence(), arrivals, folder, refused: new Map([[2, 1]]) }), []);
  });

  it('notices a second body', () => {
    const evidence = soundEvidence();
    evidence.arrivals.push(arrivalOf(2, { bodyHash: 'another' }));
    assert.deepEqual(kindsOf(evidence), ['another body']);
  });

  it('notices an older version after a newer one, unless a crash lies between', () => {
    const evidence = soundEvidence();
    evidence.arrivals.push(arrivalOf(1, { receivedAt: 60_000, storedAt: 60_000 }));
    assert.deepEqual(kindsOf(evidence), ['older after newer']);
    assert.equal(account(evidence).table['ids that end on an old version'], 1);
    assert.deepEqual(kindsOf({ ...evidence, disturbances: [crashAt(50_000)] }), []);
    assert.deepEqual(kindsOf({ ...evidence, disturbances: [crashAt(70_000)] }), ['older after newer']);
  });

  it('takes a request that lands late over a crash for documented only when it had been repeated before', () => {
    const disturbances = [crashAt(25_000)];
    const late = arrivalOf(1, { receivedAt: 20_000, storedAt: 40_000 });
    const repeated = arrivalOf(1, { receivedAt: 22_000, storedAt: 22_000 });
    const newer = arrivalOf(2);
    assert.deepEqual(kindsOf({ ...soundEvidence(), arrivals: [repeated, newer, late], disturbances }), []);
    assert.deepEqual(kindsOf({ ...soundEvidence(), arrivals: [newer, late], disturbances }), [
      'older after newer',
    ]);
  });

  it('notices wrong pictures, wrong boxes and events that nobody made', () => {
    const evidence = soundEvidence();
    evidence.arrivals.push(
      arrivalOf(2, { picture: 'of another' }),
      arrivalOf(2, { boxes: 7 }),
      arrivalOf(2, { value: 'copy 3' }),
    );
    assert.deepEqual(kindsOf(evidence), ['wrong picture', 'wrong boxes', 'unexplained']);
  });

  it('notices messages that end with nothing or twice, and refused events without a reason', () => {
    const evidence = soundEvidence();
    const [first, second] = evidence.lines;
    assert.ok(first && second);
    assert.deepEqual(kindsOf({ ...evidence, lines: [first] }), ['unexplained']);
    assert.deepEqual(kindsOf({ ...evidence, lines: [first], disturbances: [crashAt(2500)] }), []);
    assert.deepEqual(kindsOf({ ...evidence, lines: [first, second, second] }), ['unexplained']);
    assert.deepEqual(kindsOf({ ...evidence, folder: { ...FOLDER, dead: [3] } }), ['unexplained']);
  });

  it('notices an error that nothing explains', () => {
    const lines: Evidence['lines'] = [
      { kind: 'done', messageId: 1, ms: 3 },
      { kind: 'error', messageId: 2, code: 'OUTBOX_IO', text: 'no room' },
    ];
    const evidence = { ...soundEvidence(), lines };
    assert.deepEqual(kindsOf(evidence), ['unexplained']);
    const fullDisk = { ...crashAt(1500), codes: ['OUTBOX_IO'] };
    assert.deepEqual(kindsOf({ ...evidence, disturbances: [fullDisk] }), []);
  });
});
