import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { visionEventDefaults } from '../../../nodes/shared/properties';
import { FORMATS } from '../../../src/detections/convert';
import { helper, TestFlow } from '../node-red-helper';
import { sendJson, startServer, stopServers, type TestServer } from '../servers';
import { Dice } from './dice';
import { FUZZ_KEY } from './key';
import type { Subject } from './subject';
import { anyValue } from './values';

interface Case {
  flow: TestFlow;
  message: Record<string, unknown>;
}

/** Messages of one flow; then another one with other settings. */
const MESSAGES_OF_A_FLOW = 50;

let server: TestServer;
let flow: TestFlow | undefined;
let group: number | undefined;

/** Any value in any property that the nodes read: each message ends as exactly one event or one error. */
export const messages: Subject<Case> = {
  async start() {
    await new Promise<void>((resolve) => void helper.startServer(resolve));
    // It takes everything, and says the key in what it answers.
    server = await startServer(({ body, headers }, response) => {
      const eventId = /"eventId":("(?:[^"\\]|\\.)*")/.exec(body.toString())?.[1] ?? '""';
      const said = { value: headers.authorization, path: [headers.authorization] };
      sendJson(response, 201, { eventId: JSON.parse(eventId) as string, sourceId: 's', warnings: [said] });
    });
  },
  async make(dice) {
    const own = Math.floor(dice.caseNumber / MESSAGES_OF_A_FLOW);
    if (!flow || group !== own) flow = await anotherFlow(new Dice(dice.seed, -2 - own));
    group = own;
    const message: Record<string, unknown> = { payload: anyValue(dice) };
    for (const name of ['image', 'extra', 'topic', 'statusCode', 'visionEvent', '__proto__', 'req']) {
      if (dice.chance(0.3))
        Object.defineProperty(message, name, {
          value: anyValue(dice),
          enumerable: true,
          writable: true,
          configurable: true,
        });
    }
    return { flow, message };
  },
  async run({ flow: current, message }) {
    const before = [current.out.length, current.caught.length, current.completed.length] as const;
    await current.send(message).catch(() => {
      throw new Error(`no outcome of ${inspect(message, { depth: 6, maxStringLength: 100 })}`);
    });
    const [out, caught, completed] = [
      current.out.slice(before[0]),
      current.caught.slice(before[1]),
      current.completed.slice(before[2]),
    ];
    assert.ok(out.length <= 1, `${out.length} messages left by the output`);
    assert.equal(
      caught.length + completed.length,
      1,
      `${caught.length} errors and ${completed.length} completions`,
    );
    assert.ok(completed.length === 0 || out.length === 1, 'completed without an event');
    const [error] = caught;
    assert.ok(
      !error || typeof error.error?.code === 'string',
      `an error without a code: ${error?.error?.message}`,
    );
    return [
      out.map(({ visionEvent, payload }) => [visionEvent, payload]),
      caught.map((each) => [each.error, each.visionEvent]),
      current.statuses.splice(0),
    ];
  },
  async end() {
    await helper.unload();
    await stopServers();
    await new Promise<void>((resolve) => void helper.stopServer(resolve));
  },
};

async function anotherFlow(dice: Dice): Promise<TestFlow> {
  await helper.unload();
  const typed = (type: string, value = 'extra') => (dice.chance(0.25) ? { value, type } : undefined);
  const field = (
    name:
      | 'deviceId'
      | 'eventId'
      | 'timestamp'
      | 'result'
      | 'location'
      | 'metadataFrom'
      | 'comment'
      | 'outputImage'
      | 'pictures',
  ) => {
    const chosen = name === 'outputImage' ? typed('msg', 'image') : typed('msg');
    return chosen ? { [name]: chosen.value, [`${name}Type`]: chosen.type } : {};
  };
  const formats = ['auto', 'auto', 'auto', 'custom', ...FORMATS.map(({ id }) => id)];
  return TestFlow.load(
    {
      delivery: dice.pick(['build', 'build', 'send'] as const),
      format: dice.pick(formats),
      mapping: JSON.stringify({
        list: dice.pick(['predictions', '[]', '*', 'a[].b', '']),
        class: 'class',
        confidence: 'confidence',
        kind: 'classification',
      }),
      onWarnings: dice.pick(['repair', 'send', 'stop'] as const),
      eventType: dice.pick([
        'quality_check',
        'inventory_count',
        'safety_alert',
        'custom',
        'operator_feedback',
      ] as const),
      ...Object.assign(
        {},
        ...(
          [
            'deviceId',
            'eventId',
            'timestamp',
            'result',
            'location',
            'metadataFrom',
            'comment',
            'outputImage',
            'pictures',
          ] as const
        ).map(field),
      ),
    } as Partial<typeof visionEventDefaults>,
    { baseUrl: server.url, apiKey: FUZZ_KEY, timeout: 2_000 },
  );
}
