import { STATUS_CODES } from 'node:http';
import { TunnelRefused } from './agents';
import { ApiError, type ApiErrorCode } from './errors';
import { isObject } from './json';
import { MAX_SERVER_ERRORS, MAX_SERVER_TEXT } from './limits';
import type { Redactor } from './redact';
import { printable } from './reply-text';
import { parseRetryAfter } from './retry-after';

/** Whom a request spoke to, in the words of an error message. */
export interface RequestContext {
  /** `api.roboflow.com:443`, with the proxy if there is one */
  where: string;
  /** the setting that holds the address: `the base URL of the workspace` */
  addressSetting: string;
  /** the setting that holds the key: `the API key of the workspace` */
  keySetting: string;
  /** the setting that holds the proxy, where there is one: `the proxy settings of the workspace` */
  proxySetting?: string;
  redact: Redactor;
}

/** A reply as it arrived, whatever its status. */
export interface RawReply {
  statusCode: number;
  headers: Record<string, unknown>;
  body: string;
}

const PROTOCOL_MISMATCH = 'EPROTO';
const TIMEOUT_CODES = new Set(['ETIMEDOUT', 'ECONNABORTED', 'ESOCKETTIMEDOUT', 'ERR_CANCELED', 'ABORT_ERR']);

/** What to do, where there is more than to check address and network, and what happened. */
interface Cause {
  cure?: string;
  what: string;
}

const CABLE = 'Check cable, Wi-Fi and gateway of this device';
const NETWORK_CAUSES: Record<string, Cause> = {
  ECONNREFUSED: { what: 'the connection was refused; nothing listens there, or a firewall says no' },
  ENOTFOUND: {
    cure: 'Check the spelling of the host name and the DNS of this device',
    what: 'this host name is not known',
  },
  EAI_AGAIN: {
    cure: 'Check the network of this device: its DNS server does not answer',
    what: 'the host name could not be looked up',
  },
  EHOSTUNREACH: { cure: CABLE, what: 'there is no route to it' },
  ENETUNREACH: { cure: CABLE, what: 'the network cannot be reached' },
  ENETDOWN: { cure: CABLE, what: 'the network is down' },
  ECONNRESET: { what: 'the connection was cut' },
  EPIPE: { what: 'the connection was cut' },
};

/** A connection is an open file too. */
const TOO_MANY_FILES: Record<string, Required<Cause>> = {
  EMFILE: { cure: "Raise Node-RED's limit of open files (ulimit -n)", what: 'too many files are open' },
  ENFILE: { cure: "Raise the machine's limit of open files (fs.file-max)", what: 'too many files are open' },
};

/**
 * No connection came about, to the proxy where there is one. A route may also be lost while a request is under way, so
 * those codes are not among them.
 */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', ...Object.keys(TOO_MANY_FILES)]);

/** The certificate errors of OpenSSL and Node.js, as far as their cure differs from "trust this authority". */
const CERTIFICATE_CAUSES: Record<string, Required<Cause>> = {
  CERT_HAS_EXPIRED: {
    cure: "Renew the server's certificate, or set the clock of this device right",
    what: 'its certificate has expired',
  },
  CERT_NOT_YET_VALID: {
    cure: 'Set the clock of this device right: it is probably wrong',
    what: 'its certificate is not valid yet',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    cure: 'Correct the address, or the server name of the TLS configuration',
    what: 'its certificate is for another host name',
  },
};
const UNTRUSTED_CERTIFICATE = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_CHAIN_TOO_LONG',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'HOSTNAME_MISMATCH',
]);

/**
 * Turns whatever the HTTP library or Node.js threw into an `ApiError`. It decides by error codes: messages are empty (a
 * refused connection to a host with several addresses) or differ between versions.
 */
export function networkFailure(error: unknown, at: RequestContext, attempts: number): ApiError {
  const code = errorCode(error);
  const addressAndNetwork = `Check ${(NEVER_CONNECTED.has(code) && at.proxySetting) || at.addressSetting} and the network`;
  const fail = (kind: ApiErrorCode, { cure = addressAndNetwork, what }: Cause, needsOperator?: boolean) =>
    new ApiError(kind, `${cure}. ${at.where}: ${what} (${code}).`, {
      needsOperator,
      attempts,
      networkCode: code,
      notSent: NEVER_CONNECTED.has(code) || undefined,
    });

  if (TIMEOUT_CODES.has(code)) {
    const what = 'no answer in time; whether the request was carried out is not known';
    return fail('TIMEOUT', { cure: 'Check the network, or raise the timeout of the workspace', what });
  }
  if (code === 'PROXY_REFUSED') return proxyRefusal(error, at, attempts);
  const tlsCause = tlsCauseOf(code, at);
  if (tlsCause) return fail('NETWORK', tlsCause, true);
  if (code.startsWith('HPE_')) {
    return fail('BAD_RESPONSE', { cure: `Check ${at.addressSetting}`, what: 'the answer is not HTTP' });
  }
  if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR') {
    return fail('BAD_RESPONSE', {
      cure: 'Check proxy and gateway on the way',
      what: 'the compressed answer is damaged',
    });
  }
  return fail('NETWORK', TOO_MANY_FILES[code] ?? NETWORK_CAUSES[code] ?? { what: 'the request failed' });
}

/** Undefined when the error has nothing to do with TLS. */
function tlsCauseOf(code: string, { addressSetting }: RequestContext): Cause | undefined {
  if (CERTIFICATE_CAUSES[code]) return CERTIFICATE_CAUSES[code];
  if (UNTRUSTED_CERTIFICATE.has(code)) {
    return {
      cure: 'Add the authority (CA) of the server to the TLS configuration of the workspace',
      what: 'its certificate is not trusted',
    };
  }
  if (code.startsWith('ERR_OSSL_') || code === 'ERR_CRYPTO_OPERATION_FAILED') {
    return {
      cure: 'Check certificate, key and passphrase of the TLS configuration',
      what: 'one of them cannot be read',
    };
  }
  if (code === PROTOCOL_MISMATCH || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return { cure: `Check https:// or http:// in ${addressSetting}`, what: 'no TLS connection came about' };
  }
  return undefined;
}

/** The HTTP library wraps what Node.js threw, and Node.js wraps the failures of several addresses. */
function causesOf(error: unknown): Record<string, unknown>[] {
  const { cause } = (error ?? {}) as { cause?: unknown };
  return [error, cause].filter(isObject).flatMap((outer) => {
    const inner: unknown[] = Array.isArray(outer['errors']) ? outer['errors'] : [];
    return [outer, ...inner.filter(isObject)];
  });
}

function errorCode(error: unknown): string {
  const codes = causesOf(error).map((cause) => cause['code']);
  return codes.find((code): code is string => typeof code === 'string' && code !== '') ?? 'unknown cause';
}

function proxyRefusal(error: unknown, at: RequestContext, attempts: number): ApiError {
  const refusal = causesOf(error).find((cause) => cause instanceof TunnelRefused);
  const statusCode = refusal instanceof TunnelRefused ? refusal.statusCode : undefined;
  // A gateway error (502 to 504) passes when the line is back; anything else is a matter of the proxy's rules or its
  // password.
  const passing = statusCode !== undefined && statusCode >= 500;
  const [cure, what] =
    statusCode === 407
      ? [proxyLoginAdvice(at), 'the proxy refused them']
      : passing
        ? ['Check the line behind the proxy', 'the proxy could not reach the server']
        : ['Let the proxy allow this connection', 'its rules refuse it'];
  return new ApiError('NETWORK', `${cure}. ${at.where}: ${what} (${statusCode ?? 'no status'}).`, {
    needsOperator: passing ? undefined : true,
    attempts,
    networkCode: 'PROXY_REFUSED',
  });
}

function proxyLoginAdvice({ proxySetting }: RequestContext): string {
  return `Check user name and password of the proxy${proxySetting ? ` in ${proxySetting}` : ''}`;
}

interface StatusContext {
  attempts: number;
  /** the scope that the key must have for this request */
  scope: string | undefined;
  /** wall clock */
  nowMs: number;
}

/** Turns a reply with any status but 2xx into an `ApiError`. */
export function statusFailure(
  reply: RawReply,
  at: RequestContext,
  { attempts, scope, nowMs }: StatusContext,
): ApiError {
  const { statusCode } = reply;
  const serverMessage = serverText(reply.body, at.redact);
  const { code, advice, needsOperator } = meaningOf(reply, serverMessage, at, scope);
  const said = serverMessage ? `: ${serverMessage.replace(/[.\s]+$/, '')}` : '';
  return new ApiError(code, `${advice} ${at.where} answered ${statusCode}${said}.`, {
    statusCode,
    serverMessage,
    needsOperator,
    retryAfterMs: parseRetryAfter(reply.headers['retry-after'], reply.headers['date'], nowMs),
    attempts,
  });
}

interface Meaning {
  code: ApiErrorCode;
  advice: string;
  needsOperator?: boolean;
}

/** "Errors and Status Codes", and the error codes of the nodes' contract. */
function meaningOf(
  reply: RawReply,
  serverMessage: string | undefined,
  at: RequestContext,
  scope: string | undefined,
): Meaning {
  const { statusCode } = reply;
  if (statusCode >= 300 && statusCode < 400) {
    const target = redirectTarget(reply.headers['location'], at.redact);
    return {
      code: 'BAD_RESPONSE',
      advice: `Correct ${at.addressSetting}${target}: redirects are not followed, so that the key stays here.`,
      needsOperator: true,
    };
  }
  if (statusCode >= 500) return { code: 'SERVER_ERROR', advice: 'Try again later: the server failed.' };
  switch (statusCode) {
    case 401:
    case 403:
      return {
        code: 'UNAUTHORIZED',
        // Which of the two it is, the status does not tell: the platform's page and that of the endpoint disagree.
        advice: `Check ${at.keySetting}: it was refused${scope ? ` or lacks the scope ${scope}` : ''}.`,
        needsOperator: true,
      };
    case 402:
    case 423:
      return {
        code: 'PAYMENT_REQUIRED',
        advice: "Settle plan or billing with Roboflow: the workspace's does not allow this.",
        needsOperator: true,
      };
    case 404:
      return isFromTheApi(reply, serverMessage)
        ? { code: 'REJECTED', advice: 'Check the use case: it does not exist, or this key cannot see it.' }
        : noSuchEndpoint(at);
    case 405:
    case 410:
    case 421:
    case 426:
      return noSuchEndpoint(at);
    case 407:
      return {
        code: 'NETWORK',
        advice: `${proxyLoginAdvice(at)}: this comes from the proxy.`,
        needsOperator: true,
      };
    case 408:
      return {
        code: 'TIMEOUT',
        advice: 'Check the link, it may be slow: the server waited too long for the request.',
      };
    case 413:
      return { code: 'REJECTED', advice: 'Send fewer events or smaller pictures: the request is too large.' };
    case 425:
    case 429:
      return { code: 'RATE_LIMITED', advice: 'Slow down and try again later: too many requests.' };
    default:
      return {
        code: 'REJECTED',
        advice: 'Correct what the server names; sending the same again will not help.',
      };
  }
}

function noSuchEndpoint(at: RequestContext): Meaning {
  return {
    code: 'REJECTED',
    advice: `Check ${at.addressSetting}: this address has no Vision Events API.`,
    needsOperator: true,
  };
}

/**
 * A 404 that a web server or gateway makes up says no more than the status itself; the API names what it did not find.
 */
function isFromTheApi(reply: RawReply, serverMessage: string | undefined): boolean {
  if (serverMessage === undefined || !/^\s*\{/.test(reply.body)) return false;
  return serverMessage.toLowerCase() !== STATUS_CODES[404]?.toLowerCase();
}

function redirectTarget(location: unknown, redact: Redactor): string {
  if (typeof location !== 'string') return '';
  try {
    return ` (it points to ${redact(new URL(location).origin)})`;
  } catch {
    return '';
  }
}

/**
 * The server's own words: `error` and `hint` of the API, `detail` (a text or a list of `{loc, msg}`) of the Event
 * Store. Bounded, printable, on one line, the key struck out; undefined when there are none.
 */
export function serverText(body: string, redact: Redactor): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { error, hint, detail, message } = value;
  const words = [wordsOf(error), wordsOf(detail)].filter((text) => text !== '');
  if (words.length === 0 && typeof message === 'string') words.push(message);
  if (typeof hint === 'string' && hint) words.push(hint);
  // Redacted before it is cut, as half a key at the end would escape the search, and after it is made printable, which
  // takes away invisible letters between those of a key.
  const text = redact(printable(words.join('; ')))
    .replace(/\s+/g, ' ')
    .trim();
  if (!text) return undefined;
  return text.length > MAX_SERVER_TEXT ? `${text.slice(0, MAX_SERVER_TEXT)}…` : text;
}

/** Lists are read one level deep: how deep the server nests them must not matter. */
function wordsOf(value: unknown): string {
  const entries: unknown[] = Array.isArray(value) ? value : [value];
  return entries.slice(0, MAX_SERVER_ERRORS).map(wordsOfEntry).filter(Boolean).join('; ');
}

function wordsOfEntry(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isObject(value)) return '';
  const { loc, msg, message } = value;
  const text = typeof msg === 'string' ? msg : typeof message === 'string' ? message : '';
  const place: unknown[] = Array.isArray(loc) ? loc : [];
  const steps = place.filter((step) => typeof step === 'string' || typeof step === 'number');
  return text && steps.length > 0 ? `${steps.join('.')}: ${text}` : text;
}
