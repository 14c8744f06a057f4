import type { Simulator } from '../../../simulator/server';

/** A bare client for the tests of the simulator: what the API page's curl does, nothing of `src/api`. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
}

export async function call(
  simulator: Simulator,
  method: string,
  path: string,
  body?: unknown,
  key: string | null = simulator.keys.full,
): Promise<Answer> {
  const isRaw = body instanceof FormData || body instanceof Uint8Array || typeof body === 'string';
  const response = await fetch(simulator.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(key !== null && { Authorization: `Bearer ${key}` }),
      ...(!(body instanceof FormData) && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: isRaw ? (body as RequestInit['body']) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
}

export const post = (simulator: Simulator, path: string, body: unknown, key?: string | null) =>
  call(simulator, 'POST', path, body, key);

let lastId = 0;

/** An event without fault; `fields` are put over it, `undefined` leaves one out. */
export function event(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    eventId: `event-${++lastId}`,
    eventType: 'quality_check',
    useCaseId: 'quality-line-1',
    timestamp: new Date().toISOString(),
    eventData: { result: 'pass' },
    ...fields,
  };
}
