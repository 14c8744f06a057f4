/** The endpoints of the Vision Events API, and which scopes open them (any one of those listed). */
export type Endpoint =
  | 'event'
  | 'batch'
  | 'upload'
  | 'bundle'
  | 'query'
  | 'delete'
  | 'use-case-list'
  | 'use-case-create'
  | 'use-case-update'
  | 'use-case-archive'
  | 'use-case-unarchive'
  | 'custom-metadata-schema'
  | 'image-metadata-schema';

export type Scope =
  'vision-events:read' | 'vision-events:write' | 'vision-events:manage' | 'device:read' | 'device:update';

interface EndpointEntry {
  endpoint: Endpoint;
  method: string;
  /** the first group is the use case's id */
  path: RegExp;
  scopes: Scope[];
}

const READ: Scope[] = ['vision-events:read', 'device:read'];
const WRITE: Scope[] = ['vision-events:write', 'device:update'];
const MANAGE: Scope[] = ['vision-events:manage'];

const ENDPOINTS: EndpointEntry[] = [
  { endpoint: 'event', method: 'POST', path: /^\/vision-events$/, scopes: WRITE },
  { endpoint: 'batch', method: 'POST', path: /^\/vision-events\/batch$/, scopes: WRITE },
  { endpoint: 'upload', method: 'POST', path: /^\/vision-events\/upload$/, scopes: WRITE },
  { endpoint: 'bundle', method: 'POST', path: /^\/vision-events\/bundle$/, scopes: WRITE },
  { endpoint: 'query', method: 'POST', path: /^\/vision-events\/query$/, scopes: READ },
  // The scope of delete is not documented; the wider reading.
  { endpoint: 'delete', method: 'POST', path: /^\/vision-events\/delete$/, scopes: [...WRITE, ...MANAGE] },
  { endpoint: 'use-case-list', method: 'GET', path: /^\/vision-events\/use-cases$/, scopes: READ },
  { endpoint: 'use-case-create', method: 'POST', path: /^\/vision-events\/use-cases$/, scopes: MANAGE },
  {
    endpoint: 'use-case-update',
    method: 'PUT',
    path: /^\/vision-events\/use-cases\/([^/]+)$/,
    scopes: MANAGE,
  },
  {
    endpoint: 'use-case-archive',
    method: 'POST',
    path: /^\/vision-events\/use-cases\/([^/]+)\/archive$/,
    scopes: MANAGE,
  },
  {
    endpoint: 'use-case-unarchive',
    method: 'POST',
    path: /^\/vision-events\/use-cases\/([^/]+)\/unarchive$/,
    scopes: MANAGE,
  },
  {
    endpoint: 'custom-metadata-schema',
    method: 'GET',
    path: /^\/vision-events\/custom-metadata-schema\/([^/]+)$/,
    scopes: READ,
  },
  {
    endpoint: 'image-metadata-schema',
    method: 'GET',
    path: /^\/vision-events\/image-metadata-schema\/([^/]+)$/,
    scopes: ['vision-events:read'],
  },
];

export const ENDPOINT_NAMES: readonly string[] = ENDPOINTS.map((entry) => entry.endpoint);

export interface Route {
  endpoint: Endpoint;
  scopes: Scope[];
  /** the use case's id in the path, or '' */
  useCaseId: string;
}

export function findRoute(method: string, pathname: string): Route | undefined {
  for (const entry of ENDPOINTS) {
    const match = entry.method === method ? entry.path.exec(pathname) : null;
    if (match) return { endpoint: entry.endpoint, scopes: entry.scopes, useCaseId: decode(match[1] ?? '') };
  }
  return undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
