import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { VisionEventsClient, type ClientOptions } from '../../../src/api/client';
import { ApiError } from '../../../src/api/errors';
import { KEY, stopServers } from '../../support/servers';

interface Closable {
  close(): void;
}

const open: Closable[] = [];

/** A client that the environment of this process does not reach; `endAll` closes it. */
export function clientFor(at: { url: string }, options: Partial<ClientOptions> = {}): VisionEventsClient {
  return closedLater(new VisionEventsClient({ baseUrl: at.url, apiKey: KEY, env: {}, ...options }));
}

export function closedLater<T extends Closable>(client: T): T {
  open.push(client);
  return client;
}

export async function endAll(): Promise<void> {
  for (const client of open.splice(0)) client.close();
  await stopServers();
}

/** Waits for a failure; it must be an `ApiError` that holds no trace of the key wherever one looks. */
export async function failureOf(request: Promise<unknown>, secret = KEY): Promise<ApiError> {
  const outcome = await request.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof ApiError, `expected an ApiError, but ${inspect(outcome)}`);
  assertHoldsNo(secret, outcome);
  return outcome;
}

export function assertHoldsNo(secret: string, error: ApiError): void {
  const places: Record<string, string> = {
    message: error.message,
    stack: error.stack ?? '',
    text: String(error),
    json: JSON.stringify(error),
    'json of everything': JSON.stringify(error, Object.getOwnPropertyNames(error)),
    inspected: inspect(error, { depth: 10, showHidden: true }),
    'inspected inside an object': inspect({ error }, { depth: 10, showHidden: true, getters: true }),
  };
  const base64 = Buffer.from(secret).toString('base64');
  const forms = [secret, base64, base64.replace(/=+$/, ''), encodeURIComponent(secret)];
  for (const [place, text] of Object.entries(places)) {
    for (const form of forms)
      assert.ok(!text.includes(form), `the key stands in the error's ${place}: ${text}`);
    assert.ok(!/authorization/i.test(text), `the error's ${place} holds request headers: ${text}`);
  }
  assert.equal(error.cause, undefined);
}
