import assert from 'node:assert/strict';
import fc from 'fast-check';
import { withSourceIds, type UploadedPicture } from '../../../src/delivery/sender/body';

describe('the body with the ids of uploaded pictures', () => {
  const output: UploadedPicture = { role: 'output', sourceId: 'OUT' };
  const input: UploadedPicture = { role: 'input', sourceId: 'IN' };
  const both = [output, input];

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
    assert.equal(withSourceIds('{"eventId":"e"}', [output]), '{"images":[{"sourceId":"OUT"}],"eventId":"e"}');
  });

  it('replaces an id that is there already', () => {
    assert.equal(
      withSourceIds('{"images":[{"label":"x","sourceId":"old"}]}', [{ role: 'output', sourceId: 'new' }]),
      '{"images":[{"label":"x","sourceId":"new"}]}',
    );
  });

  it('puts each id into its own entry, and makes those that are missing', () => {
    const second = { ...output, image: 1 };
    assert.equal(
      withSourceIds('{"images":[{"label":"a"}, {"label":"b"}]}', [input, second]),
      '{"images":[{"inputSourceId":"IN","label":"a"}, {"sourceId":"OUT","label":"b"}]}',
    );
    assert.deepEqual(
      JSON.parse(withSourceIds('{"images":[{"label":"a"}]}', [{ ...input, image: 3 }, second])),
      {
        images: [{ label: 'a' }, { sourceId: 'OUT' }, {}, { inputSourceId: 'IN' }],
      },
    );
  });

  it('takes the time of one look at the event, however many pictures it has', () => {
    const box = { class: 'crate', x: 1, y: 2, width: 3, height: 4, confidence: 0.9 };
    const images = Array.from({ length: 1000 }, () => ({ objectDetections: Array<object>(20).fill(box) }));
    const uploaded = images.flatMap((_image, image): UploadedPicture[] => [
      { ...output, image },
      { ...input, image },
    ]);
    const body = JSON.stringify({ images });
    const began = process.cpuUsage();
    const complete = JSON.parse(withSourceIds(body, uploaded)) as { images: unknown[] };
    const { user } = process.cpuUsage(began);
    assert.deepEqual(
      complete.images,
      images.map((image) => ({ sourceId: 'OUT', inputSourceId: 'IN', ...image })),
    );
    // Looking through all of it for each picture took 30 s.
    assert.ok(user < 3e6, `${user / 1000} ms`);
  });

  it('is not led astray by nested objects and strings that look like members', () => {
    const body =
      '{"customMetadata":{"images":"[{}]"},"comment":"\\"images\\":[{","images":[{"n":[{"a":"}"}]}]}';
    assert.equal(
      withSourceIds(body, [input]),
      '{"customMetadata":{"images":"[{}]"},"comment":"\\"images\\":[{","images":[{"inputSourceId":"IN","n":[{"a":"}"}]}]}',
    );
  });

  it('without ids returns the very text', () =>
    assert.equal(withSourceIds(' {"a" : 1} ', []), ' {"a" : 1} '));

  it('refuses what is not an event', () => {
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
        fc.nat({ max: 4 }),
        fc.string(),
        fc.string(),
        (value, indent, image, sourceId, inputSourceId) => {
          const body = JSON.stringify(value, null, indent);
          const expected = JSON.parse(body) as { images?: Record<string, unknown>[] };
          const images = (expected.images ??= []);
          while (images.length <= image) images.push({});
          images[image] = { ...images[image], sourceId, inputSourceId };
          const uploaded: UploadedPicture[] = [
            { role: 'output', image, sourceId },
            { role: 'input', image, sourceId: inputSourceId },
          ];
          assert.deepEqual(JSON.parse(withSourceIds(body, uploaded)), expected);
        },
      ),
      { seed, numRuns: 500 },
    );
  });
});
