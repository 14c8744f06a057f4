import assert from 'node:assert/strict';
import { mkdtemp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { startSimulator, type Simulator } from '../../../simulator/server';
import { call, event, post } from './client';

/** The smallest PNG there is: one transparent pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

let simulator: Simulator;
before(async () => (simulator = await startSimulator()));
after(() => simulator.close());
beforeEach(() => simulator.reset());

describe('simulator: keys', () => {
  it('answers 401 without a known key and 403 without the scope', async () => {
    const { read, write } = simulator.keys;
    assert.equal((await post(simulator, '/vision-events', event(), null)).status, 401);
    assert.equal((await post(simulator, '/vision-events', event(), 'wrong')).status, 401);
    const refused = await post(simulator, '/vision-events', event(), read);
    assert.equal(refused.status, 403);
    assert.deepEqual(refused.body, { error: 'Insufficient permissions for this resource.' });
    assert.equal((await post(simulator, '/vision-events', event(), write)).status, 201);
    assert.equal((await call(simulator, 'GET', '/vision-events/use-cases', undefined, write)).status, 403);
    assert.equal((await call(simulator, 'GET', '/vision-events/use-cases', undefined, read)).status, 200);
    assert.equal((await post(simulator, '/vision-events/use-cases', { name: 'x' }, write)).status, 403);
  });

  it('answers 404 to a path that is none', async () => {
    assert.equal((await post(simulator, '/vision-event', event())).status, 404);
    assert.equal((await call(simulator, 'GET', '/vision-events')).status, 404);
  });
});

describe('simulator: POST /vision-events/upload', () => {
  const form = (bytes: Buffer, fields: Record<string, string> = {}) => {
    const body = new FormData();
    body.append('file', new Blob([new Uint8Array(bytes)]), 'frame.png');
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    return body;
  };

  it('keeps the bytes, tells the type by them, and serves them to the page', async () => {
    const fields = { name: 'frame.png', metadata: '{"lens":"8mm"}' };
    const answer = await post(simulator, '/vision-events/upload', form(PNG, fields));
    assert.equal(answer.status, 201);
    assert.equal(answer.body.success, true);
    assert.match(answer.body.sourceId as string, /^ve-img-[0-9a-f]{12}$/);
    const served = await fetch(answer.body.url as string);
    assert.equal(served.headers.get('content-type'), 'image/png');
    assert.deepEqual(Buffer.from(await served.arrayBuffer()), PNG);
  });

  it('refuses what is not a picture, empty, missing, or has broken metadata', async () => {
    const upload = async (body: unknown) => (await post(simulator, '/vision-events/upload', body)).status;
    assert.equal(await upload(form(Buffer.from('<html>'))), 400);
    assert.equal(await upload(form(Buffer.alloc(0))), 400);
    assert.equal(await upload(new FormData()), 400);
    assert.equal(await upload({ file: 'no' }), 400);
    assert.equal(await upload(form(PNG, { metadata: '[1]' })), 400);
    assert.equal(await upload(form(PNG, { metadata: '{"a":{}}' })), 400);
    assert.equal(await upload(form(PNG, { metadata: '{' })), 400);
  });

  it('gives every upload an id of its own, and tells what came with it', async () => {
    const metadata = { lens: '8mm', lamp: true };
    const upload = (fields?: Record<string, string>) =>
      post(simulator, '/vision-events/upload', form(PNG, fields));
    const first = await upload({ metadata: JSON.stringify(metadata) });
    const second = await upload();
    assert.notEqual(first.body.sourceId, second.body.sourceId);
    const facts = await call(simulator, 'GET', `/_simulator/pictures/${first.body.sourceId}`);
    assert.deepEqual(facts.body, {
      sourceId: first.body.sourceId,
      mediaType: 'image/png',
      bytes: PNG.length,
      metadata,
    });
    const unknown = await call(simulator, 'GET', '/_simulator/pictures/ve-img-0');
    assert.equal(unknown.status, 404);
  });

  it('answers 413 above 20 MB', async () => {
    const large = Buffer.concat([PNG, Buffer.alloc(20 * 1024 * 1024)]);
    assert.equal((await post(simulator, '/vision-events/upload', form(large))).status, 413);
  });
});

describe('simulator: POST /vision-events/bundle', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'simulator-bundle-'));
    await mkdir(join(folder, 'images'));
    await writeFile(join(folder, 'images', 'a.png'), PNG);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const payload = (fields: Record<string, unknown> = {}) => ({
    bundleFormatVersion: 1,
    ...event({ eventId: 'bundled', images: [{ label: 'l', file: 'images/a.png' }] }),
    ...fields,
  });
  const pack = async (content: unknown, members = ['payload.json', 'images/a.png'], gzip = true) => {
    await writeFile(join(folder, 'payload.json'), JSON.stringify(content));
    const file = join(folder, 'bundle');
    await create({ file, cwd: folder, gzip }, members);
    return new Uint8Array(await readFile(file));
  };
  const send = (body: Uint8Array, query = '') => post(simulator, `/vision-events/bundle${query}`, body);

  it('takes gzip and plain tar and uploads the pictures inside', async () => {
    for (const gzip of [true, false]) {
      simulator.reset();
      const answer = await send(await pack(payload(), undefined, gzip));
      assert.deepEqual([answer.status, answer.body], [201, { eventId: 'bundled', created: true }]);
      const [image] = simulator.events()[0]!.event.images as Record<string, string>[];
      assert.deepEqual(Object.keys(image!), ['label', 'sourceId']);
      const served = await call(simulator, 'GET', `/_simulator/images/${image!.sourceId}`, undefined, null);
      assert.equal(served.status, 200);
    }
  });

  it('lets the use case of the address win', async () => {
    const body = await pack(payload({ useCaseId: 'nowhere' }));
    assert.equal((await send(body)).status, 404);
    assert.equal((await send(body, '?useCaseId=dock-count')).status, 201);
    assert.equal(simulator.events()[0]?.useCaseId, 'dock-count');
    const without = await pack(payload({ useCaseId: undefined }));
    assert.equal((await send(without)).body.error, 'useCaseId is required');
  });

  it('takes the key in the address', async () => {
    const path = `/vision-events/bundle?api_key=${simulator.keys.write}`;
    assert.equal((await post(simulator, path, await pack(payload()), null)).status, 201);
  });

  it('takes 25 MiB and not one byte more', async () => {
    const limit = 25 * 1024 * 1024;
    const plain = await pack(payload(), undefined, false);
    const padded = (size: number) => {
      const body = new Uint8Array(size);
      body.set(plain);
      return body;
    };
    assert.equal((await send(padded(limit))).status, 201);
    assert.equal((await send(padded(limit + 1))).status, 413);
  });

  it('refuses archives that are broken, incomplete or unsafe', async () => {
    const error = async (body: Uint8Array) => {
      const answer = await send(body);
      assert.equal(answer.status, 400, answer.text);
      return answer.body.error as string;
    };
    assert.match(await error(new Uint8Array([1, 2, 3])), /cannot be read|no payload/);
    assert.match(await error((await pack(payload())).slice(0, 120)), /cannot be read/);
    assert.match(await error(await pack(payload(), ['images/a.png'])), /no payload.json/);
    assert.match(await error(await pack(payload(), ['payload.json'])), /no member images\/a.png/);
    assert.match(await error(await pack(payload({ bundleFormatVersion: 2 }))), /must be 1/);
    assert.match(await error(await pack([1])), /JSON object/);
    await symlink('/etc/hostname', join(folder, 'images', 'link.png'));
    assert.match(
      await error(await pack(payload(), ['payload.json', 'images/a.png', 'images/link.png'])),
      /not a file/,
    );
  });
});

describe('simulator: POST /vision-events/query', () => {
  const query = async (body: Record<string, unknown>) => {
    const answer = await post(simulator, '/vision-events/query', { useCaseId: 'quality-line-1', ...body });
    return { ...answer, ids: ((answer.body.events ?? []) as { eventId: string }[]).map((e) => e.eventId) };
  };
  const detection = (name: string, confidence: number) => ({
    class: name,
    x: 10,
    y: 10,
    width: 4,
    height: 4,
    confidence,
  });
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

  it('gives the newest first, page by page, unmoved by what arrives meanwhile', async () => {
    const events = Array.from({ length: 25 }, (_, i) =>
      event({ eventId: `e${i}`, timestamp: minutesAgo(i) }),
    );
    await post(simulator, '/vision-events/batch', { events });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await query({ limit: 10, cursor });
      assert.equal(page.body.lookbackDays, 14);
      seen.push(...page.ids);
      await post(simulator, '/vision-events', event({ timestamp: minutesAgo(0) }));
      cursor = page.body.hasMore ? (page.body.nextCursor as string) : undefined;
    } while (cursor);
    assert.deepEqual(
      seen,
      events.map(({ eventId }) => eventId),
    );
  });

  it('filters by everything that is documented', async () => {
    const events = [
      event({ eventId: 'plain', timestamp: minutesAgo(10) }),
      event({
        eventId: 'full',
        timestamp: minutesAgo(20),
        deviceId: 'cam-1',
        streamId: 's-1',
        workflowId: 'w-1',
        eventData: { result: 'fail', externalId: 'x-1' },
        customMetadata: { 'belt speed': 1.5, shift: 'night', open: true },
        images: [{ objectDetections: [detection('scratch', 0.9), detection('dent', 0.4)] }, {}],
      }),
      event({
        eventId: 'alert',
        eventType: 'safety_alert',
        eventData: { severity: 'high', alertType: 'fire' },
        timestamp: minutesAgo(30),
        images: [{ classifications: [{ class: 'smoke', confidence: 0.7 }] }],
        colour: 'red',
      }),
      event({ eventId: 'elsewhere', useCaseId: 'dock-count' }),
      event({ eventId: 'long ago', timestamp: minutesAgo(15 * 24 * 60) }),
    ];
    await post(simulator, '/vision-events/batch', { events });
    const eq = (value: string) => ({ operator: 'eq', value });
    const column = (name: string, operator: string, value: unknown) => ({
      eventFieldFilters: [{ column: name, operator, value }],
    });
    const metadata = (field: string, operator: string, value: unknown) => ({
      customMetadataFilters: [{ field, operator, value, type: typeof value }],
    });
    const cases: [Record<string, unknown>, string[]][] = [
      [{}, ['plain', 'full', 'alert']],
      [{ useCaseId: 'dock-count' }, ['elsewhere']],
      [{ eventType: 'safety_alert' }, ['alert']],
      [{ eventTypes: ['safety_alert', 'custom'] }, ['alert']],
      [{ startTime: minutesAgo(25), endTime: minutesAgo(15) }, ['full']],
      [{ deviceId: eq('cam-1') }, ['full']],
      [{ deviceId: { operator: 'neq', value: 'cam-1' } }, ['plain', 'alert']],
      [{ streamId: eq('s-1') }, ['full']],
      [{ workflowId: eq('w-1') }, ['full']],
      [{ externalId: eq('x-1') }, ['full']],
      [column('result', 'eq', 'fail'), ['full']],
      [column('alert_type', 'eq', 'fire'), ['alert']],
      [column('event_type', 'neq', 'safety_alert'), ['plain', 'full']],
      [{ detection: eq('dent') }, ['full']],
      [{ detection: { ...eq('dent'), confidence: { operator: 'gte', value: 0.4 } } }, ['full']],
      [{ detection: { ...eq('dent'), confidence: { operator: 'gt', value: 0.4 } } }, []],
      [{ detection: { operator: 'in', value: ['smoke', 'dent'] } }, ['full', 'alert']],
      [{ detection: { operator: 'neq', value: 'dent' } }, ['plain', 'alert']],
      [{ detection: { operator: 'not_in', value: ['smoke', 'scratch'] } }, ['plain']],
      [{ imageCount: { operator: 'eq', value: 2 } }, ['full']],
      [{ imageCount: { operator: 'lt', value: 1 } }, ['plain']],
      [{ hasWarnings: true }, ['alert']],
      [{ hasWarnings: false }, ['plain', 'full']],
      [metadata('belt speed', 'gt', 1), ['full']],
      [metadata('belt speed', 'lte', 1), []],
      [metadata('shift', 'eq', 'night'), ['full']],
      [metadata('open', 'neq', true), ['plain', 'alert']],
    ];
    for (const [filter, ids] of cases) {
      const answer = await query(filter);
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.ids, ids, JSON.stringify(filter));
    }
  });

  it('takes the feedback that an event got last, and does not repeat the use case', async () => {
    const feedback = (relatedEventId: string, said: string, minutes: number) =>
      event({
        eventId: `${relatedEventId}-${minutes}`,
        eventType: 'operator_feedback',
        eventData: { relatedEventId, feedback: said },
        timestamp: minutesAgo(minutes),
      });
    const events = [
      ...['a', 'b', 'c'].map((eventId, i) => event({ eventId, timestamp: minutesAgo(60 + i) })),
      feedback('a', 'correct', 10),
      feedback('a', 'incorrect', 20),
      feedback('b', 'inconclusive', 30),
    ];
    await post(simulator, '/vision-events/batch', { events });
    const of = async (...feedbackStatus: string[]) =>
      (await query({ feedbackStatus, eventTypes: ['quality_check'] })).ids;
    assert.deepEqual(await of('correct'), ['a']);
    assert.deepEqual(await of('incorrect'), []);
    assert.deepEqual(await of('inconclusive', 'none'), ['b', 'c']);
    assert.deepEqual(await of(), ['a', 'b', 'c']);
    const related = [{ column: 'related_event_id', operator: 'eq', value: 'b' }];
    const { body } = await query({ eventFieldFilters: related });
    const [found] = body.events as Record<string, unknown>[];
    assert.equal(found!.eventId, 'b-30');
    assert.ok(!('useCaseId' in found!) && !('deviceId' in found!));
  });

  it('refuses what it does not know', async () => {
    const wrong = [
      { useCaseId: undefined },
      { limit: 0 },
      { limit: 1001 },
      { eventFieldFilters: [{ column: 'itemCount', operator: 'eq', value: 1 }] },
      { detection: { operator: 'in', value: 'dent' } },
      { detection: { operator: 'eq', value: ['dent'] } },
      { detection: { operator: 'eq', value: 'dent', confidence: { operator: 'eq', value: 0.5 } } },
      { feedbackStatus: ['right'] },
      { cursor: 'x' },
      { colour: 'red' },
    ];
    for (const body of wrong) assert.equal((await query(body)).status, 400, JSON.stringify(body));
    assert.equal((await query({ useCaseId: 'nowhere' })).status, 404);
  });
});

describe('simulator: use cases, schemas, deleting', () => {
  const path = '/vision-events/use-cases';
  const list = async (status?: string) => {
    const answer = await call(simulator, 'GET', status ? `${path}?status=${status}` : path);
    return (answer.body.useCases as { id: string; name: string }[]).map(({ id }) => id);
  };

  it('lists the active ones, or those asked for', async () => {
    assert.deepEqual(await list(), ['quality-line-1', 'dock-count', 'site-safety']);
    assert.deepEqual(await list('inactive'), ['old-line']);
    assert.equal((await call(simulator, 'GET', `${path}?status=lost`)).status, 400);
  });

  it('can speak like an older server', async () => {
    const older = await startSimulator({ listKey: 'solutions' });
    try {
      assert.deepEqual(Object.keys((await call(older, 'GET', path)).body), ['solutions', 'lookbackDays']);
    } finally {
      await older.close();
    }
  });

  it('creates, renames, archives and restores', async () => {
    const made = await post(simulator, path, { name: '  Paint shop ' });
    assert.equal(made.status, 201);
    assert.equal(made.body.name, 'Paint shop');
    const id = made.body.id as string;
    const twice = await post(simulator, path, { name: 'Paint shop' });
    assert.deepEqual(
      [twice.status, twice.body],
      [400, { error: 'A solution with this name already exists' }],
    );
    for (const body of [{}, { name: ' ' }, { name: 'x'.repeat(257) }, { name: 4 }]) {
      assert.equal((await post(simulator, path, body)).status, 400);
    }
    const renamed = await call(simulator, 'PUT', `${path}/${id}`, { name: 'Paint' });
    assert.deepEqual([renamed.status, renamed.body], [200, { id, name: 'Paint' }]);
    assert.equal((await call(simulator, 'PUT', `${path}/${id}`, {})).status, 400);
    assert.deepEqual((await post(simulator, `${path}/${id}/archive`, {})).body, { success: true });
    assert.equal((await post(simulator, '/vision-events', event({ useCaseId: id }))).status, 400);
    assert.deepEqual((await post(simulator, `${path}/${id}/unarchive`, {})).body, { success: true });
    const again = await post(simulator, `${path}/${id}/unarchive`, {});
    assert.deepEqual([again.status, again.body], [400, { error: 'Solution is not archived' }]);
    assert.equal((await post(simulator, '/vision-events', event({ useCaseId: id }))).status, 201);
    const missing = await post(simulator, `${path}/nowhere/archive`, {});
    assert.deepEqual([missing.status, missing.body], [404, { error: 'Solution not found' }]);
  });

  it('tells which metadata keys it has seen with which types', async () => {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(PNG)]), 'a.png');
    form.append('metadata', '{"lens":"8mm"}');
    const { sourceId } = (await post(simulator, '/vision-events/upload', form)).body;
    await post(simulator, '/vision-events/batch', {
      events: [
        event({ customMetadata: { speed: 1, shift: 'night' }, images: [{ sourceId }] }),
        event({ customMetadata: { speed: 'fast', open: true } }),
      ],
    });
    const custom = await call(simulator, 'GET', '/vision-events/custom-metadata-schema/quality-line-1');
    assert.deepEqual(custom.body.fields, {
      speed: { types: ['number', 'string'] },
      shift: { types: ['string'] },
      open: { types: ['boolean'] },
    });
    const image = await call(simulator, 'GET', '/vision-events/image-metadata-schema/quality-line-1');
    assert.deepEqual(image.body, {
      useCaseId: 'quality-line-1',
      fields: { lens: { types: ['string'] } },
    });
    const unknown = await call(simulator, 'GET', '/vision-events/custom-metadata-schema/nowhere');
    assert.equal(unknown.status, 404);
  });

  it('deletes by id and says what it did not find', async () => {
    await post(simulator, '/vision-events/batch', {
      events: [event({ eventId: 'a' }), event({ eventId: 'b', useCaseId: 'dock-count' })],
    });
    const remove = (eventIds: unknown) =>
      post(simulator, '/vision-events/delete', { useCaseId: 'quality-line-1', eventIds });
    assert.deepEqual((await remove(['a', 'b', 'c'])).body, { deleted: 1, notFound: ['b', 'c'] });
    assert.deepEqual(
      simulator.events().map(({ eventId }) => eventId),
      ['b'],
    );
    assert.equal((await remove([])).status, 400);
    assert.equal((await remove(Array.from({ length: 1001 }, String))).status, 400);
  });
});
