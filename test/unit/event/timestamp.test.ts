import assert from 'node:assert/strict';
import { toIsoTimestamp, unusualTimeForm } from '../../../src/event/timestamp';

const MOMENT = '2026-06-15T12:34:56.789Z';
const MS = Date.parse(MOMENT);
const TO_THE_SECOND = '2026-06-15T12:34:56.000Z';

describe('event: times', () => {
  for (const [name, value, expected, form] of [
    ['an epoch in milliseconds', MS, MOMENT, undefined],
    ['an epoch in seconds', MS / 1000, MOMENT, undefined],
    ['an epoch in microseconds', MS * 1000, MOMENT, 'microseconds'],
    ['an epoch in nanoseconds', MS * 1e6, MOMENT, 'nanoseconds'],
    ['digits of microseconds', `${MS}123`, MOMENT, 'microseconds'],
    ['digits of nanoseconds', `${MS}123456`, MOMENT, 'nanoseconds'],
    ['RFC 1123', 'Mon, 15 Jun 2026 12:34:56 GMT', TO_THE_SECOND, 'rfc-1123'],
    ['RFC 1123 with an offset', 'Mon, 15 Jun 2026 14:34:56 +0200', TO_THE_SECOND, 'rfc-1123'],
    ['RFC 1123 without a day of the week', '15 Jun 2026 12:34:56 UTC', TO_THE_SECOND, 'rfc-1123'],
    ['ISO 8601', MOMENT, MOMENT, undefined],
  ] as const) {
    it(`${name} is read`, () => {
      assert.equal(toIsoTimestamp(value), expected);
      assert.equal(unusualTimeForm(value), form);
    });
  }

  for (const text of [
    'Mon, 31 Feb 2026 12:34:56 GMT',
    'Mon, 15 Jun 2026 25:34:56 GMT',
    'Mon, 15 Jun 2026 12:34:56',
    'Mon Jun 15 2026 12:34:56 GMT',
    '15 Jun 26 12:34:56 GMT',
    '17815196967891234567890',
    1e30,
  ]) {
    it(`${text} is not a time`, () => assert.equal(toIsoTimestamp(text), undefined));
  }

  it('whole milliseconds survive the other units', () => {
    for (let ms = MS; ms < MS + 2000; ms++) {
      const expected = new Date(ms).toISOString();
      assert.equal(toIsoTimestamp(ms * 1000), expected);
      assert.equal(toIsoTimestamp(ms * 1e6), expected);
    }
  });
});
