import { BlockList, isIP } from 'node:net';
import { ApiError } from './errors';

/** As Node-RED's `http proxy` configuration node has it. */
export interface ProxySettings {
  url: string;
  username?: string;
  password?: string;
  /** hosts that are reached directly */
  noProxy?: string[];
}

export interface Proxy {
  protocol: 'http:' | 'https:';
  host: string;
  port: number;
  username: string;
  password: string;
  /** where it is set: `the proxy settings of the workspace` */
  setting: string;
}

/**
 * The proxy for a URL, or undefined for a direct connection. Settings win over the environment.
 *
 * Environment: `https_proxy` or `http_proxy` by the URL's scheme, else `all_proxy`; `no_proxy`; small letters before
 * capitals. Loopback addresses never go through a proxy of the environment: the key would be sent out to reach the own
 * machine.
 * @throws ApiError `NOT_CONFIGURED` for a proxy that is not a URL; it names the setting, never its content
 */
export function chooseProxy(
  url: URL,
  settings: ProxySettings | undefined,
  env: NodeJS.ProcessEnv,
): Proxy | undefined {
  if (settings?.url) {
    if (isExempt(url, settings.noProxy ?? [])) return undefined;
    const proxy = parseProxy(settings.url, "The proxy's URL", 'the proxy settings of the workspace');
    return {
      ...proxy,
      username: settings.username || proxy.username,
      password: settings.password || proxy.password,
    };
  }
  if (isLoopback(url.hostname)) return undefined;
  const found = [`${url.protocol.slice(0, -1)}_proxy`, 'all_proxy']
    .flatMap((name) => [name, name.toUpperCase()])
    .find((name) => env[name]);
  if (!found) return undefined;
  if (isExempt(url, (env['no_proxy'] || env['NO_PROXY'] || '').split(/[\s,]+/))) return undefined;
  return parseProxy(
    env[found] ?? '',
    `The environment variable ${found}`,
    `the environment variable ${found}`,
  );
}

function parseProxy(text: string, whose: string, setting: string): Proxy {
  const withScheme = text.includes('://') ? text : `http://${text}`;
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch {
    throw proxyError(`${whose} is not a URL such as http://proxy.example:3128.`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw proxyError(
      `${whose} starts with ${url.protocol}; only http:// and https:// proxies are supported.`,
    );
  }
  return {
    protocol: url.protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
    username: decoded(url.username),
    password: decoded(url.password),
    setting,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function proxyError(message: string): ApiError {
  return new ApiError('NOT_CONFIGURED', message, { needsOperator: true });
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

/**
 * Entries of `no_proxy` as curl and Go read them: `*`, a host with all below it (`plant.example`, `.plant.example`,
 * `*.plant.example`), an address, a subnet (`10.0.0.0/8`), the start of an address (`192.168.*`), each with or without
 * a port.
 */
export function isExempt(url: URL, entries: string[]): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return entries.some((raw) => {
    const entry = raw.trim().toLowerCase();
    if (!entry) return false;
    if (entry === '*') return true;
    if (entry.includes('/')) return isInSubnet(host, entry);
    const withPort = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry);
    if (withPort && withPort[2] !== port) return false;
    const name = (withPort?.[1] ?? entry).replace(/^\[|\]$/g, '');
    if (/^[\d.]+\*$/.test(name)) return host.startsWith(name.slice(0, -1));
    const domain = name.replace(/^\*?\./, '');
    return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
  });
}

function isInSubnet(host: string, entry: string): boolean {
  const [network = '', prefix = ''] = entry.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(prefix)) return false;
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const subnet = new BlockList();
  subnet.addSubnet(network, Number(prefix), type);
  return subnet.check(host, type);
}
