import assert from 'node:assert/strict';
import fc from 'fast-check';
import { asStored, findStrictError, findWarnings, type JsonObject } from '../../../simulator/event-schema';
import { startSimulator, type Simulator } from '../../../simulator/server';
import { validate } from '../../../src/event/validate';
import { brokenEvent, NOW } from '../event/events';
import { post } from './client';

/**
 * The simulator and `src/event` read the API's page independently of each other. Here they are held against each other:
 * what the nodes predict is what the simulator answers.
 */
const seed = Number(process.env.FC_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** What arrives of an event after its way as JSON. */
const overTheWire = (event: JsonObject) => JSON.parse(JSON.stringify(event)) as JsonObject;

interface Finding {
  type: string;
  path: string;
  valueType: string;
}

const inOrder = (findings: Finding[]) =>
  findings.map(({ type, path, valueType }) => `${path} ${type} ${valueType}`).sort();

/** Of an object with too many keys Joi speaks only when its values are all right; `validate` always does. */
function withoutUnsaid(findings: Finding[]): Finding[] {
  const hasFaultInside = findings.some(({ path }) => path.startsWith('customMetadata.'));
  return findings.filter(
    ({ type, path }) => !(hasFaultInside && type === 'object.max' && path === 'customMetadata'),
  );
}

describe('simulator and src/event agree', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  before(async () => {
    console.log(`    agreement of simulator and src/event: FC_SEED=${seed}`);
    simulator = await startSimulator({ now: () => NOW, useCases: [] });
  });
  after(() => simulator.close());

  it('on what is refused, what is warned of and what is kept, for 3,000 generated events', () => {
    const seen = { refused: 0, warned: 0, good: 0 };
    fc.assert(
      fc.property(brokenEvent(4), (generated) => {
        const event = overTheWire(generated);
        const predicted = validate(event, NOW);
        const refusal = findStrictError(event, NOW);
        assert.equal(refusal !== undefined, predicted.errors.length > 0, refusal);
        if (refusal !== undefined) return void seen.refused++;
        const warnings = findWarnings(event);
        if (predicted.warningCount > predicted.warnings.length) return;
        assert.deepEqual(inOrder(warnings), inOrder(withoutUnsaid(predicted.warnings)));
        assert.deepEqual(asStored(event, warnings), predicted.asStored);
        seen[warnings.length > 0 ? 'warned' : 'good']++;
      }),
      { seed, numRuns: 3000 },
    );
    assert.ok(seen.refused > 100 && seen.warned > 500 && seen.good > 100, JSON.stringify(seen));
  });

  it('over HTTP too: what was predicted is what comes back', async () => {
    await fc.assert(
      fc.asyncProperty(brokenEvent(3), async (generated) => {
        const predicted = validate(generated, NOW);
        fc.pre(predicted.errors.length === 0 && predicted.warningCount === predicted.warnings.length);
        const created = await post(simulator, '/vision-events/use-cases', { name: 'x' });
        assert.equal(created.status, 201);
        const event = { ...generated, useCaseId: created.body.id };
        const answer = await post(simulator, '/vision-events', event);
        assert.equal(answer.status, 201, answer.text);
        const warnings = (answer.body.warnings ?? []) as Finding[];
        assert.deepEqual(inOrder(warnings), inOrder(withoutUnsaid(predicted.warnings)));
        simulator.reset();
      }),
      { seed, numRuns: 100 },
    );
  });
});
