import assert from 'node:assert/strict';
import { convertDetections, FORMATS } from '../../../src/detections/convert';
import type { DetectionSettings } from '../../../src/detections/convert';
import { assertRefused, refusal } from './assertions';

const mapping = {
  list: 'results',
  class: 'label',
  confidence: 'score',
  box: { convention: 'corners', units: 'pixel', fields: ['x1', 'y1', 'x2', 'y2'] },
};
const custom = (changes: Record<string, unknown> = {}): DetectionSettings => ({
  format: 'custom',
  mapping: { ...mapping, ...changes },
});
const row = { label: 'valve', score: 0.75, x1: 200, y1: 60, x2: 360, y2: 300 };

const ERROR_BODIES: Record<string, unknown> = {
  'an error text': { error: 'quota exceeded' },
  'an error object': { error: { code: 429, message: 'quota exceeded' } },
  'an error object in a list': [{ error: { code: 429, message: 'quota exceeded' } }],
  'a failure': { success: false, message: 'quota exceeded' },
  'message and code': { message: 'quota exceeded', code: 'E42' },
  'message alone': { message: 'quota exceeded' },
  'detail and status': { detail: 'quota exceeded', status: 429 },
  'a problem document': { type: 'about:blank', title: 'quota exceeded', status: 429, instance: '/v1' },
  'a failure status beside other things': { status: 503, message: 'quota exceeded', worker: { id: 4 } },
};

describe('"nothing found" needs a positive sign', () => {
  for (const [name, body] of Object.entries(ERROR_BODIES)) {
    it(`${name} is an error in every format, and says what the detector said`, () => {
      const ways = [{ format: 'auto' }, custom(), custom({ list: '' }), custom({ whenListMissing: 'empty' })];
      for (const settings of [...ways, ...FORMATS.map(({ id }) => ({ format: id }))]) {
        const { code, message } = refusal(body, settings);
        assert.ok(
          ['error-payload', 'detector-reported-error'].includes(code),
          `${settings.format}: ${message}`,
        );
        assert.match(message, /quota exceeded/, settings.format);
      }
    });
  }

  it('an error is one also beside an empty list', () => {
    assertRefused('error-payload', { error: 'timeout', results: [] }, custom());
    assertRefused('error-payload', { message: 'timeout', code: 504, results: [] }, custom());
    for (const sign of [
      { error: 500 },
      { error: -1 },
      { error_code: 216015 },
      { errorCode: 'E_BUSY' },
      { errno: 110 },
      { errors: ['no model'] },
      { success: 0 },
      { ok: false },
    ]) {
      assertRefused('error-payload', { ...sign, results: [] }, custom());
      assertRefused('error-payload', { ...sign, detections: [] }, { format: 'auto' });
      assertRefused('error-payload', { ...sign, id: 'gate', detections: [] }, { format: 'doods' });
      const found = convertDetections({ ...sign, results: [row] }, custom());
      assert.equal(found.count, 1, 'what was found counts');
    }
    for (const sign of [
      { error: 0 },
      { error_code: '0' },
      { errorCode: 'OK' },
      { errors: [] },
      { success: 1 },
      { ok: true },
    ])
      assert.equal(convertDetections({ ...sign, results: [] }, custom()).count, 0);
    assert.equal(convertDetections({ message: 'none', code: 200, results: [] }, custom()).count, 0);
    assert.equal(convertDetections({ error: '', results: [] }, custom()).count, 0);
  });

  it('rows of which none fits name the path, the keys of the first and the setting', () => {
    const { message } = assertRefused('rows-unreadable', { results: [{ ...row, x1: 'left' }] }, custom());
    assert.match(message.slice(0, 80), /check the mapping/);
    assert.match(message, /"results".*number.*label, score, x1/);
    const boxless = [{ label: 'valve', score: 1 }];
    assert.match(
      assertRefused('rows-unreadable', { results: boxless }, custom()).message,
      /no box.*label, score/,
    );
  });

  it('a path one level too high meets an object without the mapped fields', () => {
    const { message } = assertRefused('rows-unreadable', { results: [row] }, custom({ list: '' }));
    assert.match(message, /payload itself.*results/);
    assertRefused('rows-unreadable', { results: { found: [row] } }, custom());
    assertRefused('rows-unreadable', { results: {} }, custom());
  });

  it('a preset on the wrong property is an error', () => {
    const wrapped = {
      wrapped: { picture: Buffer.from('a'), people: { person: [{ x: 1, y: 2, w: 3, h: 4 }] } },
    };
    const { message } = refusal(wrapped, { format: 'good-i-deer' });
    assert.match(message.slice(0, 80), /"Format"/);
  });

  it('a detector whose only row cannot be read is an error in every way', () => {
    const answer = {
      image: { width: 8, height: 6 },
      predictions: [{ x: 'a', y: 2, width: 2, height: 2, class: 'a', class_id: 1 }],
    };
    for (const format of ['auto', 'roboflow']) assertRefused('rows-unreadable', answer, { format });
  });

  it('lists inside lists: none at all is not a list, some are counted as left out', () => {
    const deep = custom({ list: 'pages[].results[]' });
    assertRefused('list-not-found', { pages: [{ result: [row] }, {}] }, deep);
    assertRefused(
      'list-not-found',
      { pages: [{}] },
      custom({ list: 'pages[].results[]', whenListMissing: 'empty' }),
    );
    const partly = convertDetections({ pages: [{ results: [row] }, { fault: 3 }] }, deep);
    assert.deepEqual([partly.count, partly.dropped, partly.notes], [1, 1, ['no-list-inside']]);
    const declared = custom({ list: 'pages[].results[]', passOver: ['fault'] });
    assert.equal(convertDetections({ pages: [{ results: [row] }, { fault: 3 }] }, declared).dropped, 0);
    assert.equal(convertDetections({ pages: [] }, deep).count, 0);
    assert.equal(convertDetections({ pages: [{ results: [] }] }, deep).count, 0);
  });

  it('whenListMissing: "empty" covers a list that is not there, not something else in its place', () => {
    const lenient = custom({ whenListMissing: 'empty' });
    assert.equal(convertDetections({ frame: 7 }, lenient).count, 0);
    assert.equal(convertDetections({ frame: 7, results: null }, lenient).count, 0);
    assertRefused('list-not-found', { results: 'none' }, lenient);
    assertRefused('list-not-found', 7, lenient);
  });

  it('rows below the minimum of the mapping could be read; rows without a confidence could not', () => {
    const filled = custom({ minConfidence: 0.5 });
    assert.equal(convertDetections({ results: [{ ...row, score: 0 }] }, filled).count, 0);
    assertRefused('rows-unreadable', { results: [{ ...row, score: undefined }] }, filled);
    const { count, dropped, notes } = convertDetections({ results: [row, { ...row, score: null }] }, filled);
    assert.deepEqual([count, dropped, notes], [1, 1, ['missing-confidence']]);
    const rated = { ...filled, defaultConfidence: 0.75 };
    assert.equal(convertDetections({ results: [{ ...row, score: null }] }, rated).count, 1);
  });

  it('a clamped confidence of a row that is passed over is not a remark', () => {
    const tsv = custom({ minConfidence: 0.01, confidenceUnit: 'percent' });
    const { count, notes } = convertDetections(
      {
        results: [
          { ...row, score: -1 },
          { ...row, score: 75 },
        ],
      },
      tsv,
    );
    assert.deepEqual([count, notes], [1, []]);
  });

  it('tries all mappings of a preset before it gives up', () => {
    const boxOf = { label: 'valve', probability: 0.75, detection_box: [0.1, 0.25, 0.5, 0.45] };
    const settings = { format: 'max-object-detector', imageSize: { width: 800, height: 600 } };
    assert.equal(convertDetections({ predictions: [boxOf] }, settings).count, 1);
    assert.equal(convertDetections([boxOf], settings).count, 1);
  });

  it('names msg.statusCode when the request before the node failed', () => {
    const { message } = refusal({ results: 'x' }, custom(), { statusCode: 429 });
    assert.match(message, /msg\.statusCode is 429/);
    assert.doesNotMatch(refusal({ results: 'x' }, custom(), { statusCode: 200 }).message, /statusCode/);
    assert.equal(convertDetections({ results: [] }, custom(), { statusCode: 500 }).count, 0);
  });
});
