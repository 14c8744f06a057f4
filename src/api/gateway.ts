/**
 * What sites without a way of their own to Roboflow put in between: a gateway that takes the real address as `?url=`,
 * and headers that it asks for. Both as Roboflow's own workflow block has them (`SECURE_GATEWAY`,
 * `ROBOFLOW_API_EXTRA_HEADERS`).
 */
import { parseBaseUrl } from './base-url';
import { ApiError } from './errors';
import { isHeaderName } from './header-name';
import { SHORTEST_KEY } from './redact';

/** Where Roboflow's secure gateway listens; for an address that names no path. */
const DEFAULT_PATH = '/proxy';

/** Headers by name. */
export type ExtraHeaders = Readonly<Record<string, string>>;

/** @throws ApiError `NOT_CONFIGURED` */
export function parseGateway(text: string): URL {
  // The whole beginning of a wrapped address is a common way to write it.
  const url = parseBaseUrl(text.trim().replace(/\?url=$/, ''), 'gateway');
  if (url.pathname === '/') url.pathname = DEFAULT_PATH;
  return url;
}

/** The address by which a gateway is asked for another one. */
export function throughGateway(gateway: URL, target: URL): URL {
  const wrapped = new URL(gateway);
  wrapped.search = `?url=${encodeURIComponent(target.href)}`;
  return wrapped;
}

/**
 * Headers by their names in small letters.
 *
 * @throws ApiError `NOT_CONFIGURED` for a header that cannot be sent; its value is never repeated
 */
export function checkedHeaders(headers: ExtraHeaders = {}): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [given, value] of Object.entries(headers)) {
    const name = given.trim().toLowerCase();
    if (!isHeaderName(name)) {
      throw wrongHeader(`The header name "${given}" cannot be used. Take it out of the workspace's headers.`);
    }
    if (Object.hasOwn(checked, name)) {
      throw wrongHeader(`The header "${given}" is there twice. Take one out of the workspace's headers.`);
    }
    if (!/^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(value.trim())) {
      throw wrongHeader(
        `The value of the header "${given}" is empty or holds a character that no header can carry. Enter it once more.`,
      );
    }
    checked[name] = value.trim();
  }
  return checked;
}

/** What is to be struck out of every text: the values, and of `Bearer abc` also what stands behind the scheme. */
export function secretsOf(values: readonly string[]): string[] {
  return values
    .map((value) => value.trim())
    .flatMap((value) => [value, value.replace(/^\S+\s+/, '')])
    .filter((secret) => secret.length >= SHORTEST_KEY);
}

function wrongHeader(message: string): ApiError {
  return new ApiError('NOT_CONFIGURED', message, { needsOperator: true });
}
