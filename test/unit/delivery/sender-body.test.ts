import assert from 'node:assert/strict';
import fc from 'fast-check';
import { withSourceIds } from '../../../src/delivery/sender-body';

describe('the body with the ids of uploaded pictures', () => {
  const both = { sourceId: 'OUT', inputSourceId: 'IN' };

  it('puts the ids in front of the first image and leaves every other byte', () => {
    assert.equal(
      withSourceIds('{ "a": 1.0, "images" : [ {"label":"door"}, {"label":"two"} ],"2":0,"1":0 }', both),
      '{ "a": 1.0, "images" : [ {"sourceId":"OUT","inputSourceId":"IN","label":"door"}, {"label":"two"} ],"2":0,"1":0 }',
    );
  });

  it('takes an empty entry, an empty list and a missing list', () => {
    const expected = '{"images":[{"sourceId":"OUT","inputSourceId":"IN"}]}';
    assert.equal(withSourceIds('{"images":[{}]}', both), expected);
    assert.equal(withSourceIds('{"images":[]}', both), expected);
    assert.equal(withSourceIds('{}', both), expected);
    assert.equal(
      withSourceIds('{"eventId":"e"}', { sourceId: 'OUT' }),
      '{"images":[{"sourceId":"OUT"}],"eventId":"e"}',
    );
  });

  it('replaces an id that is there already', () => {
    assert.equal(
      withSourceIds('{"images":[{"label":"x","sourceId":"old"}]}', { sourceId: 'new' }),
      '{"images":[{"label":"x","sourceId":"new"}]}',
    );
  });

  it('is not led astray by nested objects and strings that look like members', () => {
    const body =
      '{"customMetadata":{"images":"[{}]"},"comment":"\\"images\\":[{","images":[{"n":[{"a":"}"}]}]}';
    assert.equal(
      withSourceIds(body, { inputSourceId: 'IN' }),
      '{"customMetadata":{"images":"[{}]"},"comment":"\\"images\\":[{","images":[{"inputSourceId":"IN","n":[{"a":"}"}]}]}',
    );
  });

  it('without ids returns the very text', () =>
    assert.equal(withSourceIds(' {"a" : 1} ', {}), ' {"a" : 1} '));

  it('refuses what is no event', () => {
    for (const body of [
      '',
      '[]',
      'nonsense',
      '{"images":{}}',
      '{"images":[1]}',
      '{"images":[{"a":1',
      '{"a"',
    ]) {
      assert.throws(() => withSourceIds(body, both), SyntaxError, body);
    }
  });

  it('means the same as setting the members of the parsed event, for any event (property)', () => {
    const seed = Date.now() % 2 ** 31;
    console.log(`      body property: seed ${seed}`);
    const event = fc.record(
      {
        before: fc.jsonValue(),
        images: fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 3 }),
        after: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        event,
        fc.constantFrom(undefined, 2),
        fc.string(),
        fc.string(),
        (value, indent, sourceId, inputSourceId) => {
          const body = JSON.stringify(value, null, indent);
          const expected = JSON.parse(body) as { images?: Record<string, unknown>[] };
          const images = expected.images ?? [];
          expected.images = [{ ...(images[0] ?? {}), sourceId, inputSourceId }, ...images.slice(1)];
          assert.deepEqual(JSON.parse(withSourceIds(body, { sourceId, inputSourceId })), expected);
        },
      ),
      { seed, numRuns: 500 },
    );
  });
});
