import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { EventStoreClient } from '../../../src/api/event-store-client';
import { ESCAPED_INVISIBLE, makeRedactor, redactJson } from '../../../src/api/redact';
import { printable, withoutDepths } from '../../../src/api/reply-text';
import { clientFor, closedLater, endAll, failureOf } from './clients';
import { EVENT, KEY, sendJson, startServer } from '../../support/servers';

const letters = (one: (letter: string) => string) => Array.from(KEY, one).join('');
const hexOf = (letter: string) => letter.charCodeAt(0).toString(16).padStart(2, '0');

const base64OfKey = Buffer.from(KEY).toString('base64');
const escapeOf = (letter: string) => `\\u00${hexOf(letter)}`;

/**
 * The key as a careless or hostile server may repeat it: name, text of a JSON string, and what must not come through.
 */
const FORMS: [name: string, json: string, decoded: string][] = [
  ['as it is', KEY, KEY],
  ['in its header', `Bearer ${KEY}`, KEY],
  ['escaped for JSON', letters((letter) => `\\u00${hexOf(letter)}`), KEY],
  ['with escaped slashes', KEY.replaceAll('/', '\\/'), KEY],
  ['in a URL', encodeURIComponent(KEY), encodeURIComponent(KEY)],
  ['in a URL with every letter encoded', letters((letter) => `%${hexOf(letter)}`), '%6b%33%79'],
  ['in base64', Buffer.from(KEY).toString('base64'), Buffer.from(KEY).toString('base64').slice(0, -2)],
  ...['Bearer ', 'x', 'xy', 'user:'].map((before): [string, string, string] => {
    const text = Buffer.from(`${before}${KEY} and more`).toString('base64');
    return [`in base64 behind "${before}"`, text, text.slice(12, 24)];
  }),
  ['in base64 with escaped letters', base64OfKey.replace(/[A-Z]/g, escapeOf), base64OfKey.slice(0, -2)],
  ['with invisible letters', letters((letter) => `${letter}\u200b\u{e0041}`), KEY],
  ['with escaped invisible letters', letters((letter) => `${letter}\\u200B\\udb40\\udc41`), KEY],
];

describe('a server that repeats the key', () => {
  afterEach(endAll);

  for (const [name, json, decoded] of FORMS) {
    const text = `{"eventId":"${EVENT.eventId}","eventIds":["${EVENT.eventId}"],"sourceId":"s ${json}","id":"i ${json}",
      "name":"${json}","url":"http://x/${json}","warnings":[{"type":"${json}","path":"${json}","value":{"${json}":"${json}"}}],
      "deprecations":["${json}"],"events":[{"eventId":"${json}"}],"useCases":[{"id":"${json}"}],"fields":{"${json}":{"types":[]}}}`;

    it(`${name}: it is in no result of any request, in no error`, async () => {
      let status = 200;
      const server = await startServer((_, response) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(
          status === 200 ? text : `{"error":"${json}","detail":[{"loc":["${json}"],"msg":"${json}"}]}`,
        );
      });
      const client = clientFor(server, { uploadReuseMs: 0 });
      const store = closedLater(new EventStoreClient({ baseUrl: server.url, apiKey: KEY, env: {} }));
      const requests = [
        () => client.createEvent(EVENT),
        () => client.createEvents([EVENT]),
        () => client.uploadPicture({ bytes: Buffer.from('picture'), mediaType: 'image/jpeg' }),
        () => client.uploadBundle(Buffer.from('bundle')),
        () => client.query({ useCaseId: 'u' }),
        () => client.useCases.list(),
        () => client.useCases.create('name'),
        () => client.useCases.rename('u', 'name'),
        () => client.metadataSchema('u'),
        () => store.createEvent(EVENT),
      ];
      for (const request of requests) {
        const result = await request();
        const seen = inspect(result, { depth: 20 }) + JSON.stringify(result);
        assert.ok(!seen.includes(decoded), `${String(request)}: ${seen}`);
      }
      for (status of [400, 401, 404, 429, 500]) {
        for (const request of requests) {
          const error = await failureOf(request());
          assert.ok(!inspect(error).includes(decoded), error.message);
        }
      }
    });
  }

  it('does not bring it into an error by invisible letters between its letters', async () => {
    const server = await startServer((_, response) =>
      sendJson(response, 401, {
        error: `the key ${letters((letter) => `${letter}\u200b\u00ad`)} is unknown`,
      }),
    );
    const error = await failureOf(clientFor(server).createEvent(EVENT));
    assert.match(error.message, /the key \[API key\] is unknown/);
  });

  it('a short key does not tear holes into the ids of a reply', async () => {
    const server = await startServer((_, response) =>
      sendJson(response, 201, { eventId: EVENT.eventId, created: true }),
    );
    const reply = await clientFor(server, { apiKey: EVENT.eventId.slice(0, 4) }).createEvent(EVENT);
    assert.equal(reply.eventId, EVENT.eventId);
  });
});

describe('redactJson', () => {
  const redact = makeRedactor([{ text: KEY, label: 'x' }]);

  it('leaves invisible letters where they hide nothing', () => {
    const json = JSON.stringify({ text: 'a\u200bb \\u200b 👩‍🔧' }) + '"\\u200b"';
    assert.equal(redactJson(json, redact), json);
  });

  it('knows every character that nobody sees by its escape', () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      const character = String.fromCodePoint(code);
      const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
      const escape = units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
      const isKnown = escape.replace(ESCAPED_INVISIBLE, '') === '';
      if (isKnown !== /\p{Cf}/u.test(character)) wrong.push(escape);
    }
    assert.deepEqual(wrong, []);
  });

  it('is quick with a reply that consists of escapes', () => {
    for (const escape of ['\\u200b', '\\u0041', '\u200b', '\\\\u200b']) {
      const json = `"${escape.repeat((1024 * 1024) / escape.length)}"`;
      let best = Infinity;
      for (let round = 0; round < 3; round++) {
        const started = process.cpuUsage();
        redactJson(json, redact);
        best = Math.min(best, process.cpuUsage(started).user / 1000);
      }
      assert.ok(best < 150, `${escape}: ${best} ms`);
    }
  });
});

describe('makeRedactor', () => {
  const redact = makeRedactor([{ text: 'p"ä\\ss/word', label: '[password]' }]);

  for (const form of [
    'p"ä\\ss/word',
    JSON.stringify('p"ä\\ss/word').slice(1, -1),
    encodeURIComponent('p"ä\\ss/word'),
  ]) {
    it(`strikes out ${form}`, () => assert.equal(redact(`a ${form} b`), 'a [password] b'));
  }

  it('takes the label as it is and no secret as a pattern', () => {
    assert.equal(makeRedactor([{ text: 'a.c', label: '$&' }])('abc a.c'), 'abc $&');
  });

  it('finds nothing without secrets', () => {
    assert.equal(
      makeRedactor([
        { text: undefined, label: 'x' },
        { text: '', label: 'y' },
      ])('text'),
      'text',
    );
  });

  it('is linear in a text that nearly holds the secret all over', () => {
    const hostile = 'k3y-Of/The+Plant='.repeat(500_000);
    const started = performance.now();
    makeRedactor([{ text: KEY, label: 'x' }])(hostile);
    assert.ok(performance.now() - started < 1_000);
  });
});

describe('a reply without bounds', () => {
  afterEach(endAll);
  const nested = (levels: number, inner = '1') => '['.repeat(levels) + inner + ']'.repeat(levels);
  const answering = async (status: number, text: string) =>
    clientFor(
      await startServer((_, response) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(text);
      }),
    );

  it('nested 8,000 deep in a warning, a deprecation and a path is cut, and the event counts as created', async () => {
    const deep = nested(8_000);
    const client = await answering(
      201,
      `{"eventId":"${EVENT.eventId}","warnings":[{"type":"t","path":["a",${deep}],"value":${deep}}],"deprecations":[{"a":${deep}}]}`,
    );
    const reply = await client.createEvent(EVENT);
    assert.deepEqual(reply.warnings[0]?.value, [[[['…']]]]);
    assert.deepEqual(reply.deprecations, [{ a: [[['…']]] }]);
    assert.ok((reply.warnings[0]?.path.length ?? 0) < 100, reply.warnings[0]?.path);
    structuredClone(reply);
  });

  it('with a path that is not text still counts as created', async () => {
    const noText = '{"toString":1,"valueOf":1}';
    const warnings = `[{"path":[${noText},"a",0]},{"path":${noText}},{"path":"b"},{"path":1}]`;
    const reply = await (
      await answering(201, `{"eventId":"${EVENT.eventId}","warnings":${warnings}}`)
    ).createEvent(EVENT);
    assert.deepEqual(
      reply.warnings.map(({ path }) => path),
      ['a.0', '', 'b', '1'],
    );
    const deletion = await answering(200, `{"deleted":0,"notFound":[${noText},"e",7]}`);
    assert.deepEqual((await deletion.deleteEvents('u', ['e'])).notFound, ['e', '7']);
  });

  for (const id of ['a\u001b[2J', '\u202eb', 'c\u200b', 'd'.repeat(1025), '']) {
    it(`with ${JSON.stringify(id.slice(0, 20))} for an id of a picture is not an answer`, async () => {
      const client = await answering(200, JSON.stringify({ sourceId: id }));
      const upload = client.uploadPicture({ bytes: Buffer.from('picture'), mediaType: 'image/jpeg' });
      assert.match((await failureOf(upload)).message, /without the sourceId/);
    });
  }

  it('nested 500,000 deep is read in no time, whatever the status', async () => {
    const deep = nested(500_000);
    const created = await answering(201, `{"eventId":"${EVENT.eventId}","warnings":${deep}}`);
    const refused = await answering(400, `{"error":${deep},"hint":"shorter"}`);
    const page = await answering(200, `{"events":[{"eventId":"e","eventData":${deep}}]}`);
    const started = performance.now();
    assert.equal((await created.createEvent(EVENT)).warnings.length, 1);
    assert.match((await failureOf(refused.createEvent(EVENT))).message, /shorter/);
    const { events } = await page.query({ useCaseId: 'u' });
    assert.ok(performance.now() - started < 500, `${performance.now() - started} ms`);
    assert.ok(JSON.stringify(events).length < 200);
    assert.ok(JSON.stringify(events).includes('nested too deeply'));
  });

  it('with 40,000 warnings gives 1,000 and the true number, of one event and of a batch', async () => {
    const warnings = `[${Array(40_000).fill('{"path":"a.b"}').join(',')}]`;
    const one = await (
      await answering(201, `{"eventId":"${EVENT.eventId}","warnings":${warnings}}`)
    ).createEvent(EVENT);
    assert.equal(one.warnings.length, 1_000);
    assert.equal(one.warningCount, 40_000);
    const many = await answering(
      201,
      `{"eventIds":["${EVENT.eventId}"],"warnings":{"0":${warnings},"9":[1]}}`,
    );
    const batch = await many.createEvents([EVENT]);
    assert.equal(batch.warningsByEvent[EVENT.eventId]?.length, 1_000);
    assert.equal(batch.warningCount, 40_001);
  });

  it('counts nothing beside a list that is complete', async () => {
    const client = await answering(201, `{"eventId":"${EVENT.eventId}","warnings":[1,2]}`);
    assert.ok(!('warningCount' in (await client.createEvent(EVENT))));
  });

  it('with long values gives their beginning, on one line and without what steers a terminal', async () => {
    const value = { text: '\u001b[2J\u202eabc\n'.repeat(1_000) };
    const warning = { type: 'x'.repeat(5_000), path: 'a\u0007\r\nb', value, valueType: '\u009b31m' };
    const body = { eventId: EVENT.eventId, warnings: [warning], deprecations: ['d'.repeat(5_000)] };
    const { warnings, deprecations } = await (await answering(201, JSON.stringify(body))).createEvent(EVENT);
    const [read] = warnings;
    assert.equal(read?.type.length, 1025);
    assert.equal(read.path, 'a b');
    assert.equal(read.valueType, ' 31m');
    assert.equal(typeof read.value, 'string');
    assert.ok((read.value as string).startsWith('{"text":" [2Jabc [2Jabc'));
    assert.ok((read.value as string).length <= 1025);
    assert.equal((deprecations[0] as string).length, 1025);
    assert.ok(!/[\p{Cc}\p{Cf}]/u.test(JSON.stringify([warnings, deprecations])));
  });

  it('a text of a refusal neither steers a terminal nor turns the line around', async () => {
    const client = await answering(
      503,
      JSON.stringify({ error: '\u001b[2J\u001b]0;pwned\u0007\u009b31m down\u202e' }),
    );
    const error = await failureOf(client.createEvent(EVENT));
    assert.ok(!/[\p{Cc}\p{Cf}]/u.test(error.message), inspect(error.message));
    assert.match(error.message, / down\./);
  });
});

describe('withoutDepths', () => {
  const cut = '"[nested too deeply]"';
  const examples = [
    ['[[1]]', '[[1]]'],
    ['[[[1]]]', `[[${cut}]]`],
    ['{"a":{"b":{"c":1},"d":[{}]},"e":[[[]],2]}', `{"a":{"b":${cut},"d":${cut}},"e":[${cut},2]}`],
    ['["[[[", "\\"[[[", "\\\\", [2]]', '["[[[", "\\"[[[", "\\\\", [2]]'],
    ['', ''],
    ['<html>[', '<html>['],
    ['"no end [[[', '"no end [[['],
  ] as const;
  for (const [text, expected] of examples) {
    it(`reads ${JSON.stringify(text)} with two levels`, () => assert.equal(withoutDepths(text, 2), expected));
  }

  it('leaves no JSON behind where the brackets never end', () => {
    assert.throws(() => JSON.parse(withoutDepths('['.repeat(1_000_000))));
  });
});

describe('printable', () => {
  it('takes line breaks, steering and invisible characters away and leaves other scripts alone', () => {
    assert.equal(printable('a\r\n\tb\u2028c\u200bd\u{e0041}ü 日本 😀'), 'a b cdü 日本 😀');
  });
});
