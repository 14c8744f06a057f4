export type Redactor = (text: string) => string;

/** Anything shorter is no key, and striking it out of a whole reply would tear holes into ids and numbers. */
export const SHORTEST_KEY = 8;

/** Fewer letters of base64 would match by chance; of a text that short, only its base64 with nothing around it is struck out. */
const SHORTEST_BASE64 = 6;

/**
 * Strikes secrets out of texts that come from elsewhere: as they are, percent-encoded or escaped for JSON, also letter by letter,
 * and inside any base64 text, such as that of `Bearer <key>`. Linear in the length of the text.
 */
export function makeRedactor(secrets: { text: string | undefined; label: string }[]): Redactor {
  const strikes = secrets.flatMap(({ text, label }) => (text ? [{ forms: formsOf(text), label }] : []));
  return (text) => strikes.reduce((clean, { forms, label }) => clean.replace(forms, () => label), text);
}

function formsOf(secret: string): RegExp {
  const texts = [secret, ...base64Cores(secret)];
  return new RegExp(texts.map((text) => Array.from(text, spellings).join('')).join('|'), 'g');
}

/**
 * The same for a whole JSON text, in which characters that nobody sees may also stand between the letters of a secret: whoever
 * takes them away later would put the secret together again. They are taken away here only where they hide one.
 */
export function redactJson(json: string, redact: Redactor): string {
  const clean = redact(json);
  if (!MAY_BE_INVISIBLE.test(clean)) return clean;
  const visible = withoutInvisible(clean);
  const found = redact(visible);
  return found === visible ? clean : found;
}

const MAY_BE_INVISIBLE = /\p{Cf}|\\u/u;

/** An escaped character of one or two UTF-16 units, or any other escape, which is passed over: a backslash may be escaped as well. */
const ESCAPE = /\\u(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})|\\u([\da-f]{4})|\\[^u]/gi;

function withoutInvisible(json: string): string {
  const isInvisible = (units: (string | undefined)[]) =>
    /\p{Cf}/u.test(units.map((unit) => (unit ? String.fromCharCode(parseInt(unit, 16)) : '')).join(''));
  return json
    .replace(/\p{Cf}/gu, '')
    .replace(ESCAPE, (escape: string, ...[high, low, single]: (string | undefined)[]) =>
      isInvisible([high, low, single]) ? '' : escape,
    );
}

/** A letter as it is, in a URL, and in a JSON text. */
function spellings(letter: string): string {
  const inJson = JSON.stringify(letter).slice(1, -1);
  const units = Array.from({ length: letter.length }, (_, index) => letter.charCodeAt(index));
  const codes = units.map((unit) => `\\\\u${anyCase(unit.toString(16).padStart(4, '0'))}`).join('');
  const inUrl = Buffer.from(letter).toString('hex').match(/../g) ?? [];
  const percents = inUrl.map((byte) => `%${anyCase(byte)}`).join('');
  const forms = [escaped(letter), escaped(inJson), percents, codes, ...(letter === '/' ? ['\\\\/'] : [])];
  return `(?:${[...new Set(forms)].join('|')})`;
}

/**
 * What base64 makes of the secret, whatever stands before and after it: base64 takes three bytes at a time, so the letters differ
 * with where the secret begins within three. The first and the last letter also hold bits of the neighbours, and are not searched for.
 */
function base64Cores(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const cores = [0, 1, 2].flatMap((before) => {
    const first = Math.ceil((before * 8) / 6);
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    return (['base64', 'base64url'] as const).map((kind) => shifted.toString(kind).slice(first, end));
  });
  const longEnough = cores.filter((core) => core.length >= SHORTEST_BASE64);
  return [...new Set([...longEnough, bytes.toString('base64'), bytes.toString('base64url')])];
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
