import assert from 'node:assert/strict';
import {
  KEEP_MS,
  LiveEvents,
  MAX_EVENTS,
  MAX_PICTURE_BYTES,
  type LiveNote,
} from '../../nodes/shared/live-events';
import { liveNotes } from '../../nodes/send/live-notes';
import { MINUTES, MinuteCounts } from '../../nodes/workspace/minute-counts';

const NODE = { id: 'node', type: 'roboflow-vision-event' };
const MEGABYTE = 1024 * 1024;

const noteOf = (eventId: string, more: Partial<LiveNote> = {}): LiveNote => ({
  node: NODE,
  workspace: 'w',
  event: { eventId, eventType: 'custom' },
  report: { state: 'queued', warnings: [] },
  ...more,
});
const pictureOf = (bytes: number, mediaType = 'image/jpeg') => [
  { role: 'input' as const, picture: { bytes: Buffer.alloc(bytes, 1), mediaType, name: 'p' } },
];

describe('the events that the sidebar shows', () => {
  let now = 0;
  let events: LiveEvents;
  beforeEach(() => {
    now = 0;
    events = new LiveEvents(() => now);
  });
  const states = (since?: string) =>
    events.look(since).events.map(({ eventId, state }) => `${eventId} ${state}`);

  it('are kept only while somebody looks, and for ten minutes after', () => {
    events.note(noteOf('before'));
    assert.deepEqual(states(), []);
    events.note(noteOf('watched'));
    assert.deepEqual(states(), ['watched queued']);
    const { cursor } = events.look();
    const sweep = () => (events as unknown as { sweep(): void }).sweep();
    now += KEEP_MS - 1;
    sweep();
    assert.equal(events.isWatched, true);
    now += 1;
    sweep();
    assert.equal(events.isWatched, false);
    assert.equal(events.size, 0);
    events.note(noteOf('after'));
    const { events: found, isWhole } = events.look(cursor);
    assert.deepEqual(found, []);
    assert.equal(isWhole, true, 'what an editor has is out of date');
  });

  it('are the last 200, and at most 16 MB, of which old pictures go first', () => {
    events.look();
    for (let n = 0; n < 300; n++) events.note(noteOf(`e${n}`, { pictures: pictureOf(MAX_PICTURE_BYTES) }));
    const found = allOf(events);
    assert.equal(found.length, MAX_EVENTS);
    assert.equal(found[0]?.eventId, 'e100');
    assert.ok(events.size <= 16 * MEGABYTE && events.size > 15 * MEGABYTE, `${events.size}`);
    const kept = found.map(({ picture }) => picture);
    assert.deepEqual([kept[0], kept.at(-1)], ['none', 'kept']);
    assert.equal(events.picture(found.at(-1)!.id)?.bytes.length, MAX_PICTURE_BYTES);
    assert.equal(events.picture(found[0].id), undefined);
  });

  it('stay within their bounds whatever the events hold', () => {
    events.look();
    const long = 'x'.repeat(100_000);
    const warnings = Array.from({ length: 200 }, () => ({
      path: long,
      type: long,
      value: long,
      valueType: 'string',
    }));
    const repaired = warnings.map(({ path }) => ({ path, from: long, to: [long] }));
    for (let n = 0; n < 220; n++) {
      events.note(
        noteOf(`e${n}`, { event: { comment: long }, report: { state: 'built', warnings, repaired } }),
      );
    }
    assert.ok(events.size <= 16 * MEGABYTE, `${events.size}`);
    const [first] = events.look().events;
    assert.equal(first?.event, null);
    assert.equal(first?.isShortened, true);
    assert.equal(first?.warningCount, 200);
    assert.ok(JSON.stringify(first).length < 50_000, `${JSON.stringify(first).length}`);
  });

  it('keep the first detections of an event that is too large, and no event that cannot be written', () => {
    events.look();
    const box = { class: 'c'.repeat(100), x: 1, y: 1, width: 1, height: 1, confidence: 1 };
    const event = {
      eventId: 'large',
      images: [{ objectDetections: Array.from({ length: 900 }, () => box) }],
    };
    events.note(noteOf('large', { event }));
    const endless: Record<string, unknown> = { eventId: 'endless' };
    endless['self'] = endless;
    events.note(noteOf('endless', { event: endless }));
    const throwing = Object.defineProperty({}, 'eventId', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    events.note(noteOf('throwing', { event: throwing }));
    const [large, second, third] = events.look().events;
    assert.equal((large?.event as typeof event).images[0]?.objectDetections.length, 50);
    assert.deepEqual([second?.event, second?.eventId], [null, 'endless']);
    assert.deepEqual([third?.event, third?.eventId], [null, undefined]);
  });

  it('are told once: a cursor brings what is new or changed since', () => {
    events.look();
    events.note(noteOf('one'));
    const { cursor } = events.look();
    assert.deepEqual(states(cursor), []);
    events.note(noteOf('two'));
    events.delivered('w', [{ eventId: 'one', warnings: [] }]);
    const { events: found, isWhole } = events.look(cursor);
    assert.equal(isWhole, false);
    assert.deepEqual(
      found.map(({ eventId, state }) => `${eventId} ${state}`),
      ['two queued', 'one delivered'],
    );
    for (const strange of ['x', '', 'a.b', '0.9999999', undefined, ['a']])
      assert.equal(events.look(strange).isWhole, true, String(strange));
  });

  it('follow an event through the outbox, in its own workspace only', () => {
    events.look();
    const error = { code: 'REJECTED', message: 'no' };
    for (const id of ['a', 'b', 'c']) events.note(noteOf(id));
    events.delivered('other', [{ eventId: 'a', warnings: [] }]);
    events.suspected('w', 'b', error);
    assert.deepEqual(states(), ['a queued', 'c queued', 'b held']);
    events.refused('w', [{ eventId: 'b', ...error }]);
    events.delivered('w', [
      { eventId: 'a', warnings: [{ path: 'p', type: 't', value: 1, valueType: 'number' }] },
    ]);
    assert.deepEqual(states(), ['c queued', 'b refused', 'a delivered']);
    const [, refused, delivered] = events.look().events;
    assert.deepEqual([refused?.isKept, refused?.error?.message], [true, 'no']);
    assert.deepEqual(delivered?.warnings, [{ path: 'p', type: 't', value: '1' }]);
    events.ordered('w', 'b', true);
    assert.deepEqual(states(), ['c queued', 'a delivered', 'b queued']);
  });

  it('say how an event ended that the outbox never saw', () => {
    events.look();
    const cases: [Partial<LiveNote>, string][] = [
      [{ report: { state: 'created', warnings: [] } }, 'delivered'],
      [{ report: { state: 'built', warnings: [] } }, 'built'],
      [{ report: { state: 'throttled', warnings: [] } }, 'held'],
      [{ error: { code: 'EVENT_WARNINGS', message: '' } }, 'held'],
      [{ error: { code: 'REJECTED', message: '' } }, 'refused'],
      [{ error: { code: 'NETWORK', message: '' } }, 'failed'],
    ];
    for (const [more] of cases) events.note(noteOf('e', more));
    assert.deepEqual(
      events.look().events.map(({ state }) => state),
      cases.map(([, state]) => state),
    );
  });

  it('keep no picture over 300 KB and none that a browser does not show, and a copy of the others', () => {
    events.look();
    const pictures = pictureOf(10);
    events.note(noteOf('small', { pictures }));
    events.note(noteOf('large', { pictures: pictureOf(MAX_PICTURE_BYTES + 1) }));
    events.note(noteOf('strange', { pictures: pictureOf(10, 'image/svg+xml') }));
    pictures[0]!.picture.bytes.fill(2);
    const found = events.look().events;
    assert.deepEqual(
      found.map(({ picture }) => picture),
      ['kept', 'too-large', 'none'],
    );
    assert.equal(events.picture(found[0]!.id)?.bytes[0], 1);
  });

  it('are not kept at all when the operator does not want it', () => {
    events.switchOff();
    assert.equal(events.look().isOff, true);
    events.note(noteOf('one'));
    assert.deepEqual(states(), []);
  });
});

describe('what a message with many events shows', () => {
  it('is what became of each of them', () => {
    const all = ['sent', 'queued', 'failed', 'twice', 'twice'].map((eventId) => ({ eventId }));
    const notes = liveNotes(all, {
      state: 'created',
      created: 3,
      eventIds: ['sent', 'queued', 'twice'],
      queued: ['queued'],
      warnings: all.map(() => []),
      failed: [{ eventId: 'failed', code: 'REJECTED', message: 'no' }],
    });
    assert.deepEqual(
      notes.map(({ event, report, error }) => [
        (event as { eventId: string }).eventId,
        error?.code ?? report?.state,
      ]),
      [
        ['sent', 'created'],
        ['queued', 'queued'],
        ['failed', 'REJECTED'],
        ['twice', 'created'],
      ],
    );
  });
});

describe('events a minute', () => {
  it('are counted for the last hour, the minute that runs last', () => {
    let now = 5 * 60_000;
    const counts = new MinuteCounts(() => now);
    counts.add(3);
    now += 60_000;
    counts.add(4);
    counts.add(1);
    assert.deepEqual(counts.list().slice(-3), [0, 3, 5]);
    assert.equal(counts.list().length, MINUTES);
    now += 58 * 60_000;
    assert.deepEqual(counts.list().slice(0, 3), [3, 5, 0]);
    now += 60 * 60_000;
    assert.deepEqual(counts.list(), new Array(MINUTES).fill(0));
  });
});

/** Large answers come in parts. */
function allOf(events: LiveEvents) {
  const found = new Map<number, ReturnType<LiveEvents['look']>['events'][number]>();
  for (let answer = events.look(); ; answer = events.look(answer.cursor)) {
    for (const event of answer.events) found.set(event.id, event);
    if (!answer.isPart) return [...found.values()].sort((one, other) => one.id - other.id);
  }
}
