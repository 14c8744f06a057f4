import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { RULES_TABLE, rulesTable } from '../../../scripts/derive-rules';

describe('event: the table of rules', () => {
  it('is the one that follows from the schemas; if not, run `npm run build`', async function () {
    this.timeout(60_000);
    assert.equal(readFileSync(RULES_TABLE, 'utf8'), await rulesTable());
  });
});
