import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { visionEventImageDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper } from '../support/node-red-helper';
import { SingleNodeFlow } from '../support/single-node-flow';
import { loadPicture } from '../../src/images/picture';
import { jpeg, png } from '../unit/images/made-pictures';
import { busy, painted, pngOf } from '../unit/images/work/painted';

import visionEventImage = require('../../nodes/image/node');

describe('roboflow-vision-event-image', function () {
  let simulator: Simulator;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
  });
  beforeEach(() => simulator.reset());
  afterEach(() => helper.unload());
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (properties: Partial<typeof visionEventImageDefaults> = {}, workspace: object | null = {}) =>
    SingleNodeFlow.load(
      {
        type: 'roboflow-vision-event-image',
        register: visionEventImage,
        properties: { ...visionEventImageDefaults, workspace: 'workspace', ...properties },
      },
      workspace === null ? undefined : { baseUrl: simulator.url, apiKey: simulator.keys.full, ...workspace },
    );
  const uploads = () => simulator.requests.count('POST', '/vision-events/upload');

  it('uploads the Buffer in msg.payload and answers with its sourceId; the message goes on', async () => {
    const flow = await load();
    const { out } = await flow.send({ payload: jpeg(40, 24), topic: 'kept' });
    const { sourceId, url } = out!.payload as { sourceId: string; url: string };
    assert.match(sourceId, /^ve-img-/);
    assert.equal(out!['topic'], 'kept');
    const stored = Buffer.from(await (await fetch(url)).arrayBuffer());
    assert.deepEqual(stored, jpeg(40, 24));
    await flow.until(() => flow.statuses.includes('green uploaded'));
  });

  it('uploads a large picture reduced, with the name of what it is then', async () => {
    const flow = await load({ pictureMaxSide: '80' });
    const { out } = await flow.send({ payload: pngOf(painted(160, 120, busy)) });
    const { url } = out!.payload as { url: string };
    const { mediaType, width, height } = await loadPicture(
      Buffer.from(await (await fetch(url)).arrayBuffer()),
      { from: 'value' },
    );
    assert.deepEqual([mediaType, width, height], ['image/jpeg', 80, 60]);
  });

  it('refuses every picture while the size to reduce to is no number', async () => {
    const flow = await load({ pictureMaxSide: 'small' });
    const { caught } = await flow.send({ payload: jpeg(40, 24) });
    assert.match(caught!.error!.message, /"small"/);
    assert.equal(uploads(), 0);
  });

  it('uploads the same picture once, also when two messages bring it at the same time', async () => {
    const flow = await load();
    flow.receive({ payload: jpeg(40, 24) });
    flow.receive({ payload: jpeg(40, 24).toString('base64') });
    await flow.until(() => flow.out.length === 2);
    await flow.send({ payload: jpeg(40, 24) });
    await flow.send({ payload: png(40, 24) });
    const ids = flow.out.map(({ payload }) => (payload as { sourceId: string }).sourceId);
    assert.equal(uploads(), 2);
    assert.equal(new Set(ids.slice(0, 3)).size, 1);
    assert.notEqual(ids[3], ids[0]);
  });

  it('reads a file only when its type is file', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'image-node-'));
    try {
      const file = path.join(folder, 'frame.jpg');
      await writeFile(file, jpeg(40, 24));
      const byFile = await load({ image: file, imageType: 'file' });
      assert.ok((await byFile.send({ payload: 'ignored' })).out);
      await helper.unload();
      const byMessage = await load();
      const { out, caught } = await byMessage.send({ payload: file });
      assert.equal(out, undefined);
      assert.equal(caught!.error!.code, 'IMAGE_INVALID');
      assert.match(caught!.error!.message, /choose the type "file:"/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('sends name and metadata, and refuses metadata that the API would refuse', async () => {
    const flow = await load({
      imageName: 'topic',
      imageNameType: 'msg',
      metadata: [{ key: 'lens', value: '8mm', valueType: 'str' }],
      metadataFrom: 'facts',
      metadataFromType: 'msg',
    });
    assert.ok((await flow.send({ payload: jpeg(40, 24), topic: 'cam-7', facts: { exposure_ms: 4.5 } })).out);
    const cases: [message: object, text: RegExp][] = [
      [{ facts: { 'a/b': 1 } }, /metadata.*a\/b/],
      [{ facts: { list: [1] } }, /metadata.*list/],
      [{ facts: 'lens' }, /must give an object/],
      [{ topic: { a: 1 } }, /"Picture name" \(imageName\) must give a text/],
    ];
    for (const [message, text] of cases) {
      const { caught } = await flow.send({ payload: png(40, 24), ...message });
      assert.equal(caught!.error!.code, 'IMAGE_INVALID');
      assert.match(caught!.error!.message, text);
    }
    assert.equal(uploads(), 1);
  });

  const faults: [name: string, payload: unknown, text: RegExp][] = [
    ['no picture', undefined, /no picture/i],
    ['an HTML page', Buffer.from('<html>401</html>'), /HTML page/],
    ['a picture cut short', jpeg(400, 240).subarray(0, 300), /incomplete/],
    ['no bytes', Buffer.alloc(0), /empty/],
  ];
  for (const [name, payload, text] of faults) {
    it(`${name}: one IMAGE_INVALID, nothing sent, the next message goes through`, async () => {
      const flow = await load();
      const { out, caught } = await flow.send({ payload });
      assert.equal(out, undefined);
      assert.equal(caught!.error!.code, 'IMAGE_INVALID');
      assert.match(caught!.error!.message, text);
      assert.equal(uploads(), 0);
      await flow.until(() => flow.statuses.includes('red IMAGE_INVALID'));
      assert.ok((await flow.send({ payload: jpeg(8, 8) })).out);
      assert.equal(flow.caught.length, 1);
    });
  }

  it('reports what the server answers', async () => {
    const flow = await load({}, { timeout: 500 });
    const cases: [status: number, code: string][] = [
      [401, 'UNAUTHORIZED'],
      [413, 'REJECTED'],
      [429, 'RATE_LIMITED'],
      [503, 'SERVER_ERROR'],
    ];
    for (const [status, code] of cases) {
      simulator.faults.clear();
      simulator.faults.always({ status, body: { error: 'as told' } });
      const { caught } = await flow.send({ payload: jpeg(8, status % 100) });
      assert.deepEqual([caught!.error!.code, caught!.statusCode], [code, status]);
    }
  });

  it('fails each message without a workspace, and without a picture setting', async () => {
    const alone = await load({ workspace: '' }, null);
    assert.equal((await alone.send({ payload: jpeg(8, 8) })).caught!.error!.code, 'NOT_CONFIGURED');
    await helper.unload();
    const none = await load({ imageType: 'none' });
    assert.equal((await none.send({ payload: jpeg(8, 8) })).caught!.error!.code, 'IMAGE_INVALID');
  });
});
