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
  const spelled = Array.from(secret, spellings).join('');
  return new RegExp([spelled, ...base64Cores(secret).map(escaped)].join('|'), 'g');
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
