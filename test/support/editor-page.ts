import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import type { FlowNode } from './real-node-red';

/** A node as the editor holds it. */
export interface EditorNode {
  id: string;
  type: string;
  valid: boolean;
  validationErrors: string[];
  [property: string]: unknown;
}

/** The part of the editor's own API that is used here; it lives in the page. */
interface EditorApi {
  nodes: {
    eachNode(visit: (node: Record<string, unknown>) => void): void;
    clear(): void;
    version(revision: string | null): void;
    import(flows: FlowNode[]): void;
    dirty(isDirty: boolean): void;
  };
  history: { clear(): void };
  view: { redraw(all: boolean): void };
}

/** A node's dialog, or that of a config node above it. */
export type DialogKind = 'node-dialog' | 'node-config-dialog';

/** What a person can act on, in the terms of the browser's accessibility tree. */
const CONTROL_ROLES = new Set([
  'button',
  'checkbox',
  'combobox',
  'DisclosureTriangle',
  'link',
  'listbox',
  'radio',
  'searchbox',
  'spinbutton',
  'textbox',
]);
/** Beyond the longest way through the largest dialog: what is not reached by then is not reachable. */
const MOST_KEY_PRESSES = 200;
const WINDOW = { width: 1400, height: 1000 };
const LONGEST_DIALOG_PX = 2400;
/** Of a dialog of 400 px, narrower than the editor's own limit: a small window cuts it. */
const NARROWEST_FORM_PX = 340;
/** So much of an element's html tells which one it is. */
const EXCERPT = 200;

const MOST_CLICKS = 4;
const CLICK_MS = 5000;

/** Node-RED's editor in a browser page, used as a person would: by mouse and keyboard. */
export class EditorPage {
  /** Errors that no code of the page caught, with where they were thrown. */
  readonly pageErrors: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.pageErrors.push(error.stack ?? error.message));
    page.setDefaultTimeout(30_000);
  }

  static async open(browser: Browser, url: string): Promise<EditorPage> {
    const editor = new EditorPage(await browser.newPage({ viewport: WINDOW }));
    await editor.page.goto(url);
    await editor.paletteNode('roboflow-vision-event').waitFor({ state: 'attached' });
    await editor.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    return editor;
  }

  /** Empties the page; what is deployed from elsewhere meanwhile is not a matter of it. */
  async forgetFlows(): Promise<void> {
    await this.page.evaluate(() => {
      const { RED } = globalThis as unknown as { RED: EditorApi };
      RED.nodes.clear();
      RED.history.clear();
      RED.nodes.version(null);
    });
  }

  /** Takes what is deployed into the page, after `forgetFlows`, as Node-RED does after a project was changed. */
  async takeFlows(): Promise<void> {
    await this.page.evaluate(async () => {
      const { RED } = globalThis as unknown as { RED: EditorApi };
      const answer = await fetch('flows', { headers: { 'Node-RED-API-Version': 'v2' } });
      const { flows, rev } = (await answer.json()) as { flows: FlowNode[]; rev: string };
      RED.nodes.version(rev);
      RED.nodes.import(flows);
      RED.nodes.dirty(false);
      RED.view.redraw(true);
    });
    this.pageErrors.length = 0;
  }

  paletteNode(type: string): Locator {
    return this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  }

  /** Drags a node from the palette to a place of the flow, from its upper left corner; answers its id. */
  dragFromPalette(type: string, x: number, y: number): Promise<string> {
    return this.added(async () => {
      await this.paletteNode(type).scrollIntoViewIfNeeded();
      await this.drag(await centre(this.paletteNode(type)), await this.placeInFlow(x, y));
    });
  }

  /**
   * Presses Ctrl and clicks a place of the flow, types the name that a node has in the palette, and Enter; answers the
   * node's id.
   */
  quickAdd(name: string, x: number, y: number): Promise<string> {
    return this.added(async () => {
      const place = await this.placeInFlow(x, y);
      const search = this.page.locator('#red-ui-type-search');
      const field = search.locator('input:focus');
      // An editor that is busy elsewhere misses the key or the click.
      for (let clicks = 1; clicks <= MOST_CLICKS && (await field.count()) === 0; clicks++) {
        await this.page.keyboard.down('Control');
        await this.page.mouse.click(place.x, place.y);
        await this.page.keyboard.up('Control');
        await field.waitFor({ timeout: CLICK_MS }).catch(() => undefined);
      }
      await field.waitFor();
      await this.page.keyboard.type(name);
      await search.locator('li.selected', { hasText: name }).waitFor();
      await this.page.keyboard.press('Enter');
      await search.waitFor({ state: 'hidden' });
    });
  }

  private async placeInFlow(x: number, y: number): Promise<Point> {
    const flow = await this.page.locator('#red-ui-workspace-chart').boundingBox();
    if (!flow) throw new Error('the flow is not shown');
    return { x: flow.x + x, y: flow.y + y };
  }

  private async added(add: () => Promise<void>): Promise<string> {
    const before = new Set((await this.nodes()).map((node) => node.id));
    await add();
    const added = (await this.nodes()).filter((node) => !before.has(node.id));
    if (added.length !== 1 || !added[0]) throw new Error(`${added.length} nodes were added in place of one`);
    return added[0].id;
  }

  async wire(fromId: string, toId: string): Promise<void> {
    await this.drag(
      await centre(this.canvasNode(fromId).locator('.red-ui-flow-port-output .red-ui-flow-port')),
      await centre(this.canvasNode(toId).locator('.red-ui-flow-port-input .red-ui-flow-port')),
    );
  }

  canvasNode(id: string): Locator {
    return this.page.locator(`[id="${id}"]`);
  }

  async openDialog(id: string): Promise<void> {
    const { x, y } = await centre(this.canvasNode(id).locator('.red-ui-flow-node').first());
    const tray = this.page.locator('.red-ui-tray:has(#node-dialog-ok)');
    // An editor that is busy elsewhere takes a double click for two clicks.
    for (let clicks = 1; clicks <= MOST_CLICKS && (await tray.count()) === 0; clicks++) {
      await this.page.mouse.dblclick(x, y);
      await tray.waitFor({ state: 'attached', timeout: CLICK_MS }).catch(() => undefined);
    }
    await this.dialogOpened('node-dialog');
  }

  /** Opens a workspace from the open dialog of a node: the chosen one, or a new one. */
  async openWorkspace(action: 'edit' | 'add' = 'edit'): Promise<void> {
    await this.page.locator(`#node-input-btn-workspace-${action}`).click();
    await this.dialogOpened('node-config-dialog');
  }

  /** Resolves when such a dialog is uppermost, stands still and has the focus; what is clicked earlier is missed. */
  async dialogOpened(kind: DialogKind): Promise<void> {
    await this.page.locator(`.red-ui-tray:has(#${kind}-ok) :focus`).waitFor({ state: 'attached' });
    await this.dialogsAtRest();
  }

  /** Closes the uppermost dialog: `Done` of a node, `Add` or `Update` of a config node. */
  async confirmDialog(kind: DialogKind): Promise<void> {
    await this.closeBy(this.page.locator(`#${kind}-ok`));
  }

  /** Closes all open dialogs, the uppermost first. */
  async cancelDialogs(): Promise<void> {
    for (const kind of ['node-config-dialog', 'node-dialog']) {
      const cancel = this.page.locator(`#${kind}-cancel`);
      if ((await cancel.count()) > 0) await this.closeBy(cancel);
    }
  }

  private async closeBy(button: Locator): Promise<void> {
    await button.click();
    await button.waitFor({ state: 'detached' });
    await this.dialogsAtRest();
  }

  /** The dialog of a node type as this package draws it. */
  form(type: string): Locator {
    return this.page.locator(`.vision-event-form[data-form="${type}"]`);
  }

  /** Shows all that a dialog of a type can fold. */
  async openSections(type: string): Promise<void> {
    await this.form(type)
      .locator('details')
      .evaluateAll((sections: HTMLDetailsElement[]) => sections.forEach((section) => (section.open = true)));
  }

  /** Which of these properties have a row that shows. */
  async shownFields(properties: string[]): Promise<string[]> {
    const shown: string[] = [];
    for (const property of properties) {
      const row = this.page.locator(`.form-row:has(#node-input-${property})`);
      if (await row.isVisible()) shown.push(property);
    }
    return shown;
  }

  /**
   * The fields and buttons of a dialog that a screen reader would announce without a name, as html; an icon is not a
   * name.
   */
  async nameless(type: string): Promise<string[]> {
    const browser = await this.page.context().newCDPSession(this.page);
    const { result: form } = await browser.send('Runtime.evaluate', {
      expression: `document.querySelector('.vision-event-form[data-form="${type}"]')`,
    });
    const { nodes } = await browser.send('Accessibility.queryAXTree', { objectId: form.objectId });
    const controls = nodes.filter(({ ignored, role }) => !ignored && CONTROL_ROLES.has(String(role?.value)));
    if (controls.length === 0) throw new Error(`the dialog of ${type} shows no field`);
    const found: string[] = [];
    for (const { name, backendDOMNodeId } of controls) {
      if (/[^\s\p{Co}]/u.test(String(name?.value ?? ''))) continue;
      const { outerHTML } = await browser.send('DOM.getOuterHTML', { backendNodeId: backendDOMNodeId });
      found.push(outerHTML.slice(0, EXCERPT));
    }
    await browser.detach();
    return found;
  }

  /** What in a dialog reaches over its right edge, as html, while the dialog is as narrow as it gets. */
  async overflowing(type: string): Promise<string[]> {
    return this.form(type).evaluate(
      (form: HTMLElement, { width, excerpt }) => {
        form.style.width = `${width}px`;
        const { right } = form.getBoundingClientRect();
        const elements = [...form.querySelectorAll<HTMLElement>('*')];
        const over = elements.filter(
          (element) => element.checkVisibility() && element.getBoundingClientRect().right > right + 1,
        );
        form.style.width = '';
        return over.map((element) => element.outerHTML.slice(0, excerpt));
      },
      { width: NARROWEST_FORM_PX, excerpt: EXCERPT },
    );
  }

  /** Whether a dialog that was open before shows its right edge in a window of this width. */
  async isWholeInWindow(type: string, width: number): Promise<boolean> {
    return this.inWindow(width, () =>
      this.form(type).evaluate((form) => {
        const tray = form.closest('.red-ui-tray')!;
        return form.getBoundingClientRect().right <= tray.getBoundingClientRect().right;
      }),
    );
  }

  /** The fields of a dialog that was open before which in a window of this width take less than their row, by id. */
  async narrowFields(type: string, width: number): Promise<string[]> {
    return this.inWindow(width, () =>
      this.form(type).evaluate((form) => {
        const fields = [
          ...form.querySelectorAll<HTMLElement>('.vision-event-row > select, .vision-event-row > textarea'),
        ];
        const shown = fields.filter((field) => field.checkVisibility());
        return shown
          .filter((field) => field.offsetWidth < field.parentElement!.clientWidth - 1)
          .map(({ id }) => id);
      }),
    );
  }

  /** Looks while the window has another width. */
  private async inWindow<Seen>(width: number, look: () => Promise<Seen>): Promise<Seen> {
    await this.page.setViewportSize({ ...WINDOW, width });
    try {
      await this.dialogsAtRest();
      return await look();
    } finally {
      await this.page.setViewportSize(WINDOW);
    }
  }

  /** Presses Tab until the focus is on what `selector` names. */
  tabTo(selector: string): Promise<void> {
    return this.pressUntilFocused('Tab', selector);
  }

  /** Presses the down key in an open menu until the focus is on what `selector` names. */
  async downTo(selector: string): Promise<void> {
    await this.page.locator(selector).and(this.page.locator(':visible')).waitFor();
    await this.animationsDone();
    await this.pressUntilFocused('ArrowDown', selector);
  }

  private async pressUntilFocused(key: string, selector: string): Promise<void> {
    for (let presses = 0; presses < MOST_KEY_PRESSES; presses += 1) {
      const there = await this.page.evaluate(
        (wanted) => document.activeElement?.matches(wanted) ?? false,
        selector,
      );
      if (there) return;
      await this.page.keyboard.press(key);
    }
    throw new Error(`${key} does not reach ${selector}`);
  }

  /** The text that the export dialog offers for all flows. */
  async exportFlow(): Promise<string> {
    const dialog = '#red-ui-clipboard-dialog';
    await this.page.keyboard.press('Control+E');
    await this.page.locator(`${dialog}-export-rng-full`).click();
    await this.page.locator(`${dialog}-export-rng-full.selected`).waitFor();
    const text = await this.page.locator(`${dialog}-export-text`).inputValue();
    await this.page.keyboard.press('Escape');
    return text;
  }

  /** Opens the import dialog, enters `flow` and takes it into a flow of its own, all by keyboard. */
  async importAsNewFlow(flow: string): Promise<void> {
    const { keyboard } = this.page;
    const dialog = '#red-ui-clipboard-dialog';
    await keyboard.press('Control+I');
    await this.tabTo(`${dialog}-import-text`);
    await keyboard.insertText(flow);
    // The dialog looks at the text when a key is released.
    await keyboard.press('End');
    await this.page.locator(`${dialog}-ok:enabled`).waitFor();
    await this.tabTo(`${dialog}-import-opt-new`);
    await keyboard.press('Enter');
    await this.page.locator(`${dialog}-import-opt-new.selected`).waitFor();
    await this.tabTo(`${dialog}-ok`);
    await keyboard.press('Enter');
    await this.page.locator(dialog).waitFor({ state: 'hidden' });
  }

  /** Runs one of Node-RED's actions by its label, from the list of all actions. */
  async act(label: string): Promise<void> {
    const list = this.page.locator('#red-ui-actionList');
    await this.page.keyboard.press('Control+Shift+P');
    await list.waitFor();
    await this.animationsDone();
    await this.page.keyboard.type(label);
    const exactly = this.page.locator('.red-ui-search-result-action > div', {
      hasText: new RegExp(`^${label}$`, 'i'),
    });
    const wanted = list.locator('li').filter({ has: exactly });
    await wanted.waitFor();
    await list.locator('li.selected').waitFor();
    for (let presses = 0; presses < MOST_KEY_PRESSES; presses += 1) {
      if ((await wanted.getAttribute('class'))?.split(' ').includes('selected')) break;
      await this.page.keyboard.press('ArrowDown');
    }
    await this.page.keyboard.press('Enter');
    await list.waitFor({ state: 'hidden' });
    await this.animationsDone();
  }

  /** Dialogs slide in and out, by a transition of their distance from the right edge. */
  async dialogsAtRest(): Promise<void> {
    await this.page.waitForFunction(() => {
      const uppermost = [...document.querySelectorAll('#red-ui-editor-stack > .red-ui-tray')].at(-1);
      return !uppermost || getComputedStyle(uppermost).right === '0px';
    });
  }

  /** Chooses the type of a typed input from its menu. */
  async chooseType(input: string, type: string): Promise<void> {
    await this.typedInput(input).locator('.red-ui-typedInput-type-select').click();
    await this.chooseFromMenu(type);
  }

  /** Chooses one of the fixed values of a typed input. */
  async chooseOption(input: string, value: string): Promise<void> {
    await this.typedInput(input).locator('.red-ui-typedInput-option-trigger').click();
    await this.chooseFromMenu(value);
  }

  async typeInto(input: string, text: string): Promise<void> {
    await this.typedInput(input).locator('.red-ui-typedInput-input').fill(text);
    await this.page.keyboard.press('Tab');
  }

  typedInput(input: string): Locator {
    return this.page.locator(`#${input} + .red-ui-typedInput-container`);
  }

  /**
   * Deploys, by the button or by what `start` does in its place, and waits until the editor has taken the answer in:
   * before that its nodes count as changed, and an inject node refuses its button.
   */
  async deploy(start = () => this.page.locator('#red-ui-header-button-deploy').click()): Promise<void> {
    const answered = this.page.waitForResponse(
      (response) => response.url().endsWith('/flows') && response.request().method() === 'POST',
    );
    await start();
    const status = (await answered).status();
    if (status >= 300) throw new Error(`deploy: HTTP ${status}`);
    await this.page.locator('.red-ui-deploy-button-spinner').waitFor({ state: 'hidden' });
  }

  async node(id: string): Promise<EditorNode> {
    const found = (await this.nodes()).find((node) => node.id === id);
    if (!found) throw new Error(`no node ${id}`);
    return found;
  }

  /** The nodes of all flows, with what their dialogs saved. */
  async nodes(): Promise<EditorNode[]> {
    const texts = await this.page.evaluate(() => {
      const { RED } = globalThis as unknown as { RED: EditorApi };
      const found: string[] = [];
      RED.nodes.eachNode((node) => {
        const { id, type, valid, validationErrors } = node;
        const definition = node._def as { defaults: Record<string, unknown> };
        const saved = Object.fromEntries(Object.keys(definition.defaults).map((name) => [name, node[name]]));
        const own = { ...saved, id, type, valid, validationErrors };
        found.push(JSON.stringify(own));
      });
      return found;
    });
    return texts.map((text) => JSON.parse(text) as EditorNode);
  }

  /** The dark one is Node-RED 5.0's own. */
  async useTheme(theme: 'light' | 'dark'): Promise<void> {
    await this.page.evaluate(
      (isDark) => document.documentElement.classList.toggle('nr-theme-dark', isDark),
      theme === 'dark',
    );
  }

  /**
   * For eyes: where `SCREENSHOTS` names a folder to put it in. The window is as high as the longest dialog while it is
   * taken.
   */
  async screenshot(name: string): Promise<void> {
    const folder = process.env.SCREENSHOTS;
    if (!folder) return;
    await this.page.setViewportSize({ ...WINDOW, height: LONGEST_DIALOG_PX });
    await this.page.screenshot({ path: path.join(folder, `${name.replace(/[^\w.]+/g, '-')}.png`) });
    await this.page.setViewportSize(WINDOW);
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  /** A menu that is chosen from while it still slides open never closes. */
  private async chooseFromMenu(value: string): Promise<void> {
    await this.page.locator('.red-ui-typedInput-options:visible').waitFor();
    await this.animationsDone();
    await this.page.locator(`.red-ui-typedInput-options:visible a[value="${value}"]`).click();
    await this.page.locator('.red-ui-typedInput-options:visible').waitFor({ state: 'detached' });
  }

  private async animationsDone(): Promise<void> {
    await this.page.waitForFunction(() => {
      const moving = (globalThis as unknown as { $: (selector: string) => { length: number } }).$(
        ':animated',
      );
      return moving.length === 0;
    });
  }

  private async drag(from: Point, to: Point): Promise<void> {
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    await this.page.mouse.move(from.x + 5, from.y + 5);
    await this.page.mouse.move(to.x, to.y, { steps: 10 });
    await this.page.mouse.up();
  }
}

interface Point {
  x: number;
  y: number;
}

async function centre(element: Locator): Promise<Point> {
  const box = await element.boundingBox();
  if (!box) throw new Error(`${element.toString()} is not shown`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
