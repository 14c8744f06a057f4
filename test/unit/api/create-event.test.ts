import assert from 'node:assert/strict';
import type { Target } from '../../../src/api/target';
import { clientFor, endAll } from './clients';
import { accept, EVENT, KEY, sendJson, startServer } from '../../support/servers';

describe('VisionEventsClient.createEvent', () => {
  afterEach(endAll);

  it('posts the event with the key in the Authorization header and nowhere else', async () => {
    const server = await startServer(accept);
    const reply = await clientFor(server).createEvent(EVENT);
    assert.equal(reply.statusCode, 201);
    assert.equal(reply.eventId, EVENT.eventId);
    assert.equal(reply.created, true);
    assert.deepEqual(reply.warnings, []);
    assert.deepEqual(reply.deprecations, []);
    assert.equal(reply.attempts, 1);
    const [request] = server.received;
    assert.equal(request?.method, 'POST');
    assert.equal(request?.url, '/vision-events');
    assert.equal(request?.headers.authorization, `Bearer ${KEY}`);
    assert.equal(request?.headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(request?.body.toString() ?? ''), EVENT);
    const { authorization: _key, ...others } = request?.headers ?? {};
    assert.ok(!JSON.stringify([request?.url, others, request?.body.toString()]).includes(KEY));
  });

  it('sends a JSON text byte for byte', async () => {
    const text = ` {"eventId" : ${JSON.stringify(EVENT.eventId)},\n "note": "ü ☃" } `;
    const server = await startServer(accept);
    await clientFor(server).createEvent(text);
    assert.equal(server.received[0]?.body.toString(), text);
    assert.equal(server.received[0]?.headers['content-length'], String(Buffer.byteLength(text)));
  });

  it('keeps the path prefix of the base URL', async () => {
    const server = await startServer(accept);
    await clientFor(server, { baseUrl: `${server.url}/gateway/roboflow/` }).createEvent(EVENT);
    assert.equal(server.received[0]?.url, '/gateway/roboflow/vision-events');
  });

  it('hands on warnings and deprecations', async () => {
    const warning = { type: 'any.only', path: 'eventData.result', value: 'maybe', valueType: 'string' };
    const server = await startServer((_, response) =>
      sendJson(response, 201, {
        eventId: EVENT.eventId,
        created: true,
        warnings: [warning, { path: ['images', 0, 'label'] }, 'odd'],
        deprecations: [{ field: 'solution' }],
      }),
    );
    const reply = await clientFor(server).createEvent(EVENT);
    assert.deepEqual(reply.warnings, [
      warning,
      { type: 'unknown', path: 'images.0.label', value: null, valueType: 'object' },
      { type: 'unknown', path: '', value: 'odd', valueType: 'string' },
    ]);
    assert.deepEqual(reply.deprecations, [{ field: 'solution' }]);
  });

  it('is a target for the sender', async () => {
    const server = await startServer(accept);
    const target: Target = clientFor(server).target();
    const receipt = await target.postEvent(JSON.stringify(EVENT));
    assert.equal(receipt.statusCode, 201);
    assert.deepEqual(receipt.warnings, []);
  });
});
