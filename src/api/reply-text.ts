import { MAX_REPLY_DEPTH } from './limits';

/**
 * A JSON text in which a text stands for whatever is nested deeper than `limit`. Values nested thousands of levels deep
 * take seconds to parse, and overflow the stack of whoever copies or writes them. The same text when nothing is, and
 * for no JSON.
 */
export function withoutDepths(json: string, limit = MAX_REPLY_DEPTH): string {
  let kept = '';
  let keptUpTo = 0;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(json, at);
        break;
      case BRACKET:
      case BRACE:
        depth++;
        if (depth === limit + 1) kept += `${json.slice(keptUpTo, at)}"[nested too deeply]"`;
        break;
      case BRACKET_END:
      case BRACE_END:
        if (depth === limit + 1) keptUpTo = at + 1;
        depth--;
    }
  }
  if (depth > limit) return kept;
  return kept + json.slice(keptUpTo);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;

/** Where the closing quote of the string that begins at `start` stands. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const letter = json.charCodeAt(at);
    if (letter === QUOTE) return at;
    if (letter === BACKSLASH) at++;
  }
  return json.length;
}

/**
 * A text of the server as it may stand in a log, a status or a message: on one line, without characters that steer a
 * terminal or turn the direction of what follows, and without those that nobody sees.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replace(/\p{Cf}/gu, '');
}

/** Longer than any id of a server; it would travel in every event and message. */
const MAX_ID_LENGTH = 1024;

/** Whether a server's id may go into events, messages and logs as it is. */
export function isPlainId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= MAX_ID_LENGTH && printable(id) === id;
}
