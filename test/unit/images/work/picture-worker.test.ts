import assert from 'node:assert/strict';
import { loadPicture } from '../../../../src/images/picture';
import { PictureWorker } from '../../../../src/images/work/picture-worker';
import type { PictureJob } from '../../../../src/images/work/process';
import { until } from '../../../support/until';
import { png } from '../made-pictures';
import { busy, jpegOf, painted } from './painted';

async function jobOf(bytes: Buffer, more: Partial<PictureJob> = {}): Promise<PictureJob> {
  const { mediaType, width = 0, height = 0, orientation } = await loadPicture(bytes, { from: 'value' });
  return { bytes, mediaType, width, height, orientation, quality: 80, maxSide: 80, ...more };
}

const invalid = (text: RegExp) => (error: Error & { code?: string }) => {
  assert.equal(error.code, 'IMAGE_INVALID');
  assert.match(error.message, text);
  return true;
};

describe('the thread for pictures', () => {
  it('starts with the first picture, and ends when it has nothing to do', async () => {
    const worker = new PictureWorker({ idleMs: 10 });
    assert.equal(worker.isRunning, false);
    const { picture } = await worker.run(await jobOf(await jpegOf(painted(160, 120, busy))));
    assert.deepEqual([picture.width, picture.height], [80, 60]);
    await until(() => !worker.isRunning, 'the end of the thread');
    await worker.run(await jobOf(await jpegOf(painted(160, 120, busy))));
  });

  it('leaves the bytes of the message as they are', async () => {
    const worker = new PictureWorker({ idleMs: 10 });
    const bytes = await jpegOf(painted(160, 120, busy));
    const copy = Buffer.from(bytes);
    await worker.run(await jobOf(bytes));
    assert.deepEqual(bytes, copy);
  });

  it('refuses a picture of 100 megapixels before it is decoded', async () => {
    const worker = new PictureWorker();
    const job = await jobOf(png(10_000, 10_000));
    assert.throws(
      () => worker.run(job),
      invalid(/^Send a smaller picture: at most 50 megapixels .* has 100\./),
    );
    assert.equal(worker.isRunning, false);
  });

  it('says so when a picture cannot be decoded, and works on the next one', async () => {
    const worker = new PictureWorker({ idleMs: 10 });
    const whole = await jpegOf(painted(160, 120, busy));
    const job = await jobOf(whole);
    const head = whole.indexOf(Buffer.from([0xff, 0xc4]));
    const broken = Buffer.concat([whole.subarray(0, head), Buffer.from([0xff, 0xd9])]);
    const failed = assert.rejects(
      worker.run({ ...job, bytes: broken }),
      invalid(/^Check what the camera sends/),
    );
    const next = worker.run(job);
    await failed;
    assert.equal((await next).picture.width, 80);
  });

  it('refuses a picture whose pixels are not those of its header', async () => {
    const worker = new PictureWorker({ idleMs: 10 });
    const job = await jobOf(await jpegOf(painted(160, 120, busy)), { width: 120, height: 160 });
    await assert.rejects(worker.run(job), invalid(/cannot be decoded/));
  });

  it('ends the work on a picture that takes too long', async () => {
    const worker = new PictureWorker({ maxWorkMs: 1 });
    const job = await jobOf(await jpegOf(painted(1600, 1200, busy)));
    await assert.rejects(worker.run(job), invalid(/^Send a simpler or smaller picture/));
  });

  it('refuses more pictures than may wait', async () => {
    const worker = new PictureWorker({ idleMs: 10, maxWaiting: 1 });
    const job = await jobOf(await jpegOf(painted(160, 120, busy)));
    const taken = [worker.run(job), worker.run(job)];
    assert.throws(() => worker.run(job), invalid(/^Send fewer or smaller pictures: 1 wait/));
    await Promise.all(taken);
    await worker.run(job);
  });

  it('refuses more bytes than may wait', async () => {
    const bytes = await jpegOf(painted(160, 120, busy));
    const worker = new PictureWorker({ idleMs: 10, maxWaitingBytes: bytes.length });
    const job = await jobOf(bytes);
    const taken = [worker.run(job), worker.run(job)];
    assert.throws(() => worker.run(job), invalid(/^Send fewer or smaller pictures/));
    await Promise.all(taken);
  });
});
