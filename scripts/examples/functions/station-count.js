// Counts what passed and what failed, in columns of ten minutes of the last eight hours, for the chart and the numbers
// beside it.
const COLUMN_MS = 10 * 60_000;
const SHIFT_MS = 8 * 3_600_000;
const { result } = msg.payload.eventData;
const column = Math.floor(Date.parse(msg.payload.timestamp) / COLUMN_MS) * COLUMN_MS;
const since = Date.now() - SHIFT_MS;
const columns = (flow.get('columns') || []).filter(({ start }) => start >= since);
let current = columns.find(({ start }) => start === column);
if (!current) columns.push((current = { start: column, pass: 0, fail: 0 }));
if (result === 'pass' || result === 'fail') current[result]++;
flow.set('columns', columns);

const label = (start) => new Date(start).toTimeString().slice(0, 5);
const points = columns.flatMap(({ start, pass, fail }) => [
  { time: label(start), result: 'pass', checks: pass },
  { time: label(start), result: 'fail', checks: fail },
]);
const sum = (which) => columns.reduce((total, each) => total + each[which], 0);
const [passed, failed] = [sum('pass'), sum('fail')];
const share = passed + failed > 0 ? Math.round((1000 * failed) / (passed + failed)) / 10 : 0;
return [
  { payload: points, action: 'replace' },
  { payload: `${passed + failed} checked · ${failed} failed · ${share} %` },
];
