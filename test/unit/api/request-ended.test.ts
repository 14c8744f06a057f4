import assert from 'node:assert/strict';
import type { EndedRequest } from '../../../src/api/http-client';
import { clientFor, endAll, failureOf } from './clients';
import { accept, EVENT, sendJson, startServer } from '../../support/servers';
import { until } from '../../support/until';

describe('onRequestEnded', () => {
  afterEach(endAll);

  it('tells of each request its endpoint without ids, how long it took, and why it failed', async () => {
    const server = await startServer((received, response) => {
      if (received.url.includes('use-cases')) sendJson(response, 404, { error: 'unknown' });
      else setTimeout(() => accept(received, response), 50);
    });
    const ended: EndedRequest[] = [];
    const client = clientFor(server, { onRequestEnded: (one) => ended.push(one) });
    await client.createEvent(EVENT);
    await failureOf(client.useCases.rename('secret-id', 'name'));
    await until(() => ended.length === 2, 'both requests');
    assert.deepEqual(
      ended.map(({ endpoint, code }) => [endpoint, code]),
      [
        ['vision-events', undefined],
        ['use-cases', 'REJECTED'],
      ],
    );
    assert.ok(ended[0]!.seconds >= 0.045 && ended[0]!.seconds < 10, `${ended[0]!.seconds} s`);
  });

  it('disturbs no request by an error of its own', async () => {
    const server = await startServer(accept);
    let calls = 0;
    const client = clientFor(server, {
      onRequestEnded: () => {
        calls++;
        throw new Error('by the listener');
      },
    });
    await client.createEvent(EVENT);
    await client.createEvent(EVENT);
    await until(() => calls === 2, 'both calls');
  });
});
