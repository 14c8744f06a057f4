/**
 * The moment that the runtime reads out of a text, in epoch milliseconds; NaN when it reads none: the same rules as
 * nodes/query/time.ts, which a test holds against each other.
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventQueryTime(given, now = Date.now()) {
  const SECONDS_PER = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const RFC_1123 =
    /^(?:(?:mon|tue|wed|thu|fri|sat|sun), )?(\d{1,2}) ([a-z]{3}) (\d{4}) \d{2}:\d{2}(?::\d{2})? (?:gmt|utc?|z|[+-]\d{4})$/i;
  const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
  const ISO =
    /^(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

  const moment = new Date(readMoment(String(given).trim()));
  const year = moment.getUTCFullYear();
  return year >= 0 && year <= 9999 ? moment.getTime() : NaN;

  function readMoment(text) {
    const [, count, unit] = /^-(\d+(?:\.\d+)?) ?([smhdw])$/.exec(text) ?? [];
    if (unit) return now - Number(count) * SECONDS_PER[unit] * 1000;
    if (/^\d{9,19}(?:\.\d+)?$/.test(text)) return readEpoch(Number(text));
    if (RFC_1123.test(text)) return readRfc1123(text);
    const iso = text.replace(/^(\d{4}-\d{2}-\d{2}) +(?=\d)/, '$1T');
    const [, year, month, day] = ISO.exec(iso) ?? [];
    if (!day || !isDayOfMonth(Number(day), Number(month), Number(year))) return NaN;
    return Date.parse(
      iso
        .replace(',', '.')
        .replace(/(T.*[+-]\d{2})$/, '$1:00')
        .replace(/(T.*[+-]\d{2})(\d{2})$/, '$1:$2'),
    );
  }

  /** In the unit that its size tells. */
  function readEpoch(epoch) {
    if (epoch >= 1e17) return Math.floor(Math.round(epoch / 1e3) / 1e3);
    if (epoch >= 1e14) return epoch / 1e3;
    return epoch >= 1e11 ? epoch : epoch * 1000;
  }

  function readRfc1123(text) {
    const [, day, month, year] = RFC_1123.exec(text);
    const number = MONTHS.indexOf(month.toLowerCase()) + 1;
    return number > 0 && isDayOfMonth(Number(day), number, Number(year)) ? Date.parse(text) : NaN;
  }

  /** Date.parse takes 30 February for 2 March. */
  function isDayOfMonth(day, month, year) {
    return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  }
}
