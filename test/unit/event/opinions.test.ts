import assert from 'node:assert/strict';
import fc from 'fast-check';
import { visionEventSchema } from '../../../src/event/model';
import { validate } from '../../../src/event/validate';
import { brokenEvent, faultlessEvent, NOW } from './events';
import { joiFindings } from './joi-model';
import { holds } from './property';

/** All that `validate` finds but for the timestamp, each as `type path`; undefined when there was too much to list. */
function ownFindings(event: unknown): string[] | undefined {
  const { errors, warnings, warningCount } = validate(event, NOW);
  if (warningCount > warnings.length) return undefined;
  return [...errors, ...warnings]
    .filter(({ path }) => path !== 'timestamp')
    .map(({ type, path }) => `${type} ${path}`);
}

const unique = (texts: string[]) => [...new Set(texts)].sort();

describe('event: three models, one opinion', () => {
  it('Joi finds the same (type, path) in 10,000 events, good and broken', function () {
    this.timeout(120_000);
    let good = 0;
    let broken = 0;
    holds(
      fc.property(brokenEvent(4), (event) => {
        const expected = joiFindings(event);
        if (expected.length === 0) good += 1;
        else broken += 1;
        const found = ownFindings(event)?.filter((finding) => !isUnsaidByJoi(finding, expected));
        // Above the listing limit the numbers must agree.
        if (!found) return assert.equal(countOf(event), expected.length);
        assert.deepEqual(unique(found), unique(expected));
      }),
      10_000,
    );
    assert.ok(
      good > 500 && broken > 5000,
      `${good} good and ${broken} broken events are too few of one kind`,
    );
  });

  it('zod finds fault at the same places', function () {
    this.timeout(120_000);
    holds(
      fc.property(brokenEvent(3), (event) => {
        const { errors, warnings, warningCount } = validate(event, NOW);
        const faults = [...errors.filter(({ type }) => !type.startsWith('date.')), ...warnings];
        const parsed = visionEventSchema.safeParse(event);
        assert.equal(parsed.success, faults.length === 0);
        // Without a known event type, and into a list that is too long, zod does not look; and long lists of faults are
        // cut.
        const isSilent = errors.some(({ path }) => path === 'eventType');
        const isTooLong = faults.some(({ type }) => type === 'array.max');
        if (isSilent || isTooLong || warningCount > warnings.length) return;
        assert.deepEqual(toPoints(zodPaths(event)), toPoints(faults.map(({ path }) => path)));
      }),
      2000,
    );
  });

  it('nobody finds fault with a faultless event, and it is stored as it is', () => {
    holds(
      fc.property(faultlessEvent, (event) => {
        const { errors, warnings, asStored } = validate(event, NOW);
        assert.deepEqual([errors, warnings, joiFindings(event), zodPaths(event)], [[], [], [], []]);
        assert.equal(asStored, event);
      }),
      500,
    );
  });
});

/** Of an object with too many keys Joi speaks only when its values are all right; we always do. */
function isUnsaidByJoi(finding: string, expected: string[]): boolean {
  return (
    finding === 'object.max customMetadata' && expected.some((other) => other.includes(' customMetadata.'))
  );
}

/**
 * What is wrong inside a point is put down to the point: of one without two numbers, zod and we name different ones.
 */
function toPoints(paths: string[]): string[] {
  return unique(paths.map((path) => path.replace(/(\.points\.\d+)\.\d+$/, '$1')));
}

/** Joi counts a fault of a strict field among the rest. */
function countOf(event: unknown): number {
  const { errors, warningCount } = validate(event, NOW);
  return warningCount + errors.filter(({ path }) => path !== 'timestamp').length;
}

function zodPaths(event: unknown): string[] {
  const { error } = visionEventSchema.safeParse(event);
  return (error?.issues ?? []).flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [path.join('.')];
    return issue.keys.map((key) => [...path, key].join('.'));
  });
}
