import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/browser';
import { EditorPage } from '../support/editor-page';
import { PROJECT_ROOT } from '../support/packed-package';
import { RealNodeRed } from '../support/real-node-red';

const ARRIVAL_MS = 20_000;
const POLL_MS = 250;

describe('the first example, imported in the editor', function () {
  this.timeout(120_000);
  let browser: Browser;
  let nodeRed: RealNodeRed;
  before(async function () {
    browser = await launchBrowser(this);
    nodeRed = await RealNodeRed.start('4.1');
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });

  it('delivers to its stand-in after import and deploy, without a word typed', async () => {
    const folder = path.join(PROJECT_ROOT, 'examples');
    const first = readdirSync(folder).sort()[0] ?? '';
    // Node-RED of this test runs on another port than a user's.
    const flow = readFileSync(path.join(folder, first), 'utf8').replaceAll(
      'http://127.0.0.1:1880',
      nodeRed.url,
    );
    const { page, pageErrors } = await EditorPage.open(browser, nodeRed.url);
    await page.locator('#red-ui-workspace-chart').click();
    await page.keyboard.press('Control+i');
    await page.locator('#red-ui-clipboard-dialog-import-text').fill(flow);
    // The dialog looks at the text when a key is let go.
    await page.locator('#red-ui-clipboard-dialog-import-text').press('End');
    await page.locator('#red-ui-clipboard-dialog-ok').click();
    await page.locator('#red-ui-clipboard-dialog-import-text').waitFor({ state: 'hidden' });
    await page.locator('#red-ui-header-button-deploy').click();

    const deadline = Date.now() + ARRIVAL_MS;
    let shown = '';
    while (!/[1-9]\d* events arrived/.test(shown)) {
      assert.ok(Date.now() < deadline, `the stand-in shows ${shown}; ${nodeRed.log()}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      shown = await (await fetch(`${nodeRed.url}/vision-events-stand-in`)).text();
    }
    assert.match(shown, /quality_check/);
    assert.deepEqual(pageErrors, []);
  });
});
