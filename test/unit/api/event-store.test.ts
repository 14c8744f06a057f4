import assert from 'node:assert/strict';
import {
  EventStoreClient,
  toEventStoreRequest,
  type EventStoreOptions,
} from '../../../src/api/event-store-client';
import type { VisionEvent } from '../../../src/event/types';
import { closedLater, endAll, failureOf } from './clients';
import { EVENT, KEY, sendJson, startServer } from '../../support/servers';

const clientFor = (server: { url: string }, options: Partial<EventStoreOptions> = {}) =>
  closedLater(new EventStoreClient({ baseUrl: server.url, env: {}, ...options }));

const FULL: VisionEvent = {
  eventId: '0d9c2c2e-92c5-4f6e-a3b0-6d7d1b7a0c11',
  eventType: 'inventory_count',
  useCaseId: 'use-1',
  timestamp: '2026-11-20T08:15:30.250Z',
  eventData: { location: 'dock 2', itemCount: 3 },
  deviceId: 'dock-cam-2',
  streamId: 'dock-2',
  workflowId: 'flow',
  workflowVersion: '3',
  images: [
    {
      label: 'dock',
      sourceId: 'cloud-out',
      inputSourceId: 'cloud-in',
      objectDetections: [{ class: 'crate', x: 10, y: 20, width: 4, height: 6, confidence: 0.5 }],
    },
  ],
  displayImagePosition: 0,
  customMetadata: { shift: 'night' },
};

describe('toEventStoreRequest', () => {
  it('names every field as the store does', () => {
    const pictures = [
      { role: 'output' as const, bytes: Buffer.from('out') },
      { role: 'input' as const, bytes: new Uint8Array(Buffer.from('in')) },
    ];
    assert.deepEqual(toEventStoreRequest(FULL, pictures), {
      inference_timestamp: '2026-11-20T08:15:30.250Z',
      solution: 'use-1',
      event_schema: 'inventory_count',
      event_data: { location: 'dock 2', itemCount: 3, externalId: FULL.eventId },
      workflow_id: 'flow',
      workflow_version: '3',
      device_id: 'dock-cam-2',
      stream_id: 'dock-2',
      images: [
        {
          base64Image: Buffer.from('out').toString('base64'),
          inputBase64Image: Buffer.from('in').toString('base64'),
          label: 'dock',
          objectDetections: [{ class: 'crate', x: 10, y: 20, width: 4, height: 6, confidence: 0.5 }],
        },
      ],
      displayImagePosition: 0,
      custom_metadata: { shift: 'night' },
    });
  });

  it('leaves out what is not there, and nulls, which the store refuses', () => {
    const event = { ...EVENT, eventData: { result: null, externalId: undefined } } as unknown as VisionEvent;
    assert.deepEqual(toEventStoreRequest(event), {
      inference_timestamp: EVENT.timestamp,
      solution: EVENT.useCaseId,
      event_schema: 'quality_check',
      event_data: { externalId: EVENT.eventId },
    });
  });

  it('makes an image entry for a picture of an event without one', () => {
    const { images, displayImagePosition } = toEventStoreRequest(EVENT, [
      { role: 'output', bytes: Buffer.from('out') },
    ]);
    assert.deepEqual(images, [{ base64Image: Buffer.from('out').toString('base64') }]);
    assert.equal(displayImagePosition, 0);
  });

  it('puts the pictures of several cameras into their own entries', () => {
    const event = { ...EVENT, images: [{ label: 'left' }, { label: 'right' }] };
    const pictures = [
      { role: 'output' as const, image: 0, bytes: Buffer.from('l') },
      { role: 'input' as const, image: 1, bytes: Buffer.from('r') },
      { role: 'output' as const, image: 3, bytes: Buffer.from('x') },
    ];
    assert.deepEqual(toEventStoreRequest(event, pictures).images, [
      { label: 'left', base64Image: 'bA==' },
      { label: 'right', inputBase64Image: 'cg==' },
      {},
      { base64Image: 'eA==' },
    ]);
  });

  it('puts our id into the metadata where externalId is taken, or where feedback has none', () => {
    const taken = toEventStoreRequest({ ...EVENT, eventData: { result: 'pass', externalId: 'ASN-1' } });
    assert.equal(taken.event_data['externalId'], 'ASN-1');
    assert.deepEqual(taken.custom_metadata, { eventId: EVENT.eventId });
    const feedback = toEventStoreRequest({
      ...EVENT,
      eventType: 'operator_feedback',
      eventData: { relatedEventId: 'r', feedback: 'correct' },
      comment: 'c'.repeat(1_200),
    });
    assert.deepEqual(feedback.event_data, { relatedEventId: 'r', feedback: 'correct' });
    assert.deepEqual(feedback.custom_metadata, { eventId: EVENT.eventId, comment: 'c'.repeat(1_000) });
  });

  it('adds nothing to full metadata, and overwrites nothing in it', () => {
    const full = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key ${index}`, index]));
    const eventData = { externalId: 'ASN-1' };
    assert.deepEqual(
      toEventStoreRequest({ ...EVENT, eventData, customMetadata: full }).custom_metadata,
      full,
    );
    const own = { eventId: 'mine' };
    assert.deepEqual(toEventStoreRequest({ ...EVENT, eventData, customMetadata: own }).custom_metadata, own);
  });
});

describe('EventStoreClient', () => {
  afterEach(endAll);

  for (const id of ['7c', 4711]) {
    it(`posts to /v2/events and reads the id ${JSON.stringify(id)}`, async () => {
      const server = await startServer((_, response) => sendJson(response, 201, { id }));
      const reply = await clientFor(server, { apiKey: KEY }).createEvent(FULL);
      assert.equal(reply.storeId, String(id));
      assert.equal(reply.statusCode, 201);
      const [request] = server.received;
      assert.equal(`${request?.method} ${request?.url}`, 'POST /v2/events');
      assert.equal(request?.headers['x-api-key'], KEY);
      assert.equal(request?.headers.authorization, undefined);
      assert.deepEqual(JSON.parse(request?.body.toString() ?? ''), toEventStoreRequest(FULL));
    });
  }

  it('sends no key when there is none', async () => {
    const server = await startServer((_, response) => sendJson(response, 201, { id: 1 }));
    await clientFor(server).createEvent(EVENT);
    assert.equal(server.received[0]?.headers['x-api-key'], undefined);
  });

  for (const [status, body, code, says] of [
    [
      529,
      { detail: 'Device storage full.', error: 'capacity_blocked' },
      'SERVER_ERROR',
      /Device storage full/,
    ],
    [400, { detail: 'unknown schema' }, 'REJECTED', /unknown schema/],
    [
      422,
      {
        detail: [
          { loc: ['body', 'event_data', 'result'], msg: 'not permitted', type: 'x' },
          { msg: 'and more' },
        ],
      },
      'REJECTED',
      /body\.event_data\.result: not permitted; and more/,
    ],
    [401, { detail: 'Invalid API key' }, 'UNAUTHORIZED', /X-API-Key of the Event Store/],
    [403, { detail: 'Invalid API key' }, 'UNAUTHORIZED', /X-API-Key of the Event Store/],
    [500, {}, 'SERVER_ERROR', /500/],
  ] as const) {
    it(`${status} becomes ${code}`, async () => {
      const server = await startServer((_, response) => sendJson(response, status, body));
      const error = await failureOf(clientFor(server, { apiKey: KEY }).createEvent(EVENT));
      assert.equal(error.code, code);
      assert.equal(error.statusCode, status);
      assert.match(error.message, says);
    });
  }

  it('success without an id is not a success', async () => {
    const server = await startServer((_, response) => sendJson(response, 201, {}));
    assert.equal((await failureOf(clientFor(server).createEvent(EVENT))).code, 'BAD_RESPONSE');
  });

  it('sends nothing twice: each request has a connection of its own', async () => {
    const server = await startServer((received, response, index) => {
      if (index === 1) received.socket.resetAndDestroy();
      else sendJson(response, 201, { id: index });
    });
    const client = clientFor(server);
    await client.createEvent(EVENT);
    const error = await failureOf(client.createEvent(EVENT));
    assert.equal(error.code, 'NETWORK');
    assert.equal(error.attempts, 1);
    assert.equal(server.received.length, 2);
    assert.equal(server.connections.opened, 2);
  });
});
