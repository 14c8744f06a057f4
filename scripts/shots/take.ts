/**
 * Takes the screenshots of the README from a running demo:
 *
 *     npm start                          in one terminal, wait a minute
 *     npx tsx scripts/shots/take.ts      in another
 *
 * The picture files land in docs/images/ (`--to` names another folder); `--editor` and `--simulator` name the two
 * addresses when they are not the usual ones; a list of names takes only these.
 */
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';
import { EditorPage } from '../../test/support/editor-page';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

interface ShotDeps {
  browser: Browser;
  editor: string;
  simulator: string;
  save: (page: Page, area?: Area) => Promise<void>;
}

interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

const SHOTS: Record<string, (deps: ShotDeps) => Promise<void>> = {
  'demo-flow': async ({ browser, editor, save }) => {
    const { page } = await openEditor(browser, editor, { width: 1560, height: 600 });
    await page.locator('#red-ui-tab-debug-link-button').click();
    await showOurPalette(page);
    await page.mouse.move(700, 580);
    // Two rounds of the flow fill the debug sidebar.
    await page.waitForTimeout(11_000);
    await save(page);
  },
  'vision-event-dialog': async ({ browser, editor, save }) => {
    const opened = await openDialogOfFirstEvent(browser, editor, 1000);
    await save(opened.page, await uppermostTray(opened.page));
  },
  'try-it': async ({ browser, editor, save }) => {
    const { page } = await openDialogOfFirstEvent(browser, editor, 1130);
    for (const name of ['detections', 'event', 'try']) {
      await page.locator(`[data-section="${name}"] > summary`).click();
    }
    // The runtime keeps the next message of the flow, which comes within seconds.
    await page.locator('[data-section="try"] svg rect').first().waitFor({ timeout: 30_000 });
    await page.locator('[data-section="try"] > summary').scrollIntoViewIfNeeded();
    await page.mouse.move(5, 5);
    await save(page, await uppermostTray(page));
  },
  mapper: async ({ browser, editor, save }) => {
    const { page } = await openDialogOfFirstEvent(browser, editor, 1760);
    await page.locator('#node-input-format').selectOption('custom');
    const mapper = page.locator('.vision-event-mapper');
    await mapper.getByRole('button', { name: 'Take an example' }).click();
    await mapper.locator('button[data-way="found"]').click();
    for (const field of ['what', 'sure', 'left', 'top', 'width', 'height'])
      await mapper.locator(`button[data-way="found[0].${field}"]`).click();
    await mapper.locator('svg rect.vision-event-shape').first().waitFor();
    await page.mouse.move(5, 5);
    const box = await mapper.boundingBox();
    if (!box) throw new Error('the mapper is not shown');
    await save(page, box);
  },
  'workspace-dialog': async ({ browser, editor, save }) => {
    const opened = await openDialogOfFirstEvent(browser, editor, 1120);
    await opened.openWorkspace();
    const { page } = opened;
    await page.locator('.vision-event-check button').click();
    await page.locator('.vision-event-check [data-step]').first().waitFor();
    await page.locator('.red-ui-tray [data-section="outbox"] > summary').click();
    await page.locator('#node-config-input-name').scrollIntoViewIfNeeded();
    await page.mouse.move(5, 5);
    await save(opened.page, await uppermostTray(opened.page));
  },
  simulator: (deps) => simulatorPage(deps, 'light'),
  'simulator-dark': (deps) => simulatorPage(deps, 'dark'),
};

async function simulatorPage(
  { browser, simulator, save }: ShotDeps,
  colorScheme: 'light' | 'dark',
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1100, height: 760 }, colorScheme });
  await page.goto(simulator);
  await page.locator('.card').first().waitFor();
  await page.waitForTimeout(500);
  await save(page);
}

/** Folds the other categories, so that ours comes to the top. */
async function showOurPalette(page: Page): Promise<void> {
  await page.locator('#red-ui-palette .red-ui-footer-button:has(.fa-angle-double-up)').click();
  const header = page.locator('#red-ui-palette-header-vision_events');
  await header.click();
  await header.scrollIntoViewIfNeeded();
}

async function openEditor(
  browser: Browser,
  url: string,
  viewport: { width: number; height: number },
): Promise<EditorPage> {
  const editor = await EditorPage.open(browser, url);
  await editor.page.setViewportSize(viewport);
  await editor.page.waitForTimeout(1500);
  return editor;
}

async function openDialogOfFirstEvent(browser: Browser, url: string, height: number): Promise<EditorPage> {
  const opened = await openEditor(browser, url, { width: 1400, height });
  const node = (await opened.nodes()).find(({ type }) => type === 'roboflow-vision-event');
  if (!node) throw new Error('the demo flow has no vision event node');
  await opened.openDialog(node.id);
  return opened;
}

async function uppermostTray(page: Page): Promise<Area> {
  const box = await page.locator('.red-ui-tray').last().boundingBox();
  if (!box) throw new Error('no dialog is open');
  return box;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      editor: { type: 'string', default: 'http://127.0.0.1:1880/' },
      simulator: { type: 'string', default: 'http://127.0.0.1:4010/' },
      to: { type: 'string', default: path.join(__dirname, '../../docs/images') },
    },
    allowPositionals: true,
  });
  mkdirSync(values.to, { recursive: true });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    for (const name of positionals.length > 0 ? positionals : Object.keys(SHOTS)) {
      const take = SHOTS[name];
      if (!take) throw new Error(`no such picture: ${name}. There are: ${Object.keys(SHOTS).join(', ')}`);
      const file = path.join(values.to, `${name}.png`);
      const save = async (page: Page, area?: Area) => {
        await page.screenshot({ path: file, ...(area ? { clip: area } : {}) });
        await page.close();
      };
      await take({ browser, editor: values.editor, simulator: values.simulator, save });
      console.log(`${file} ${Math.round(statSync(file).size / 1024)} KiB`);
    }
  } finally {
    await browser.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
