export type Redactor = (text: string) => string;

/** Anything shorter is not a key, and striking it out of a whole reply would tear holes into ids and numbers. */
export const SHORTEST_KEY = 8;

/**
 * Fewer letters of base64 would match by chance; of a text that short, only its base64 with nothing around it is struck
 * out.
 */
const SHORTEST_BASE64 = 6;

/**
 * Strikes secrets out of texts that come from elsewhere: as they are, percent-encoded or escaped for JSON, also letter
 * by letter, and inside any base64 text, such as that of `Bearer <key>`. Linear in the length of the text.
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
 * The same for a whole JSON text, in which characters that nobody sees may also stand between the letters of a secret:
 * whoever takes them away later would put the secret together again. They are taken away here only where they hide one.
 */
export function redactJson(json: string, redact: Redactor): string {
  const clean = redact(json);
  const visible = clean.replace(/\p{Cf}+/gu, '').replace(ESCAPED_INVISIBLE, '');
  if (visible === clean) return clean;
  const found = redact(visible);
  return found === visible ? clean : found;
}

/**
 * The characters of `\p{Cf}` escaped for JSON, those beyond U+FFFF as two. Spelled out, as a function for each escape
 * takes seconds for a reply that consists of them. What looks like an escape behind an escaped backslash is taken for
 * one: only the text that hides a secret suffers from it.
 */
export const ESCAPED_INVISIBLE = new RegExp(
  [
    String.raw`\\u(?:00ad|060[0-5]|061c|06dd|070f|089[01]|08e2|180e|200[b-f]|202[a-e]|206[0-46-9a-f]|feff|fff[9ab])`,
    String.raw`\\ud804\\udc[bc]d|\\ud80d\\udc3[\da-f]|\\ud82f\\udca[0-3]|\\ud834\\udd7[3-9a]|\\udb40\\udc(?:01|[2-7][\da-f])`,
  ].join('|'),
  'gi',
);

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
 * What base64 makes of the secret, whatever stands before and after it: base64 takes three bytes at a time, so the
 * letters differ with where the secret begins within three. The first and the last letter also hold bits of the
 * neighbours, and are not searched for.
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
