import assert from 'node:assert/strict';
import { WarningLines } from '../../nodes/shared/warning-lines';
import type { EventReport } from '../../nodes/shared/report';

const severity: EventReport = {
  state: 'built',
  warnings: [
    { type: 'any.only', path: 'eventData.severity', value: 'urgent', valueType: 'string' },
    { type: 'string.max', path: 'comment', value: 'x'.repeat(90), valueType: 'string' },
  ],
};

describe('warnings in the debug sidebar', () => {
  let now = 0;
  const lines: string[] = [];
  const make = (onWarnings: 'send' | 'repair') =>
    new WarningLines(
      (line) => lines.push(line),
      onWarnings,
      () => now,
    );
  beforeEach(() => {
    now = 0;
    lines.length = 0;
  });

  it('say first what to do, then what happens', () => {
    make('send').tell(severity);
    assert.equal(
      lines[0],
      'Correct eventData.severity, or choose "Repair, then send" under "On warnings" (onWarnings): the API objects to ' +
        '"urgent" (any.only). It stores the event without its event data. 1 more: see msg.visionEvent.',
    );
  });

  it('do not advise a repair that was tried', () => {
    make('repair').tell(severity);
    assert.match(
      lines[0]!,
      /^Correct eventData\.severity: it could not be repaired, and the API objects to "urgent"/,
    );
  });

  it('are told once a minute for each kind, and not at all when there is none', () => {
    const told = make('send');
    for (let frame = 0; frame < 50; frame++) told.tell(severity);
    told.tell({ state: 'built', warnings: [] });
    assert.equal(lines.length, 1);
    now = 60_000;
    told.tell(severity);
    assert.equal(lines.length, 2);
  });
});
