import { RECOGNISED, CHOSEN } from '../../unit/detections/scene';
import type { Dice } from './dice';

const FIXTURES = [...RECOGNISED, ...CHOSEN];

/** Every name that the payloads of detectors have, and some that JavaScript itself knows. */
const NAMES = [...new Set(FIXTURES.flatMap(({ payload }) => namesIn(payload)))].concat([
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'toJSON',
  'length',
  'then',
  'eventId',
  'events',
  'error',
  '',
]);

function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(Array.isArray(value) ? [] : [name]),
    ...namesIn(inner),
  ]);
}

const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1e999',
  'NaN',
  'null',
  '[]',
  '{}',
  '{"a":',
  'person',
  'ä\u0000\u001b[2J\u202e',
  '\ud800',
  '../../etc/passwd',
  '/9j/',
  'data:image/jpeg;base64,',
  'data:image/png;base64,AAAA',
  'http://host/?api_key=1',
  '```json\n{}\n```',
  '--SPLIT--',
  '<html>',
  '2026-11-20T08:15:30Z',
  '1969-12-31',
  '${HOME}',
  '\r\nX: y',
  'a'.repeat(300),
  'x'.repeat(100_000),
];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  100,
  640,
  65_536,
  2 ** 31,
  2 ** 53,
  1e308,
  5e-324,
  NaN,
  Infinity,
  -Infinity,
  Date.now(),
];

/** A value as JSON has them. */
export function jsonValue(dice: Dice, depth = 4): unknown {
  switch (dice.number(depth > 0 ? 7 : 4)) {
    case 0:
      return dice.pick(TEXTS);
    case 1:
      return dice.pick(NUMBERS);
    case 2:
      return dice.pick([true, false, null]);
    case 3:
      return dice.number(1_000) / (1 + dice.number(10));
    case 4:
      return dice.list(dice.pick([1, 3, 40]), () => jsonValue(dice, depth - 1));
    default:
      return Object.fromEntries(dice.list(8, () => [dice.pick(NAMES), jsonValue(dice, depth - 1)]));
  }
}

/** A value that only code can make. */
function oddValue(dice: Dice): unknown {
  // Not nothing: the spies of the test helper, which stand between Node-RED and the node, would not pass it on.
  const boo = () => {
    throw dice.pick<unknown>([new Error('boo'), 'boo', 7, Object.create(null), { toString: 1 }]);
  };
  const cycle: Record<string, unknown> = { predictions: [] };
  cycle['itself'] = [cycle, cycle];
  return dice.pick<() => unknown>([
    () => undefined,
    () => 10n ** 30n,
    () => Symbol('class'),
    () => () => 1,
    () => new Date(dice.pick([0, NaN, 8.64e15])),
    () => new Map([['x', 1]]),
    () => new Set([1]),
    () => /(a+)+$/,
    () => new Float32Array(100),
    () => new Uint8Array(new SharedArrayBuffer(16)),
    () => dice.bytes(dice.number(64)),
    () => ({ type: 'Buffer', data: [1, 2, 300, 'x'] }),
    () => Array(dice.number(10_000)),
    () => cycle,
    () => Object.create(null) as unknown,
    () => Object.defineProperty({}, dice.pick(NAMES), { enumerable: true, get: boo }),
    () => ({ toJSON: boo }),
    () => ({ toString: boo, valueOf: boo }),
    () => new Proxy({}, { get: boo, ownKeys: boo, has: boo, getPrototypeOf: boo }),
    () => new Proxy([], { get: boo }),
    () => new Error('an error'),
    () => Promise.resolve(1),
    () =>
      new (class Thing {
        x = 1;
      })(),
    () => JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)) as unknown,
    () => Object.freeze([1, 2, 3]),
  ])();
}

/** What a detector sends, with a few of its values replaced, removed or repeated. */
function nearlyGood(dice: Dice, odd: boolean): unknown {
  const copy = structuredClone(dice.pick(FIXTURES).payload);
  for (let times = dice.number(4); times > 0; times--) change(dice, copy, odd);
  return dice.chance(0.2) && !odd ? JSON.stringify(copy) : copy;
}

function change(dice: Dice, value: unknown, odd: boolean): void {
  if (typeof value !== 'object' || value === null) return;
  const keys = Object.keys(value);
  if (keys.length === 0) return;
  const fields = value as Record<string, unknown>;
  const key = dice.pick(keys);
  if (dice.chance(0.6) && typeof fields[key] === 'object') return change(dice, fields[key], odd);
  switch (dice.number(4)) {
    case 0:
      delete fields[key];
      return;
    case 1:
      fields[dice.pick(NAMES.filter((name) => name !== '__proto__'))] = fields[key];
      return;
    default:
      fields[key] = odd && dice.chance(0.4) ? oddValue(dice) : jsonValue(dice, 2);
  }
}

/** Any value at all that a message may hold. */
export function anyValue(dice: Dice): unknown {
  try {
    return someValue(dice);
  } catch {
    // a getter of an odd value that was to be changed once more
    return oddValue(dice);
  }
}

function someValue(dice: Dice): unknown {
  if (dice.chance(0.6)) return nearlyGood(dice, dice.chance(0.5));
  if (dice.chance(0.3)) return oddValue(dice);
  const value = jsonValue(dice);
  if (typeof value === 'object' && value !== null && dice.chance(0.3)) change(dice, value, true);
  return value;
}
