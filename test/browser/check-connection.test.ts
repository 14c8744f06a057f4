import assert from 'node:assert/strict';
import { startEventStore, type EventStore } from '../../simulator/event-store';
import { startSimulator, type Simulator } from '../../simulator/server';
import { makeCertificate } from '../support/certificates';
import type { EditorPage } from '../support/editor-page';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf } from '../support/flow-of';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { startProxy, type TestProxy } from '../support/proxies';
import type { FlowNode } from '../support/real-node-red';
import { accept, startServer, stopServers } from '../support/servers';

const DEAD_URL = 'http://127.0.0.1:9';
/** A name that only the proxies know. */
const HOST = 'api.vision.test';

for (const version of NODE_RED_VERSIONS) {
  describe(`"Check connection" in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const apiKey = `key-${Math.random().toString(36).slice(2)}`;
    let simulator: Simulator;
    let store: EventStore;
    let proxies: Record<'open' | 'closed' | 'tunnel', TestProxy>;
    before(async () => {
      simulator = await startSimulator({ apiKey });
      store = await startEventStore({ apiKey });
      const untrusted = await startServer(accept, makeCertificate([HOST]));
      proxies = {
        open: await startProxy(simulator.port),
        closed: await startProxy(simulator.port, 407),
        tunnel: await startProxy(untrusted.port),
      };
    });
    after(async () => {
      await stopServers();
      await simulator?.close();
      await store?.close();
    });
    const session = useEditor(version, () => [
      ...flowOf(
        { event: { type: 'roboflow-vision-event' } },
        { workspace: { baseUrl: simulator.url, apiKey } },
      ),
      proxyNode('open', proxies.open.url),
      proxyNode('closed', proxies.closed.url),
      proxyNode('dead', DEAD_URL),
      proxyNode('tunnel', proxies.tunnel.url),
    ]);
    afterEach(() => session.editor.cancelDialogs());

    it('tells a connection that works, a key that is refused, and a server that is not there', async () => {
      const { editor } = session;
      const field = (name: string) => editor.page.locator(`#node-config-input-${name}`);
      await editor.openDialog('event');
      await editor.openWorkspace();
      const good = await check(editor);
      assert.deepEqual(
        [good.state('host'), good.state('read'), good.state('write')],
        ['ok', 'ok', 'unknown'],
      );
      await editor.screenshot(`check good ${version}`);

      await field('apiKey').fill('another-wrong-key');
      const refused = await check(editor);
      assert.deepEqual([refused.state('api'), refused.state('read')], ['ok', 'failed']);
      assert.match(refused.text('read'), /cannot be verified without creating/);
      await editor.screenshot(`check key refused ${version}`);

      await field('baseUrl').fill(DEAD_URL);
      const dead = await check(editor);
      assert.deepEqual([dead.state('host'), dead.state('read')], ['failed', 'unknown']);
      await editor.screenshot(`check dead ${version}`);

      await editor.cancelDialogs();
      await editor.openDialog('event');
      await editor.openWorkspace();
      await field('baseUrl').fill(DEAD_URL);
      const keyNeeded = await check(editor);
      assert.deepEqual([keyNeeded.state('settings'), keyNeeded.state('host')], ['failed', undefined]);
      assert.match(keyNeeded.text('settings'), /Enter the key once more/);

      await field('baseUrl').fill(simulator.url);
      await field('apiKey').fill('');
      assert.equal((await check(editor)).state('settings'), 'failed');
      assert.equal(simulator.events().length, 0);
      assert.ok(!(await editor.page.content()).includes(apiKey), 'the key stands in the page');
      assert.deepEqual(editor.pageErrors, []);
    });

    it('tells a proxy that works, one that asks for a login, one that is not there, and a certificate behind one', async () => {
      const { editor } = session;
      await editor.openDialog('event');
      await editor.openWorkspace();
      await editor.page.locator('[data-section="connection"] > summary').click();
      await editor.page.locator('#node-config-input-apiKey').fill(apiKey);
      const through = async (proxy: string, baseUrl: string) => {
        await editor.page.locator('#node-config-input-proxy').selectOption(proxy);
        await editor.page.locator('#node-config-input-baseUrl').fill(baseUrl);
        const result = await check(editor);
        await editor.screenshot(`check proxy ${proxy} ${version}`);
        return result;
      };

      const open = await through('open', `http://${HOST}`);
      assert.deepEqual([open.state('proxy'), open.state('host'), open.state('read')], ['ok', 'ok', 'ok']);
      assert.match(open.text('proxy'), /lets the connection through/);

      const closed = await through('closed', `http://${HOST}`);
      assert.deepEqual([closed.state('proxy'), closed.state('host')], ['failed', 'unknown']);
      assert.match(closed.text('proxy'), /user name and password of the proxy in the proxy settings/);

      const dead = await through('dead', `http://${HOST}`);
      assert.deepEqual([dead.state('proxy'), dead.state('host')], ['failed', 'unknown']);
      assert.match(dead.text('proxy'), /Check the proxy settings/);

      const tunnel = await through('tunnel', `https://${HOST}`);
      assert.deepEqual(
        [tunnel.state('proxy'), tunnel.state('host'), tunnel.state('tls'), tunnel.state('api')],
        ['ok', 'ok', 'failed', 'unknown'],
      );
      assert.match(tunnel.text('tls'), /TLS configuration of the workspace/);
      assert.equal(simulator.events().length, 0);
      assert.deepEqual(editor.pageErrors, []);
    });

    it('tells whether a Local Event Store and its key work', async () => {
      const { editor } = session;
      await editor.openDialog('event');
      await editor.openWorkspace();
      await editor.page.locator('#node-config-input-target').selectOption('event-store');
      await editor.page.locator('#node-config-input-baseUrl').fill(store.url);
      await editor.page.locator('#node-config-input-eventStoreKey').fill(apiKey);
      const good = await check(editor);
      assert.deepEqual([good.state('host'), good.state('api'), good.state('read')], ['ok', 'ok', undefined]);
      await editor.screenshot(`check store ${version}`);
      await editor.page.locator('#node-config-input-eventStoreKey').fill('another-wrong-key');
      const refused = await check(editor);
      assert.equal(refused.state('api'), 'failed');
      assert.match(refused.text('api'), /X-API-Key of the Event Store/);
      assert.equal(store.events().length, 0);
    });
  });
}

/** Node-RED's own configuration node for a proxy. */
function proxyNode(id: string, url: string): FlowNode {
  return { id, type: 'http proxy', name: `${id} proxy`, url, noproxy: [] };
}

/** The steps as they show after the button was pressed. */
interface Check {
  state(step: string): string | undefined;
  text(step: string): string;
}

async function check(editor: EditorPage): Promise<Check> {
  const button = editor.page.locator('.vision-event-check button');
  await button.click();
  await editor.page.locator('.vision-event-check button:enabled').waitFor();
  const steps = await editor.page
    .locator('.vision-event-steps > [data-step]')
    .evaluateAll((lines: HTMLElement[]) =>
      lines.map(({ dataset, innerText }) => ({ step: dataset.step, state: dataset.state, text: innerText })),
    );
  const found = (wanted: string) => steps.find(({ step }) => step === wanted);
  return {
    state: (step) => found(step)?.state,
    text: (step) => found(step)?.text ?? '',
  };
}
