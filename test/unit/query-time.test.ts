import assert from 'node:assert/strict';
import fc from 'fast-check';
import { queryTime } from '../../nodes/query/time';
import { editorFunction } from '../support/editor-script';
import { chooseSeed } from '../support/seed';

const inEditor = editorFunction<(text: string, now: number) => number>(
  'query-time.js',
  'visionEventQueryTime',
  { Date },
);
const NOW = Date.parse('2026-11-24T08:00:00Z');

function inRuntime(text: string): number {
  try {
    return Date.parse(queryTime('startTime', text, NOW) ?? '');
  } catch {
    return NaN;
  }
}

const TEXTS = [
  ...['-30m', '-1h', '-7d', '-1.5 h', ' -2w ', '-1y', '-h', '1h', '-5'],
  ...[
    '2026-11-20',
    '2026-11-20T10:00',
    '2026-11-20T10:00:00Z',
    '2026-11-20 10:00:00',
    '2026-11-20T10:00:00,25+01',
  ],
  ...[
    '2026-11-20T10:00:00+0130',
    '2026-11-20T10',
    '2026-11-20junk',
    '2026-02-30',
    '2024-02-29',
    '2026-13-01',
    '2026-00-10',
  ],
  ...[
    '2026-11-20T25:00:00Z',
    '20261120',
    'Nov 20 2026',
    'yesterday',
    '1763636400',
    '1763636400000',
    '12345678',
    '1763636400000001',
    '1763636400999999999',
    'Thu, 20 Nov 2025 11:00:00 GMT',
    'Thu, 31 Nov 2025 11:00:00 GMT',
    '20 Foo 2025 11:00:00 +0100',
    '1e12',
  ],
];
/** Parts that times are made of, put together at random. */
const PART = fc.constantFrom(
  '2026',
  '-',
  '11',
  '31',
  '02',
  '29',
  'T',
  ' ',
  '10',
  ':',
  '00',
  '.5',
  ',5',
  'Z',
  '+01',
  '0030',
  'h',
  'd',
);

describe('times in the dialog of a query', () => {
  for (const text of TEXTS) {
    it(`"${text}": is read as the runtime reads it`, () => {
      assert.equal(inEditor(text, NOW), inRuntime(text));
    });
  }

  it('are read as the runtime reads them, whatever is typed', () => {
    const typed = fc.oneof(
      fc.array(PART, { maxLength: 10 }).map((parts) => parts.join('')),
      fc.constantFrom(...TEXTS).chain((text) => PART.map((part) => text + part)),
    );
    fc.assert(
      fc.property(
        typed.filter((text) => text.trim() !== ''),
        (text) => assert.equal(inEditor(text, NOW), inRuntime(text), text),
      ),
      { seed: chooseSeed(), numRuns: 2000 },
    );
  });
});
