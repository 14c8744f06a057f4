import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

const MAIN = join(__dirname, '..', '..', '..', 'simulator', 'main.ts');

describe('simulator: command line', function () {
  this.timeout(30_000);
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  const start = (...args: string[]) => {
    child = spawn(process.execPath, ['-r', 'tsx/cjs', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    return child;
  };
  const textUntil = async (stream: NodeJS.ReadableStream, wanted: RegExp) => {
    let text = '';
    for await (const chunk of stream) {
      text += String(chunk);
      if (wanted.test(text)) break;
    }
    return text;
  };

  it('prints where it is, takes the key it was given, and ends when told to', async () => {
    const running = start('--port', '0', '--key', 'my-key');
    const text = await textUntil(running.stdout!, /shown at http.*\n/);
    const url = /base URL (http:\/\/127\.0\.0\.1:\d+), API key my-key/.exec(text)?.[1];
    assert.ok(url, text);
    const listed = await fetch(`${url}/vision-events/use-cases`, {
      headers: { Authorization: 'Bearer my-key' },
    });
    assert.equal(listed.status, 200);
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });

  it('says what is wrong with a port', async () => {
    const failing = start('--port', '99999');
    const ended = once(failing, 'exit');
    assert.match(await textUntil(failing.stderr!, /no port/), /--port 99999 is not a port/);
    assert.deepEqual(await ended, [1, null]);
  });

  it('says what to do when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const failing = start('--port', String(port));
    const ended = once(failing, 'exit');
    const text = await textUntil(failing.stderr!, /\n/);
    other.close();
    assert.equal(text, `port ${port} is taken: choose another, or 0 for any free one\n`);
    assert.deepEqual(await ended, [1, null]);
  });

  it('says how it is used when it is asked, and starts nothing', async () => {
    const asked = start('--help');
    const ended = once(asked, 'exit');
    const text = await textUntil(asked.stdout!, /--key .*\n$/);
    for (const option of ['--port', '--key']) assert.ok(text.includes(`\n  ${option}  `), text);
    assert.deepEqual(await ended, [0, null]);
  });
});
