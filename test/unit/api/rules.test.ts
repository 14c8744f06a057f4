import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { endpointUrl, parseBaseUrl } from '../../../src/api/base-url';
import { chooseProxy, isExempt } from '../../../src/api/proxy';
import { makeRedactor } from '../../../src/api/redact';
import { parseRetryAfter } from '../../../src/api/retry-after';

describe('parseRetryAfter', () => {
  const NOW = Date.parse('2026-11-20T08:00:00Z');
  const cases: [unknown, unknown, number | undefined][] = [
    ['0', undefined, 0],
    ['120', undefined, 120_000],
    [' 2 ', undefined, 2_000],
    ['1.5', undefined, 1_500],
    ['901', undefined, 900_000],
    ['999999999999', undefined, 900_000],
    ['Fri, 20 Nov 2026 08:00:30 GMT', undefined, 30_000],
    ['Fri, 20 Nov 2026 07:00:00 GMT', undefined, 0],
    ['Sat, 20 Nov 2027 08:00:00 GMT', undefined, 900_000],
    // The device believes it is 1970; the server's own clock is what counts.
    ['Fri, 20 Nov 2026 09:00:30 GMT', 'Fri, 20 Nov 2026 09:00:00 GMT', 30_000],
    ['Fri, 20 Nov 2026 08:00:30 GMT', 'nonsense', 30_000],
    ['-5', undefined, undefined],
    ['', undefined, undefined],
    ['soon', undefined, undefined],
    ['12 parsecs', undefined, undefined],
    ['1e9', undefined, undefined],
    ['0x10', undefined, undefined],
    ['Infinity', undefined, undefined],
    ['9'.repeat(400), undefined, undefined],
    [undefined, undefined, undefined],
    [['7'], undefined, undefined],
    [7, undefined, undefined],
  ];
  for (const [value, date, expected] of cases) {
    it(`${JSON.stringify(value)?.slice(0, 40)} gives ${expected}`, () => {
      assert.equal(parseRetryAfter(value, date, NOW), expected);
    });
  }

  it('is within its bounds or nothing, whatever comes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer(), (value, date, now) => {
        const ms = parseRetryAfter(value, date, now);
        assert.ok(ms === undefined || (ms >= 0 && ms <= 900_000), String(ms));
      }),
    );
  });
});

describe('isExempt', () => {
  const cases: [string, string, boolean][] = [
    ['https://api.roboflow.com', '*', true],
    ['https://api.roboflow.com', 'api.roboflow.com', true],
    ['https://api.roboflow.com', 'API.Roboflow.com', true],
    ['https://api.roboflow.com', 'roboflow.com', true],
    ['https://api.roboflow.com', '.roboflow.com', true],
    ['https://api.roboflow.com', '*.roboflow.com', true],
    ['https://roboflow.com', '.roboflow.com', true],
    ['https://notroboflow.com', 'roboflow.com', false],
    ['https://api.roboflow.com', 'flow.com', false],
    ['https://api.roboflow.com', 'api.roboflow.com:443', true],
    ['https://api.roboflow.com', 'api.roboflow.com:8443', false],
    ['http://gateway:8001', 'gateway:8001', true],
    ['http://192.168.7.20', '192.168.*', true],
    ['http://192.169.7.20', '192.168.*', false],
    ['http://192.168.7.20', '168.7.20', false],
    ['http://10.1.2.3', '10.0.0.0/8', true],
    ['http://11.1.2.3', '10.0.0.0/8', false],
    ['http://10.1.2.3', '10.0.0.0/99', false],
    ['http://10.1.2.3', '10.0.0.0/', false],
    ['http://[fd00::7]:8001', 'fd00::/8', true],
    ['http://[fd00::7]:8001', 'fd00::7', true],
    ['http://[fd00::7]:8001', '[fd00::7]:8001', true],
    ['http://[fd00::7]:8001', '[fd00::7]:80', false],
    ['https://api.roboflow.com', '10.0.0.0/8', false],
    ['https://api.roboflow.com', '', false],
  ];
  for (const [url, entry, expected] of cases) {
    it(`"${entry}" ${expected ? 'spares' : 'does not spare'} ${url}`, () => {
      assert.equal(isExempt(new URL(url), [entry]), expected);
    });
  }
});

describe('chooseProxy', () => {
  const API = new URL('https://api.roboflow.com');
  const found = (env: NodeJS.ProcessEnv, url = API) => chooseProxy(url, undefined, env)?.host;

  it('takes the variable of the scheme, then all_proxy; small letters first', () => {
    assert.equal(found({ https_proxy: 'http://a:1', http_proxy: 'http://b:1' }), 'a');
    assert.equal(found({ http_proxy: 'http://b:1' }), undefined);
    assert.equal(found({ http_proxy: 'http://b:1' }, new URL('http://gateway')), 'b');
    assert.equal(found({ ALL_PROXY: 'http://c:1' }), 'c');
    assert.equal(found({ HTTPS_PROXY: 'http://A:1', https_proxy: 'http://a2:1' }), 'a2');
    assert.equal(found({ https_proxy: '' }), undefined);
    assert.equal(found({ https_proxy: 'http://a:1', no_proxy: 'x.example, .roboflow.com' }), undefined);
  });

  it('reads scheme, port, user name and password', () => {
    const read = (url: string) => chooseProxy(API, { url }, {});
    const setting = 'the proxy settings of the workspace';
    const proxy = { protocol: 'http:', host: 'proxy', port: 3128, username: '', password: '', setting };
    assert.deepEqual(read('proxy:3128'), proxy);
    assert.deepEqual(read('http://proxy'), { ...proxy, port: 80 });
    assert.deepEqual(read('https://proxy'), { ...proxy, protocol: 'https:', port: 443 });
    assert.deepEqual(read('http://j%40e:p%3A%25@proxy:3128'), { ...proxy, username: 'j@e', password: 'p:%' });
    assert.deepEqual(read('http://[fd00::1]:3128'), { ...proxy, host: 'fd00::1' });
  });

  it('says where the proxy is set', () => {
    const setting = (env: NodeJS.ProcessEnv) => chooseProxy(API, undefined, env)?.setting;
    assert.equal(setting({ HTTPS_PROXY: 'http://a:1' }), 'the environment variable HTTPS_PROXY');
    assert.equal(setting({ all_proxy: 'http://a:1' }), 'the environment variable all_proxy');
  });

  it('the settings spare hosts of their own, and then the environment is not asked', () => {
    const settings = { url: 'http://a:1', noProxy: ['api.roboflow.com'] };
    assert.equal(chooseProxy(API, settings, { https_proxy: 'http://b:1' }), undefined);
  });
});

describe('endpointUrl', () => {
  it('stays on its host and below its prefix, whatever the segments', () => {
    const base = parseBaseUrl('https://gateway.example:8443/a/b/');
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 4 }), (segments) => {
        fc.pre(segments.every((segment) => !['', '.', '..'].includes(segment)));
        const url = endpointUrl(base, segments, { q: segments.join() });
        assert.equal(url.origin, 'https://gateway.example:8443');
        assert.ok(url.pathname.startsWith('/a/b/'), url.pathname);
        assert.equal(url.pathname.split('/').length, 3 + segments.length);
        assert.deepEqual(url.pathname.split('/').slice(3).map(decodeURIComponent), segments);
      }),
    );
  });
});

describe('endpointUrl with half a character', () => {
  it('is refused', () => {
    assert.throws(() => endpointUrl(parseBaseUrl('https://api.example'), ['\ud800']), { code: 'REJECTED' });
  });
});

describe('makeRedactor', () => {
  it('leaves no form of any secret in any text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
        const redact = makeRedactor([{ text: secret, label: '#' }]);
        for (const form of [
          secret,
          Buffer.from(secret).toString('base64'),
          encodeURIComponent(secret),
          JSON.stringify(secret).slice(1, -1),
        ]) {
          assert.ok(!redact(before + form + after).includes(form));
        }
      }),
    );
  });
});

describe('makeRedactor with half a character in a password', () => {
  it('strikes it out all the same', () => {
    assert.equal(makeRedactor([{ text: 'pass\ud800word', label: '#' }])('is pass\ud800word'), 'is #');
  });
});

describe('loading src/api', () => {
  it('does not load axios', async () => {
    const folder = resolve(__dirname, '../../../src/api');
    const script = `for (const file of ['client', 'event-store-client', 'errors']) require(${JSON.stringify(folder)} + '/' + file);
      const { VisionEventsClient } = require(${JSON.stringify(folder)} + '/client');
      new VisionEventsClient({ baseUrl: 'https://api.example', apiKey: 'k' }).configurationError();
      console.log(JSON.stringify(Object.keys(require.cache).filter((file) => !file.startsWith(${JSON.stringify(folder)}))));`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--require',
      'tsx/cjs',
      '--eval',
      script,
    ]);
    assert.deepEqual(
      (JSON.parse(stdout) as string[]).filter(
        (file) => /node_modules/.test(file) && !/tsx|esbuild/.test(file),
      ),
      [],
    );
  });
});
