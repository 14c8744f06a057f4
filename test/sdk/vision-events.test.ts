import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../simulator/server';
import { jpeg } from '../unit/images/made-pictures';
import { event } from '../unit/simulator/client';
import { SdkProcess, type SdkError } from './sdk-process';

/**
 * The simulator against a client that is not ours: Roboflow's Python SDK, unmodified. What it reads out of an answer,
 * and what it takes for an error, is how the real API speaks.
 *
 * `ROBOFLOW_SDK=<checkout of roboflow/roboflow-python> npm test -- sdk`
 */

type Fields = Record<string, unknown>;

const USE_CASE = 'quality-line-1';

/** All methods there are. One more in a newer SDK has to be looked at: the README compares with them. */
const METHODS = [
  'archive_vision_event_use_case',
  'create_vision_event_use_case',
  'get_vision_event_metadata_schema',
  'list_vision_event_use_cases',
  'query_all_vision_events',
  'query_vision_events',
  'rename_vision_event_use_case',
  'unarchive_vision_event_use_case',
  'upload_vision_event_image',
  'write_vision_event',
  'write_vision_events_batch',
];

describe("Roboflow's Python SDK against the simulator", function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let sdk: SdkProcess;
  let folder: string;

  before(async function () {
    simulator = await startSimulator();
    sdk = await SdkProcess.start(this, simulator.url);
    console.log(`      SDK ${sdk.version}`);
    folder = mkdtempSync(path.join(tmpdir(), 'vision-events-sdk-'));
  });
  beforeEach(() => simulator.reset());
  after(async () => {
    await sdk?.stop();
    await simulator.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** The result of a call that has to succeed. */
  async function ask(method: string, args: unknown[] = [], kwargs: Fields = {}): Promise<Fields> {
    const answer = await sdk.call(simulator.keys.full, method, args, kwargs);
    assert.ok('result' in answer, `${method}: ${JSON.stringify(answer)}`);
    return answer.result as Fields;
  }

  /** The SDK's error of a call that has to fail: the text of the answer, whatever the status. */
  async function fails(
    wanted: RegExp,
    method: string,
    args: unknown[] = [],
    kwargs: Fields = {},
    key = simulator.keys.full,
  ): Promise<void> {
    const answer = await sdk.call(key, method, args, kwargs);
    assert.ok('error' in answer, `${method}: ${JSON.stringify(answer)}`);
    assert.equal(answer.error, 'RoboflowError', answer.message);
    assert.match(errorOf(answer), wanted);
  }
  const errorOf = ({ message }: SdkError) => String((JSON.parse(message) as Fields)['error']);

  const write = (fields: Fields = {}) => ask('write_vision_event', [event(fields)]);
  const idsOf = (page: Fields) => (page['events'] as Fields[]).map(({ eventId }) => eventId);
  const query = async (filters: Fields = {}) =>
    idsOf(await ask('query_vision_events', [USE_CASE], filters)).sort();
  const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

  describe('writing', () => {
    it('one event: created, and kept as it was sent', async () => {
      const sent = event({ deviceId: 'press-2', customMetadata: { shift: 'night' } });
      assert.deepEqual(await ask('write_vision_event', [sent]), { eventId: sent.eventId, created: true });
      assert.deepEqual(simulator.events()[0]?.event, sent);
    });

    it('a faulty event: created too, and the SDK hands on the warnings', async () => {
      const { created, warnings } = await write({ eventId: 'w', eventData: { result: 'perhaps' } });
      assert.equal(created, true);
      assert.deepEqual(warnings, [
        { type: 'any.only', path: 'eventData.result', value: 'perhaps', valueType: 'string' },
      ]);
      assert.deepEqual(simulator.events()[0]?.event['eventData'], {});
    });

    it('a time as Python writes it: microseconds, and an offset in place of Z', async () => {
      const timestamp = `${secondsAgo(5).replace('Z', '')}417+00:00`;
      await write({ timestamp });
      assert.equal(simulator.events()[0]?.timestamp, timestamp);
    });

    it('refuses what is strict, in words', async () => {
      const refused = (wanted: RegExp, fields: Fields) =>
        fails(wanted, 'write_vision_event', [event(fields)]);
      await refused(/^eventId is required$/, { eventId: undefined });
      await refused(/^eventType must be one of/, { eventType: 'rumour' });
      await refused(/timestamp/, { timestamp: '15 January' });
      await refused(/between one year ago and tomorrow/, { timestamp: '2019-01-15T10:30:00.000Z' });
      await refused(/^Solution not found$/, { useCaseId: 'nobody' });
      await refused(/^Solution is archived$/, { useCaseId: 'old-line' });
      assert.equal(simulator.events().length, 0);
    });

    it('a batch: all of it or nothing, at most 100', async () => {
      const events = Array.from({ length: 100 }, (_, i) => event({ eventId: `e-${i}` }));
      const reply = await ask('write_vision_events_batch', [events]);
      assert.deepEqual(reply, { created: 100, eventIds: events.map(({ eventId }) => eventId) });
      assert.equal(simulator.events().length, 100);
      const refused = (wanted: RegExp, batch: unknown[]) =>
        fails(wanted, 'write_vision_events_batch', [batch]);
      await refused(/less than or equal to 100/, [...events, event()]);
      await refused(/at least 1/, []);
      await refused(/^events\[1\]\.useCaseId is required$/, [
        event({ eventId: 'good' }),
        event({ useCaseId: undefined }),
      ]);
      assert.equal(simulator.events().length, 100);
    });
  });

  describe('pictures', () => {
    const picture = (name: string, bytes: Buffer = jpeg(64, 48)) => {
      writeFileSync(path.join(folder, name), bytes);
      return path.join(folder, name);
    };

    it('uploads one with a name and metadata; an event shows it, a query finds it', async () => {
      const camera = { camera: 'north', gain: 1.5, night: true };
      const { success, sourceId, url } = await ask('upload_vision_event_image', [picture('a.jpg')], {
        name: 'gate.jpg',
        metadata: camera,
      });
      assert.equal(success, true);
      assert.deepEqual(Buffer.from(await (await fetch(String(url))).arrayBuffer()), jpeg(64, 48));
      const plain = await ask('upload_vision_event_image', [picture('b.jpg')]);
      await write({ eventId: 'seen', images: [{ sourceId, inputSourceId: plain['sourceId'] }] });
      await write({ eventId: 'other', images: [{ sourceId: plain['sourceId'] }] });
      assert.deepEqual(
        await query({ imageMetadataFilters: [{ field: 'camera', operator: 'eq', value: 'north' }] }),
        ['seen'],
      );
    });

    it('refuses what is not a picture, and metadata that is not flat', async () => {
      await fails(/^file is empty$/, 'upload_vision_event_image', [picture('empty.jpg', Buffer.alloc(0))]);
      await fails(/must be JPEG/, 'upload_vision_event_image', [picture('text.jpg', Buffer.from('words'))]);
      await fails(/^camera must be one of/, 'upload_vision_event_image', [picture('a.jpg')], {
        metadata: { camera: { id: 1 } },
      });
    });
  });

  describe('queries', () => {
    const box = (name: string, confidence: number) => ({
      objectDetections: [{ class: name, x: 10, y: 10, width: 4, height: 4, confidence }],
    });

    it('filters by everything that the SDK knows or hands on', async () => {
      await write({
        eventId: 'a',
        timestamp: secondsAgo(400),
        images: [box('scratch', 0.9)],
        deviceId: 'd1',
      });
      await write({
        eventId: 'b',
        timestamp: secondsAgo(300),
        images: [box('scratch', 0.4), box('dent', 0.8)],
      });
      await write({
        eventId: 'c',
        timestamp: secondsAgo(200),
        eventData: { result: 'fail' },
        streamId: 's1',
      });
      await write({
        eventId: 'd',
        timestamp: secondsAgo(100),
        eventType: 'custom',
        eventData: { value: 'x' },
      });
      await write({
        eventId: 'e',
        timestamp: secondsAgo(90),
        eventData: { result: 'perhaps' },
        workflowId: 'w1',
      });
      await write({ eventId: 'f', timestamp: secondsAgo(80), customMetadata: { lot: 7 } });
      await write({
        eventId: 'g',
        timestamp: secondsAgo(70),
        eventType: 'operator_feedback',
        eventData: { relatedEventId: 'a', feedback: 'incorrect' },
      });
      const eq = (value: unknown) => ({ operator: 'eq', value });
      const cases: [Fields, string[]][] = [
        [{}, ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
        [{ event_type: 'custom' }, ['d']],
        [{ event_types: ['custom', 'operator_feedback'] }, ['d', 'g']],
        [{ start_time: secondsAgo(350), end_time: secondsAgo(150) }, ['b', 'c']],
        [{ deviceId: eq('d1') }, ['a']],
        [{ streamId: eq('s1') }, ['c']],
        [{ workflowId: eq('w1') }, ['e']],
        [{ detection: eq('scratch') }, ['a', 'b']],
        [{ detection: { ...eq('scratch'), confidence: { operator: 'gte', value: 0.5 } } }, ['a']],
        [{ detection: { operator: 'in', value: ['dent', 'hole'] } }, ['b']],
        [{ detection: { operator: 'not_in', value: ['dent', 'scratch'] } }, ['c', 'd', 'e', 'f', 'g']],
        [{ imageCount: { operator: 'gte', value: 2 } }, ['b']],
        [{ hasWarnings: true }, ['e']],
        [{ feedbackStatus: ['incorrect'] }, ['a']],
        [{ customMetadataFilters: [{ field: 'lot', ...eq(7) }] }, ['f']],
        [{ eventFieldFilters: [{ column: 'result', ...eq('fail') }] }, ['c']],
      ];
      for (const [filters, wanted] of cases) {
        assert.deepEqual(await query(filters), wanted, JSON.stringify(filters));
      }
    });

    it('answers page by page, newest first, and does not repeat the use case', async () => {
      for (let i = 0; i < 5; i += 1) await write({ eventId: `p-${i}`, timestamp: secondsAgo(100 - i) });
      const first = await ask('query_vision_events', [USE_CASE], { limit: 2 });
      assert.deepEqual(idsOf(first), ['p-4', 'p-3']);
      assert.deepEqual([first['hasMore'], first['lookbackDays']], [true, 14]);
      assert.ok((first['events'] as Fields[]).every((one) => !('useCaseId' in one)));
      const second = await ask('query_vision_events', [USE_CASE], { limit: 2, cursor: first['nextCursor'] });
      assert.deepEqual(idsOf(second), ['p-2', 'p-1']);
      const pages = (await ask('query_all_vision_events', [USE_CASE], { limit: 2 })) as unknown as Fields[][];
      assert.deepEqual(
        pages.map((page) => page.map(({ eventId }) => eventId)),
        [['p-4', 'p-3'], ['p-2', 'p-1'], ['p-0']],
      );
      assert.deepEqual(await ask('query_all_vision_events', ['dock-count']), []);
    });

    it('refuses a filter or a column that is not known', async () => {
      const refused = (wanted: RegExp, filters: Fields, useCase = USE_CASE) =>
        fails(wanted, 'query_vision_events', [useCase], filters);
      await refused(/detectedClass is not allowed/, { detectedClass: 'dent' });
      await refused(/column must be one of/, {
        eventFieldFilters: [{ column: 'itemCount', operator: 'eq', value: 1 }],
      });
      await refused(/limit must be less than or equal to 1000/, { limit: 1001 });
      await refused(/cursor is not valid/, { cursor: 'yesterday' });
      await refused(/^Solution not found$/, {}, 'nobody');
      await fails(/^Solution not found$/, 'query_all_vision_events', ['nobody']);
    });
  });

  describe('use cases', () => {
    const listed = async (...status: string[]) =>
      ((await ask('list_vision_event_use_cases', status))['useCases'] as Fields[]).map(({ id }) => id);

    it('creates, renames, archives and restores one', async () => {
      const { id, name } = await ask('create_vision_event_use_case', ['Gate 7']);
      assert.equal(name, 'Gate 7');
      assert.deepEqual(await ask('rename_vision_event_use_case', [id, 'Gate 8']), { id, name: 'Gate 8' });
      assert.ok((await listed()).includes(id));
      assert.deepEqual(await ask('archive_vision_event_use_case', [id]), { success: true });
      assert.ok(!(await listed()).includes(id) && (await listed('inactive')).includes(id));
      await fails(/^Solution is archived$/, 'write_vision_event', [event({ useCaseId: id })]);
      assert.deepEqual(await ask('unarchive_vision_event_use_case', [id]), { success: true });
      await write({ useCaseId: id });
      const { useCases, lookbackDays } = await ask('list_vision_event_use_cases', ['active']);
      assert.equal(lookbackDays, 14);
      assert.equal((useCases as Fields[]).find((one) => one['id'] === id)?.['eventCount'], 1);
    });

    it('is understood under the older key as well', async () => {
      const solutions = [{ id: 'dock-count', name: 'Dock count', status: 'active' }];
      simulator.faults.next({ status: 200, body: { solutions, lookbackDays: 14 } });
      assert.deepEqual(await listed(), ['dock-count']);
    });

    it('refuses, in words', async () => {
      await fails(/already exists/, 'create_vision_event_use_case', ['Dock count']);
      await fails(/1 to 256 characters/, 'create_vision_event_use_case', ['']);
      await fails(/already exists/, 'rename_vision_event_use_case', [USE_CASE, 'Dock count']);
      await fails(/^Solution is not archived$/, 'unarchive_vision_event_use_case', [USE_CASE]);
      await fails(/status must be one of/, 'list_vision_event_use_cases', ['retired']);
      const named = [
        'archive_vision_event_use_case',
        'unarchive_vision_event_use_case',
        'get_vision_event_metadata_schema',
      ];
      for (const method of named) await fails(/^Solution not found$/, method, ['nobody']);
      await fails(/^Solution not found$/, 'rename_vision_event_use_case', ['nobody', 'x']);
    });

    it('says which metadata there is, and of which types', async () => {
      await write({ customMetadata: { lot: 7, shift: 'night' } });
      await write({ customMetadata: { lot: 'seven', rework: false } });
      assert.deepEqual(await ask('get_vision_event_metadata_schema', [USE_CASE]), {
        useCaseId: USE_CASE,
        fields: {
          lot: { types: ['number', 'string'] },
          shift: { types: ['string'] },
          rework: { types: ['boolean'] },
        },
      });
    });
  });

  describe('whatever is called', () => {
    /** One call of every method that would succeed. */
    const calls = (): [string, unknown[]][] => {
      const file = path.join(folder, 'any.jpg');
      writeFileSync(file, jpeg(64, 48));
      return [
        ['write_vision_event', [event()]],
        ['write_vision_events_batch', [[event()]]],
        ['upload_vision_event_image', [file]],
        ['query_vision_events', [USE_CASE]],
        ['query_all_vision_events', [USE_CASE]],
        ['list_vision_event_use_cases', []],
        ['get_vision_event_metadata_schema', [USE_CASE]],
        ['create_vision_event_use_case', ['Gate 9']],
        ['rename_vision_event_use_case', [USE_CASE, 'Line 1']],
        ['archive_vision_event_use_case', [USE_CASE]],
        ['unarchive_vision_event_use_case', [USE_CASE]],
      ];
    };

    it('a key that is not known, or may not, is refused', async () => {
      for (const [position, [method, args]] of calls().entries()) {
        await fails(/API key is missing or not known/, method, args, {}, 'stranger');
        // The first three write, the rest read or manage.
        const lesser = position < 3 ? simulator.keys.read : simulator.keys.write;
        await fails(/^Insufficient permissions/, method, args, {}, lesser);
      }
    });

    it('a trouble of the server is one error, and nothing is tried again', async () => {
      for (const status of [413, 429, 500, 503]) {
        for (const [method, args] of calls()) {
          simulator.reset();
          simulator.faults.always({ status, body: { error: 'as the test wants it' } });
          await fails(/^as the test wants it$/, method, args);
          assert.equal(simulator.requests.entries.length, 1);
        }
      }
    });

    it('a connection that breaks off is an error of the HTTP library', async () => {
      for (const [method, args] of calls()) {
        simulator.faults.always({ kind: 'reset' });
        const answer = await sdk.call(simulator.keys.full, method, args);
        assert.equal('error' in answer && answer.error, 'ConnectionError', JSON.stringify(answer));
      }
    });
  });

  describe('as a whole', () => {
    it('has no other method for vision events, and each was called', () => {
      assert.deepEqual([...sdk.methods].sort(), METHODS);
      assert.deepEqual([...sdk.called].sort(), METHODS);
    });
  });
});
