import { ApiError } from './errors';

function notConfigured(message: string): ApiError {
  return new ApiError('NOT_CONFIGURED', message, { needsOperator: true });
}

/**
 * Checks the base URL of a workspace or Event Store. A path prefix is kept: gateways put the API below one.
 * The text itself is never repeated in an error: people paste keys into the wrong field.
 * @throws ApiError `NOT_CONFIGURED`
 */
export function parseBaseUrl(text: string | undefined, what: 'base URL' | 'gateway' = 'base URL'): URL {
  const example = what === 'gateway' ? 'such as https://gateway.local' : 'such as https://api.roboflow.com';
  if (!text?.trim()) throw notConfigured(`The ${what} is empty. Enter one ${example}.`);
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw notConfigured(`The ${what} is not a URL. Enter a complete one ${example}.`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw notConfigured(`The ${what} starts with ${url.protocol}, but must start with https:// or http://.`);
  }
  if (url.username || url.password) {
    throw notConfigured(
      `The ${what} holds a user name or a password. Take it out; the API key has its own field.`,
    );
  }
  if (url.search || url.hash) {
    throw notConfigured(`The ${what} must end before "${url.search ? '?' : '#'}". Enter one ${example}.`);
  }
  if (/\/vision-events\/*$/.test(url.pathname)) {
    throw notConfigured(
      'The base URL ends with /vision-events. Leave that out; it is added to every request.',
    );
  }
  return url;
}

/** Scheme, host and port of a base URL: whom a key is shown to. Undefined when the text is not a base URL. */
export function originOf(text: string | undefined): string | undefined {
  try {
    return parseBaseUrl(text).origin;
  } catch {
    return undefined;
  }
}

/**
 * The absolute URL of an endpoint. It is built here and not by the HTTP library, so that no part of a path can lead to
 * another host.
 * @param path segments as they are; they are percent-encoded here
 * @throws ApiError `REJECTED` for a segment that a URL cannot carry (empty, `.`, `..`, half a character)
 */
export function endpointUrl(base: URL, path: string[], query: Record<string, string | undefined> = {}): URL {
  for (const segment of path) {
    if (segment === '' || segment === '.' || segment === '..' || !isWellFormed(segment)) {
      throw new ApiError('REJECTED', `"${segment}" cannot be the id of a use case.`);
    }
  }
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/${path.map(encodeURIComponent).join('/')}`;
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  return url;
}

/** Half of a surrogate pair has no UTF-8 form, and so no percent-encoded one. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Host and port for messages: `api.roboflow.com:443` */
export function hostAndPort(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
}
