import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { NodeAPI } from 'node-red';
import { absoluteBaseUrl } from '../../nodes/workspace/own-address';

const open: Server[] = [];

async function listening(
  host: string,
  server: Server = createServer(),
): Promise<{ server: Server; port: number }> {
  open.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

const nodeRed = (server: Server | null, settings: object = {}) =>
  ({ server, settings }) as unknown as NodeAPI;

describe('a base URL that is a path of this Node-RED', () => {
  afterEach(() => open.splice(0).forEach((server) => server.close()));

  it('gets the port on which the server listens, not the one of the settings', async () => {
    const { server, port } = await listening('127.0.0.1');
    const RED = nodeRed(server, { uiPort: 1880, httpNodeRoot: '/' });
    assert.equal(absoluteBaseUrl(RED, ' /stand-in '), `http://127.0.0.1:${port}/stand-in`);
  });

  it('gets loopback for a server on every address, and brackets for one on an address of IPv6', async () => {
    const everywhere = await listening('0.0.0.0');
    assert.equal(absoluteBaseUrl(nodeRed(everywhere.server), '/a'), `http://127.0.0.1:${everywhere.port}/a`);
    const six = await listening('::1');
    assert.equal(absoluteBaseUrl(nodeRed(six.server), '/a'), `http://[::1]:${six.port}/a`);
  });

  it('lies below httpNodeRoot, however that is written', async () => {
    const { server, port } = await listening('127.0.0.1');
    for (const httpNodeRoot of ['/api', '/api/', 'api']) {
      assert.equal(
        absoluteBaseUrl(nodeRed(server, { httpNodeRoot }), '/a'),
        `http://127.0.0.1:${port}/api/a`,
      );
    }
  });

  it('is reached by https where the server speaks it', async () => {
    const { server, port } = await listening('127.0.0.1', createHttpsServer());
    assert.equal(absoluteBaseUrl(nodeRed(server), '/a'), `https://127.0.0.1:${port}/a`);
  });

  it('gets the address of the settings while the server does not listen yet', () => {
    const server = createServer();
    assert.equal(
      absoluteBaseUrl(nodeRed(server, { uiHost: '10.0.0.7', uiPort: 1999 }), '/a'),
      'http://10.0.0.7:1999/a',
    );
    assert.equal(absoluteBaseUrl(nodeRed(server), '/a'), 'http://127.0.0.1:1880/a');
  });

  it('never leads to another host', async () => {
    const { server, port } = await listening('127.0.0.1');
    const url = new URL(absoluteBaseUrl(nodeRed(server), '//api.vision.test/a'));
    assert.equal(url.host, `127.0.0.1:${port}`);
  });

  it('stays as it is where Node-RED serves no pages, and so is every complete address', () => {
    const server = createServer();
    assert.equal(absoluteBaseUrl(nodeRed(server, { httpNodeRoot: false }), '/a'), '/a');
    assert.equal(absoluteBaseUrl(nodeRed(null), '/a'), '/a');
    assert.equal(absoluteBaseUrl(nodeRed(server), 'https://api.roboflow.com'), 'https://api.roboflow.com');
  });
});
