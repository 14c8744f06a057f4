import { OutboxError } from '../outbox';

/**
 * Codes of PostgreSQL (appendix A of its manual) and of Node.js, each with what mends it. `where` is
 * `host:port/database`.
 */
const REMEDIES: Record<string, (where: string) => string> = {
  ECONNREFUSED: (where) =>
    `Start PostgreSQL, or correct "Database" (postgresUrl): nothing answers at ${where}`,
  ENOTFOUND: (where) => `Correct the host in "Database" (postgresUrl): its name is not known (${where})`,
  EAI_AGAIN: (where) => `Check the name service of this machine: it does not answer for the host of ${where}`,
  ETIMEDOUT: (where) => `Check network and firewall: PostgreSQL at ${where} does not answer`,
  EHOSTUNREACH: (where) => `Check the network: there is no way to PostgreSQL at ${where}`,
  '28P01': (where) => `Correct user or password of the database: ${where} refused them`,
  '28000': (where) => `Correct the user or pg_hba.conf: ${where} does not let this user in from here`,
  '3D000': (where) =>
    `Create the database, or correct its name in "Database" (postgresUrl): ${where} does not exist`,
  '42501': (where) => `Let the user create tables (grant create on database): ${where} refused`,
  '25006': (where) => `Connect to the writer, not to a standby: ${where} takes no writes`,
  '53300': (where) => `Raise max_connections of PostgreSQL: ${where} has no connection left`,
  '57P03': (where) => `Wait a moment: PostgreSQL at ${where} is starting or stopping`,
  '53100': (where) => `Free some space on the disk of PostgreSQL: it is full (${where})`,
  '08P01': (where) => `Let PgBouncer pool by transaction, not by statement (${where})`,
};

/** Node.js: what no waiting mends. */
const LASTING = new Set([
  'ENOTFOUND',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);
/**
 * The connection failed, so that nobody knows what became of the statement, or the server takes nothing at this moment.
 */
const PASSING = new Set([
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '57014',
  '25006',
  '40P01',
  '40001',
  '55P03',
  '53200',
]);
/** Two transactions were in each other's way. Repeated at once, it works. */
const CONFLICT = new Set(['40P01', '40001']);
const OUT_OF_SPACE = new Set(['53100']);

export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Whether the same statement may succeed later. Without a code of PostgreSQL, it is the connection that failed. */
export function isPassing(error: unknown): boolean {
  if (error instanceof OutboxError) return false;
  const code = codeOf(error);
  if (LASTING.has(code)) return false;
  return !isServerCode(code) || PASSING.has(code) || OUT_OF_SPACE.has(code) || code.startsWith('08');
}

export function isConflict(error: unknown): boolean {
  return CONFLICT.has(codeOf(error));
}

/** Five letters and digits are a code of PostgreSQL; those of Node.js and OpenSSL are longer. */
function isServerCode(code: string): boolean {
  return /^[\dA-Z]{5}$/.test(code);
}

/** An append that failed, and may be stored all the same. */
export class DoubtfulAppend extends OutboxError {
  constructor(
    { code, message, mayPass }: OutboxError,
    /** to ask the database by, once it answers */
    readonly key: string,
  ) {
    super(code, message, mayPass);
  }
}

/** What a technician reads. Neither user nor password is in it. */
export function asOutboxError(error: unknown, where: string): OutboxError {
  if (error instanceof OutboxError) return error;
  const isFull = OUT_OF_SPACE.has(codeOf(error));
  return new OutboxError(isFull ? 'OUTBOX_FULL' : 'OUTBOX_IO', textOf(error, where), isPassing(error));
}

function textOf(error: unknown, where: string): string {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const remedy = REMEDIES[code]?.(where);
  if (remedy) return `${remedy} (${code}).`;
  const words = `${code} ${message}`;
  if (/certificate|self.signed|SSL|TLS/i.test(words)) {
    return `Check the TLS settings of the database: ${where} and this machine do not agree (${message}).`;
  }
  if (/timeout|terminated|ended|closed|ECONNRESET|EPIPE/i.test(words)) {
    return `Check PostgreSQL and the network to it: ${where} stopped answering (${message}).`;
  }
  return `Look at the log of PostgreSQL: ${where} refused a statement (${[code, message].filter(Boolean).join(', ')}).`;
}
