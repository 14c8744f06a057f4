import assert from 'node:assert/strict';
import { convertDetections, FORMATS } from '../../../src/detections/convert';
import type { DetectionResult } from '../../../src/detections/convert';
import { ADAPTERS } from '../../../src/detections/formats';
import { assertClose, refusal } from './assertions';
import { CHOSEN, RECOGNISED, VALVE } from './scene';
import type { Fixture } from './scene';

function assertSeesValve(fixture: Fixture, result: DetectionResult): void {
  assert.equal(result.format, fixture.format);
  assert.equal(result.images.length, 1);
  assert.equal(result.dropped, 0);
  assert.deepEqual([...result.notes].sort(), fixture.notes ?? []);
  const [list, more] = Object.entries(fixture.list ?? { objectDetections: {} })[0] ?? [];
  assertClose(result.images[0]?.annotations, {
    [list ?? '']: [{ ...VALVE, ...fixture.expected, ...more }],
  });
}

describe('every format tells the same scene', () => {
  for (const fixture of RECOGNISED) {
    const { format, payload, settings, context } = fixture;
    it(`auto knows ${format}: ${fixture.name}`, () => {
      assertSeesValve(fixture, convertDetections(payload, { format: 'auto', ...settings }, context));
    });
    it(`${format} as chosen, from text: ${fixture.name}`, () => {
      assertSeesValve(fixture, convertDetections(JSON.stringify(payload), { format, ...settings }, context));
    });
  }

  for (const fixture of CHOSEN) {
    const { format, payload, settings, context } = fixture;
    it(`preset ${format}: ${fixture.name}`, () => {
      assertSeesValve(fixture, convertDetections(payload, { format, ...settings }, context));
    });
  }

  it('has a fixture for every adapter and preset', () => {
    const told = new Set([...RECOGNISED, ...CHOSEN].map(({ format }) => format));
    // polygons are told below, in their own list
    told.add('label-studio-polygons');
    assert.deepEqual(
      FORMATS.map(({ id }) => id).filter((id) => !told.has(id)),
      [],
    );
  });

  it('gives every format a name of its own', () => {
    assert.equal(new Set(FORMATS.map(({ id }) => id)).size, FORMATS.length);
    assert.equal(new Set(FORMATS.map(({ label }) => label)).size, FORMATS.length);
  });
});

describe('an answer without detections in it', () => {
  for (const payload of [
    { status: 'ok' },
    { ok: true, id: 4 },
    { result: 'done' },
    { detections: null },
    [{}],
    'online',
  ]) {
    it(`is none of any format: ${JSON.stringify(payload)}`, () => {
      for (const { id } of FORMATS) refusal(payload, { format: id });
    });
  }
});

describe('signatures', () => {
  for (const { format, name, payload } of RECOGNISED) {
    it(`exactly ${format} matches: ${name}`, () => {
      const hits = ADAPTERS.filter((adapter) => adapter.matches(payload)).map(({ id }) => id);
      assert.deepEqual(hits, [format]);
    });
  }

  for (const { format, name, payload } of CHOSEN) {
    it(`none matches ${format}: ${name}`, () => {
      const hits = ADAPTERS.filter((adapter) => adapter.matches(payload)).map(({ id }) => id);
      assert.deepEqual(hits, []);
    });
  }
});
