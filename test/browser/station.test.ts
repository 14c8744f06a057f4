import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Context } from 'mocha';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/browser';
import { PROJECT_ROOT } from '../support/packed-package';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { arrivedAt } from '../support/stand-in';
import { until } from '../support/until';

const run = promisify(execFile);

const SLOW_MS = 240_000;
const ARRIVAL_MS = 30_000;
/** A text of a detector that would be a script, were it not a text. */
const HOSTILE = '<img src=x onerror="document.title=\'broken\'">';

/** The example does not bring the dashboard, and neither does the package. */
async function installDashboard(userDirectory: string, test: Context): Promise<void> {
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  try {
    await run('npm', ['install', ...flags, '@flowfuse/node-red-dashboard@1'], { cwd: userDirectory });
  } catch (error) {
    console.log(`      skipped: FlowFuse Dashboard cannot be installed: ${String(error).slice(0, 200)}`);
    test.skip();
  }
}

function example(): FlowNode[] {
  const folder = path.join(PROJECT_ROOT, 'examples');
  const file = readdirSync(folder).find((name) => name.startsWith('13'));
  assert.ok(file);
  return JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as FlowNode[];
}

/** Its detector calls the first object by a text that is meant to do harm. */
function withHostileDetector(nodes: FlowNode[]): FlowNode[] {
  return nodes.map((node) =>
    node['name'] === 'stand-in detector'
      ? {
          ...node,
          func: String(node['func']).replace('class: object.class,', `class: ${JSON.stringify(HOSTILE)},`),
        }
      : node,
  );
}

describe("the operator's station on FlowFuse Dashboard", function () {
  this.timeout(SLOW_MS);
  let browser: Browser;
  let nodeRed: RealNodeRed | undefined;

  before(async function () {
    browser = await launchBrowser(this);
    nodeRed = await RealNodeRed.start('4.1', {}, { settings: { httpNodeRoot: '/api' } });
    await installDashboard(nodeRed.userDirectory, this);
    await nodeRed.terminate();
    await nodeRed.restart();
    await nodeRed.deploy(withHostileDetector(example()));
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });

  it('shows picture, boxes and numbers, and takes what the operator says of the event shown', async () => {
    const root = `${nodeRed?.url}/api`;
    const page = await browser.newPage();
    await page.goto(`${root}/dashboard/vision-events-station`);
    await page.locator('.station-picture rect').first().waitFor({ timeout: ARRIVAL_MS });
    await page.getByText(/\d+ checked · \d+ failed/).waitFor({ timeout: ARRIVAL_MS });
    await page.getByText('everything is delivered').waitFor({ timeout: ARRIVAL_MS });
    await page.locator('.station-buttons .wrong').click();
    const said = async () =>
      (await arrivedAt(`${root}/vision-events-stand-in/station`)).events.find(
        ({ eventType }) => eventType === 'operator_feedback',
      );
    await until(
      async () => Boolean(await said()),
      () => String(nodeRed?.log()),
      ARRIVAL_MS,
    );
    assert.match(JSON.stringify(await said()), /"feedback":"incorrect"/);
    assert.match((await page.locator('.station-picture text').first().textContent()) ?? '', /^<img src=x/);
  });

  it('shows hostile texts as texts on the page of the stand-in too', async () => {
    const page = await browser.newPage();
    await page.goto(`${nodeRed?.url}/api/vision-events-stand-in/station`);
    await page.locator('svg image').first().waitFor({ timeout: ARRIVAL_MS });
    assert.match((await page.locator('svg text').first().textContent()) ?? '', /^<img src=x/);
    assert.equal(await page.title(), 'What arrived at the stand-in');
  });
});
