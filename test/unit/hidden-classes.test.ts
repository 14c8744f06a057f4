import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { DoubtfulNow } from '../../src/delivery/clock-watch';
import { parseCreateReply } from '../../src/api/replies';
import { checkEvent } from '../../nodes/shared/check-event';
import { visionEventDefaults } from '../../nodes/shared/properties';
import { outboxRecord } from '../../nodes/shared/send-event';
import type { EventValues } from '../../nodes/vision-event/inputs';
import { NO_PICTURES } from '../../nodes/vision-event/pictures';
import {
  composeEvent,
  convertMessage,
  eventSettings,
  messageContext,
} from '../../nodes/vision-event/prepare';

// Hidden classes are V8's own; this is how it tells of them.
setFlagsFromString('--allow-natives-syntax');
// eslint-disable-next-line @typescript-eslint/no-implied-eval
const haveSameClass = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (
  a: object,
  b: object,
) => boolean;

/** Everything that is made of one message on its way into the outbox, and of the reply. */
function madeOfMessage(number: number): Record<string, object> {
  const settings = eventSettings({ ...visionEventDefaults, delivery: 'queue' });
  const payload = {
    inference_id: `run-${number}`,
    image: { width: 640, height: 480 },
    predictions: [
      { x: 320.5, y: 240 + number, width: 40, height: 30, confidence: 0.91, class: 'part', class_id: 0 },
    ],
  };
  const values: EventValues = {
    eventType: 'quality_check',
    inputs: {
      eventId: `event-${number}`,
      useCase: 'line-1',
      timestamp: new DoubtfulNow(Date.now(), { startedAt: 0 }),
    },
    eventData: { result: 'pass' },
    metadata: [],
    pictureMetadata: [],
  };
  const context = messageContext({ _msgid: `${number}`, payload }, NO_PICTURES, '');
  const { converted, found: ofConversion } = convertMessage(payload, settings, context);
  const composed = composeEvent(values, settings, context, converted);
  const checked = checkEvent(composed.event, 'send', { now: context.now });
  const body = JSON.stringify({ eventId: checked.event.eventId, created: true });
  const facts = { statusCode: 201, attempts: 1, durationMs: 5 };
  return {
    context,
    ofContext: context.detection,
    converted: converted ?? assert.fail(),
    ofConversion,
    composed,
    event: composed.event,
    image: composed.event.images?.[0] ?? assert.fail(),
    found: checked.found,
    record: outboxRecord(checked.event, [], values.inputs.timestamp),
    reply: parseCreateReply(
      { ...facts, headers: {}, body },
      checked.event.eventId ? `"${checked.event.eventId}"` : '',
    ),
  };
}

/** By then V8 has found its fast ways, and only on these classes multiply. */
const WARM = 500;

describe('the objects made of each message', () => {
  for (let number = 0; number < WARM; number++) madeOfMessage(number);
  const first = madeOfMessage(1);
  const second = madeOfMessage(2);

  for (const name of Object.keys(first)) {
    it(`have one hidden class for all messages: ${name}`, () => {
      assert.ok(haveSameClass(first[name] ?? assert.fail(), second[name] ?? assert.fail()));
    });
  }
});
