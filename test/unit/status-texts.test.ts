import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeAPI, NodeStatus } from 'node-red';
import { FlowError } from '../../nodes/shared/flow-error';
import { MAX_STATUS_LENGTH, StatusTexts } from '../../nodes/shared/status-texts';
import type { DeliveryState } from '../../nodes/workspace/delivery';

const LOCALES = path.join(__dirname, '..', '..', 'nodes', 'workspace', 'locales');
const NAMESPACE = '@vision-events/node-red-roboflow/roboflow-vision-event-workspace:';

/** A catalogue as Node-RED reads it, for the runtime and for the editor. */
function translator(language: string): (text: string, values?: Record<string, unknown>) => string {
  const catalogue = JSON.parse(readFileSync(path.join(LOCALES, language, 'node.json'), 'utf8')) as object;
  return (text, values = {}) => {
    if (!text.startsWith(NAMESPACE)) return text;
    const found = text
      .slice(NAMESPACE.length)
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], catalogue);
    assert.equal(typeof found, 'string', `${language} has no ${text}`);
    return (found as string).replace(/__(\w+?)__/g, (_, name: string) => String(values[name]));
  };
}

const waiting = (more: Partial<DeliveryState>): DeliveryState =>
  ({
    state: 'waiting',
    events: 7,
    delivered: 3,
    dropped: 0,
    deadLetters: 0,
    nextAttemptMs: 600_000,
    ...more,
  }) as DeliveryState;
const refused = (statusCode: number, code: string) => ({ code, statusCode, message: '', at: 0 });

/** Every kind of status, with values as large as they usually get. */
const STATUSES: Record<string, (texts: StatusTexts) => NodeStatus> = {
  sending: (texts) => texts.sending(),
  'sent 9 · 5 detections': (texts) => texts.done('sent', 9, 5),
  'sent 9 · 1 detection': (texts) => texts.done('sent', 9, 1),
  'sent 143 · 12 detections': (texts) => texts.done('sent', 143, 12),
  'built 4 · 0 detections': (texts) => texts.done('built', 4, 0),
  'uploaded 12': (texts) => texts.done('uploaded', 12),
  'delivered 12': (texts) => texts.delivery(waiting({ state: 'idle', delivered: 12 })),
  'queued 7': (texts) => texts.delivery(waiting({ state: 'delivering' })),
  'paused, 7 kept': (texts) => texts.delivery(waiting({ state: 'paused' })),
  'retry in 600 s, 1234 kept': (texts) => texts.delivery(waiting({ events: 1234 })),
  'trying again, 7 kept': (texts) => texts.delivery(waiting({ nextAttemptMs: 0 })),
  '422 refused · retry in 600 s': (texts) => texts.delivery(waiting({ lastError: refused(422, 'REJECTED') })),
  '422 refused, 7 kept': (texts) =>
    texts.delivery(waiting({ nextAttemptMs: 0, lastError: refused(422, 'REJECTED') })),
  '401 API key refused, 7 kept': (texts) =>
    texts.delivery(waiting({ lastError: refused(401, 'UNAUTHORIZED') })),
  'queued 7 · 3 dropped': (texts) => texts.delivery(waiting({ state: 'delivering', dropped: 3 })),
  '3 dropped': (texts) => texts.delivery(waiting({ dropped: 3 })),
  'delivered 12 · 3 refused': (texts) =>
    texts.delivery(waiting({ state: 'idle', delivered: 12, deadLetters: 3 })),
  '3 refused': (texts) => texts.delivery(waiting({ state: 'idle', delivered: 0, deadLetters: 3 })),
  '401 API key refused, 8 kept': (texts) =>
    texts.delivery(waiting({ events: 8, lastError: refused(401, 'UNAUTHORIZED'), deadLetters: 3 })),
  '3 refused · 2 dropped': (texts) =>
    texts.delivery(waiting({ state: 'idle', delivered: 0, deadLetters: 3, dropped: 2 })),
  '5 detections, 2 left out': (texts) => texts.partlyRead(5, 2),
  '1 detection, 2 left out': (texts) => texts.partlyRead(1, 2),
  'boxes may be misplaced': (texts) => texts.misplaced(),
  'severity not allowed': (texts) => texts.warnings(1, { type: 'any.only', path: 'eventData.severity' }),
  'severity missing · 3 warnings': (texts) =>
    texts.warnings(3, { type: 'any.required', path: 'eventData.severity' }),
  'relatedEventId over the limit': (texts) =>
    texts.warnings(2, { type: 'string.max', path: 'eventData.relatedEventId' }),
  'instanceSegmen not valid': (texts) =>
    texts.warnings(1, { type: 'array.base', path: 'images[0].instanceSegmentations' }),
  '4 warnings': (texts) => texts.warnings(4),
  cooldown: (texts) => texts.throttled(),
  '12 in scene': (texts) => texts.things(12),
  '2 in scene · person left': (texts) => texts.moment(2, { kind: 'left', class: 'person' }),
  'person appeared': (texts) => texts.moment(1234567, { kind: 'appeared', class: 'person' }),
  'forklift_truck stayed': (texts) => texts.moment(12, { kind: 'stayed', class: 'forklift_truck_with_load' }),
  'forklift_truck crossed': (texts) =>
    texts.moment(12, { kind: 'crossed', class: 'forklift_truck_with_load' }),
  '12 in scene · count 12': (texts) => texts.moment(12, { kind: 'count', class: 'person', count: 12 }),
  'frame too old, left out': (texts) => texts.lateFrame(),
  'frames come too seldom': (texts) => texts.seldomFrames(),
  'no workspace': (texts) =>
    texts.error(new FlowError('NOT_CONFIGURED', '', { short: { key: 'noWorkspace' } })),
  '404 refused': (texts) => texts.error(new FlowError('REJECTED', '', { statusCode: 404 })),
  'no connection': (texts) => texts.error(new FlowError('NETWORK', '')),
  'several formats fit': (texts) => texts.error(new FlowError('DETECTIONS_AMBIGUOUS_FORMAT', '')),
};

describe('statuses', () => {
  const inLanguage = (language: string, make: (texts: StatusTexts) => NodeStatus): string => {
    const translate = translator(language);
    const status = make(new StatusTexts({ _: translate } as unknown as NodeAPI));
    return translate(status.text ?? '');
  };

  for (const [english, make] of Object.entries(STATUSES)) {
    it(`say "${english}", in every language within ${MAX_STATUS_LENGTH} characters`, () => {
      assert.equal(inLanguage('en-US', make), english);
      for (const language of readdirSync(LOCALES)) {
        const text = inLanguage(language, make);
        assert.ok(text.length <= MAX_STATUS_LENGTH, `${language}: ${text} (${text.length})`);
      }
    });
  }

  it('are not green while refused or dropped events wait for a person', () => {
    const texts = new StatusTexts({ _: translator('en-US') } as unknown as NodeAPI);
    const idle = (more: Partial<DeliveryState>) => texts.delivery(waiting({ state: 'idle', ...more })).fill;
    assert.equal(idle({}), 'green');
    assert.equal(idle({ deadLetters: 1 }), 'yellow');
    assert.equal(idle({ dropped: 1 }), 'yellow');
  });

  it('without values travel as their key, so that each editor shows them in its own language', () => {
    const texts = new StatusTexts({ _: translator('ja') } as unknown as NodeAPI);
    assert.equal(texts.sending().text, `${NAMESPACE}status.sending`);
    assert.equal(translator('de')(texts.sending().text!), 'sendet');
  });
});
