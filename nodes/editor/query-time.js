/**
 * The moment that the runtime reads out of a text, in epoch milliseconds; NaN when it reads none: the same rules as
 * nodes/adapter/query-time.ts, which a test holds against each other.
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventQueryTime(given, now = Date.now()) {
  const SECONDS_PER = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const SMALLEST_MILLISECONDS = 1e11;
  const ISO =
    /^(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

  const moment = new Date(readMoment(String(given).trim()));
  const year = moment.getUTCFullYear();
  return year >= 0 && year <= 9999 ? moment.getTime() : NaN;

  function readMoment(text) {
    const [, count, unit] = /^-(\d+(?:\.\d+)?) ?([smhdw])$/.exec(text) ?? [];
    if (unit) return now - Number(count) * SECONDS_PER[unit] * 1000;
    if (/^\d{9,14}(?:\.\d+)?$/.test(text)) {
      return Number(text) < SMALLEST_MILLISECONDS ? Number(text) * 1000 : Number(text);
    }
    const iso = text.replace(/^(\d{4}-\d{2}-\d{2}) +(?=\d)/, '$1T');
    const [, year, month, day] = ISO.exec(iso) ?? [];
    // Date.parse takes 30 February for 2 March.
    if (!day || Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) return NaN;
    return Date.parse(
      iso
        .replace(',', '.')
        .replace(/(T.*[+-]\d{2})$/, '$1:00')
        .replace(/(T.*[+-]\d{2})(\d{2})$/, '$1:$2'),
    );
  }
}
