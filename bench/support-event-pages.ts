/** A bare server in a process of its own: makes pages of events as they are asked for, as many as its argument says. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const EVENTS = Number(process.argv[2]);

// The cursor is the number of the next event.
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { cursor = '0', limit } = JSON.parse(Buffer.concat(chunks).toString()) as {
      cursor?: string;
      limit: number;
    };
    const start = Number(cursor);
    const hasMore = start + limit < EVENTS;
    const events = Array.from({ length: limit }, (_, i) => eventOf(start + i));
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        events,
        hasMore,
        nextCursor: hasMore ? String(start + limit) : null,
        lookbackDays: 14,
      }),
    );
  });
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));

function eventOf(number: number): object {
  return {
    eventId: `7f0d2f7e-6f5b-4d61-8f0a-${String(number).padStart(12, '0')}`,
    eventType: 'quality_check',
    useCaseId: 'line-3',
    timestamp: new Date(1_795_000_000_000 - number * 1000).toISOString(),
    eventData: { result: number % 7 === 0 ? 'fail' : 'pass', externalId: `lot-${number}` },
    deviceId: 'cam-1',
    images: [
      {
        sourceId: `ve-img-${number}`,
        objectDetections: Array.from({ length: 10 }, (_, i) => ({
          class: 'scratch',
          x: number + i,
          y: 540.25,
          width: 80.5,
          height: 40.25,
          confidence: 0.87,
        })),
      },
    ],
    customMetadata: { line: 'A1', 'belt speed': 1.25 },
  };
}
