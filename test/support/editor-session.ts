import type { Context } from 'mocha';
import type { Browser } from 'playwright-core';
import { launchBrowser } from './browser';
import { EditorPage } from './editor-page';
import type { NodeRedVersion } from './node-red-versions';
import { RealNodeRed, type FlowNode } from './real-node-red';

/** Installing and starting take their time on a small machine with an empty npm cache. */
export const EDITOR_DEADLINE_MS = 180_000;

export interface EditorSession {
  readonly nodeRed: RealNodeRed;
  readonly editor: EditorPage;
}

/** They take seconds to start, so all files of a run share them. */
const shared: { browser?: Browser; nodeReds: Map<NodeRedVersion, Running> } = { nodeReds: new Map() };

interface Running {
  nodeRed: RealNodeRed;
  editor?: EditorPage;
  /** What a failed test left behind in the page must not fail the next ones. */
  isSpoilt?: boolean;
}

after(async function () {
  this.timeout(EDITOR_DEADLINE_MS);
  await shared.browser?.close();
  for (const { nodeRed } of shared.nodeReds.values()) await nodeRed.stop();
});

/** The browser of the run. Without one the tests of the calling hook are skipped, or fail where CI is set. */
export async function sharedBrowser(test: Context): Promise<Browser> {
  shared.browser ??= await launchBrowser(test);
  return shared.browser;
}

/**
 * Call in a `describe`: its tests find this flow, and nothing else, in a Node-RED of that version and in its editor.
 * @param flow is asked when the tests begin
 */
export function useEditor(version: NodeRedVersion, flow: () => FlowNode[]): EditorSession {
  let running: Running | undefined;

  before(async function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const browser = await sharedBrowser(this);
    running = shared.nodeReds.get(version) ?? { nodeRed: await RealNodeRed.start(version) };
    shared.nodeReds.set(version, running);
    await show(running, browser, flow());
  });

  afterEach(async function () {
    const test = this.currentTest;
    if (!running || !test) return;
    await running.editor?.screenshot(`${test.fullTitle()} ${test.state}`);
    if (test.state === 'failed') running.isSpoilt = true;
  });

  return {
    get nodeRed() {
      return asked(running?.nodeRed);
    },
    get editor() {
      return asked(running?.editor);
    },
  };
}

function asked<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('asked before the tests began');
  return part;
}

/** A page that is open takes the new flow in: loading it anew would take seconds. */
async function show(running: Running, browser: Browser, flow: FlowNode[]): Promise<void> {
  if (running.isSpoilt) {
    await running.editor?.close();
    running.editor = undefined;
    running.isSpoilt = false;
  }
  await running.editor?.forgetFlows();
  await running.nodeRed.deploy(flow);
  if (running.editor) await running.editor.takeFlows();
  else running.editor = await EditorPage.open(browser, running.nodeRed.url);
}
