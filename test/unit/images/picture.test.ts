import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { displaySize, pictureFormatOf, pictureSizeOf } from '../../../src/images/formats';
import { PictureError, loadPicture } from '../../../src/images/picture';
import { bmp, exifSegment, gif, isoPicture, jpeg, png, tiff, webp } from './made-pictures';

const MEGABYTE = 1024 * 1024;

const refused = (source: unknown, pattern: RegExp, from: 'value' | 'file' = 'value') =>
  assert.rejects(
    () => loadPicture(source, { from }),
    (error: unknown) => {
      assert.ok(error instanceof PictureError, String(error));
      assert.equal(error.code, 'IMAGE_INVALID');
      assert.match(error.message, pattern);
      return true;
    },
  );

const sizeOf = (bytes: Buffer) => {
  const format = pictureFormatOf(bytes);
  return format && pictureSizeOf(format, bytes);
};

const FORMATS: [name: string, bytes: Buffer, mediaType: string, extension: string][] = [
  ['JPEG', jpeg(40, 24), 'image/jpeg', 'jpg'],
  ['PNG', png(40, 24), 'image/png', 'png'],
  ['WebP', webp(40, 24), 'image/webp', 'webp'],
  ['GIF', gif(40, 24), 'image/gif', 'gif'],
  ['TIFF, little endian', tiff(40, 24), 'image/tiff', 'tif'],
  ['TIFF, big endian', tiff(40, 24, true), 'image/tiff', 'tif'],
  ['BMP', bmp(40, 24), 'image/bmp', 'bmp'],
  ['HEIC', isoPicture('heic', ['mif1', 'heic'], 40, 24), 'image/heic', 'heic'],
  ['AVIF', isoPicture('avif', ['mif1', 'avif'], 40, 24), 'image/avif', 'avif'],
  ['AVIF under a general brand', isoPicture('mif1', ['mif1', 'avif'], 40, 24), 'image/avif', 'avif'],
];

describe('pictures from a message', () => {
  for (const [name, bytes, mediaType, extension] of FORMATS) {
    it(`reads ${name}`, async () => {
      const picture = await loadPicture(bytes, { from: 'value' });
      assert.equal(picture.mediaType, mediaType);
      assert.equal(picture.name, `picture.${extension}`);
      assert.deepEqual([picture.width, picture.height, picture.orientation], [40, 24, undefined]);
      assert.deepEqual(Buffer.from(picture.bytes), bytes);
    });

    it(`refuses ${name} wherever its second half is cut`, async () => {
      for (let length = Math.ceil(bytes.length / 2); length < bytes.length; length += 7)
        await refused(bytes.subarray(0, length), /is incomplete: the end of the .* is missing/);
    });
  }

  it('takes a Buffer, a Uint8Array, an ArrayBuffer, a Buffer in JSON, base64 and data URLs', async () => {
    const bytes = jpeg(8, 8);
    const base64 = bytes.toString('base64');
    const inPool = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')]);
    const sources: unknown[] = [
      bytes,
      new Uint8Array(inPool.buffer, inPool.byteOffset + 6, bytes.length),
      new Uint8Array(bytes).buffer,
      JSON.parse(JSON.stringify(bytes)),
      base64,
      ` ${base64.replace(/(.{20})/g, '$1\r\n')}\n`,
      base64.replace(/=+$/, ''),
      bytes.toString('base64url'),
      `data:image/jpeg;base64,${base64}`,
      `data:;base64,${base64}`,
      `data:image/png;name=lies.png;base64,${base64}`,
      { type: 'base64', value: base64, video_metadata: {} },
    ];
    for (const source of sources) {
      const picture = await loadPicture(source, { from: 'value' });
      assert.equal(picture.mediaType, 'image/jpeg');
      assert.deepEqual(Buffer.from(picture.bytes), bytes);
    }
  });

  it('reads the EXIF orientation of either byte order and turns the display size', async () => {
    for (const bigEndian of [false, true]) {
      const picture = await loadPicture(jpeg(40, 24, { exif: exifSegment(6, bigEndian) }), { from: 'value' });
      assert.deepEqual([picture.width, picture.height, picture.orientation], [40, 24, 6]);
      assert.deepEqual(displaySize(picture), { width: 24, height: 40 });
    }
    for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const size = sizeOf(jpeg(40, 24, { exif: exifSegment(orientation) }));
      assert.deepEqual(size, { width: 40, height: 24, orientation });
      const isTurned = orientation >= 5;
      assert.deepEqual(displaySize(size), isTurned ? { width: 24, height: 40 } : { width: 40, height: 24 });
    }
    assert.deepEqual(sizeOf(jpeg(40, 24, { exif: exifSegment(77) })), { width: 40, height: 24 });
    assert.equal(displaySize({}), undefined);
  });

  it('takes a JPEG that holds another end marker in its thumbnail, and bytes behind the end', async () => {
    const thumbnail = jpeg(8, 8);
    const block = Buffer.concat([Buffer.from([0xff, 0xe2, 0, thumbnail.length + 2]), thumbnail]);
    const bytes = jpeg(40, 24, { exif: block });
    assert.deepEqual(sizeOf(bytes), { width: 40, height: 24 });
    await loadPicture(Buffer.concat([bytes, Buffer.from('camera trailer')]), { from: 'value' });
    await refused(bytes.subarray(0, bytes.length - 2), /incomplete/);
  });

  it('takes a JPEG with fill and stray bytes between its segments', async () => {
    const stray = Buffer.from([0xff, 0xff, 0xfe, 0, 4, 1, 2, 0, 0, 7, 0xff, 0x01]);
    assert.deepEqual(sizeOf(jpeg(40, 24, { exif: stray })), { width: 40, height: 24 });
    const picture = await loadPicture(jpeg(40, 24, { exif: stray }), { from: 'value' });
    assert.equal(picture.mediaType, 'image/jpeg');
  });

  it('accepts 19 MB, refuses 21 MB in every form, and heeds another limit', async () => {
    const fits = jpeg(40, 24, { filler: 19 * MEGABYTE });
    assert.equal((await loadPicture(fits, { from: 'value' })).bytes.length, fits.length);
    assert.equal((await loadPicture(fits.toString('base64'), { from: 'value' })).width, 40);
    const tooLarge = jpeg(40, 24, { filler: 21 * MEGABYTE });
    await refused(tooLarge, /too large: 21\.\d MB, at most 20\.0 MB/);
    await refused(tooLarge.toString('base64'), /too large: 21\.\d MB/);
    await refused('A'.repeat(60 * MEGABYTE), /too large/);
    await assert.rejects(loadPicture(png(300, 300), { from: 'value', maxBytes: 100 }), /too large/);
  });

  it('says what is wrong with things that are not a picture', async () => {
    await refused(Buffer.alloc(0), /empty: it has no bytes/);
    await refused('', /empty text/);
    await refused('  \n', /empty text/);
    await refused(undefined, /the value is undefined/);
    await refused(null, /the value is null/);
    await refused(42, /the value is a number/);
    await refused([1, 2, 3], /the value is a list/);
    await refused({ class: 'scratch' }, /object without a picture/);
    // The debug sidebar shows some 80 characters at once, the longest name of a setting among them.
    for (const value of [undefined, { class: 'scratch' }])
      await refused(value, /^Name the property with the picture, such as (msg|payload)\.image: /);
    await refused({ width: 2, height: 2, data: new Uint8ClampedArray(16) }, /raw pixels/);
    await refused({ type: 'Buffer', data: [255, 216, 'x'] }, /other things than bytes/);
    await refused(Buffer.from('<!DOCTYPE html><title>Login</title>'), /HTML page, often the login/);
    await refused(Buffer.from('{"detections":[]}'), /JSON text/);
    await refused(isoPicture('isom', ['mp42'], 40, 24), /a video/);
    await refused('data:image/png,%89PNG', /not base64/);
    await refused('data:image/png;base64,SGVsbG8=', /data URL holds no picture/);
    await refused('data:image/png;base64,***', /its base64 is broken/);
  });

  it('refuses text that is base64 by accident', async () => {
    await refused('test', /"test" is base64, but its bytes are not a picture/);
    await refused('SGVsbG8gd29ybGQh', /is base64, but its bytes are not a picture/);
    await refused('no picture today!', /neither base64 nor a data URL/);
  });

  it('never takes a text for a path, and names the type "file"', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pictures-'));
    try {
      const path = join(folder, 'frame.jpg');
      await writeFile(path, jpeg(8, 8));
      const texts = [
        path,
        `file://${path}`,
        'frame.jpg',
        '../frame.png',
        './x/y',
        '~/frame.jpg',
        'C:\\cam\\1.bmp',
      ];
      for (const text of texts) await refused(text, /looks like the path of a file.*choose the type "file:"/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('does not repeat a web address, which may carry a key', async () => {
    await assert.rejects(
      loadPicture('https://cam.local/x.jpg?api_key=sesame', { from: 'value' }),
      (error: Error) => {
        assert.match(error.message, /web address.*http request/);
        assert.doesNotMatch(error.message, /sesame/);
        return true;
      },
    );
  });

  it('fails only with PictureError, whatever the bytes (property)', async () => {
    const seed = Date.now();
    console.log(`      seed ${seed}`);
    const damaged = fc
      .tuple(
        fc.constantFrom(...FORMATS.map(([, bytes]) => bytes)),
        fc.array(fc.tuple(fc.nat(), fc.nat(255))),
        fc.nat(),
      )
      .map(([bytes, changes, cut]) => {
        const copy = Buffer.from(bytes.subarray(0, 12 + (cut % bytes.length)));
        for (const [at, value] of changes) copy[at % copy.length] = value;
        return copy;
      });
    await fc.assert(
      fc.asyncProperty(damaged, async (bytes) => {
        try {
          const picture = await loadPicture(bytes, { from: 'value' });
          assert.ok(pictureFormatOf(bytes)?.mediaType === picture.mediaType);
          for (const side of [picture.width, picture.height])
            assert.ok(side === undefined || (Number.isInteger(side) && side >= 1 && side <= 65_535));
        } catch (error) {
          assert.ok(error instanceof PictureError, String(error));
        }
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('pictures from a file', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pictures-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const put = async (name: string, bytes: Uint8Array | string) => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };

  it('reads absolute and relative paths, through links, and takes the name of the file', async () => {
    const path = await put('frame-0041.jpg', jpeg(40, 24));
    await symlink(path, join(folder, 'latest.jpg'));
    const picture = await loadPicture(path, { from: 'file' });
    assert.deepEqual([picture.name, picture.mediaType, picture.width], ['frame-0041.jpg', 'image/jpeg', 40]);
    const byLink = await loadPicture('latest.jpg', { from: 'file', workingDirectory: folder });
    assert.equal(byLink.name, 'latest.jpg');
    assert.equal((await loadPicture(relative(process.cwd(), path), { from: 'file' })).width, 40);
  });

  it('takes ~ for the home folder', async () => {
    const inHome = relative(homedir(), await put('home.jpg', jpeg(40, 24)));
    assert.equal((await loadPicture(`~/${inHome}`, { from: 'file' })).name, 'home.jpg');
  });

  it('goes by the bytes, not by the name', async () => {
    assert.equal(
      (await loadPicture(await put('wrong.png', jpeg(8, 8)), { from: 'file' })).mediaType,
      'image/jpeg',
    );
    const page = await put('snapshot.jpg', '\n<html><body>401</body></html>');
    await refused(page, /snapshot\.jpg is not a JPEG.*HTML page/, 'file');
    await refused(await put('empty.jpg', ''), /empty\.jpg is empty/, 'file');
    await refused(await put('half.jpg', jpeg(400, 240).subarray(0, 300)), /half\.jpg is incomplete/, 'file');
  });

  it('says why a path cannot be read', async () => {
    const file = await put('plain.jpg', jpeg(8, 8));
    await symlink(join(folder, 'circle.jpg'), join(folder, 'circle.jpg'));
    await refused(join(folder, 'missing.jpg'), /missing\.jpg does not exist/, 'file');
    await refused(join(file, 'below.jpg'), /a part of the path is a file/, 'file');
    await refused(join(folder, 'circle.jpg'), /links point in a circle/, 'file');
    await refused(join(folder, 'x'.repeat(5000)), /too long/, 'file');
    await refused(folder, /is a folder/, 'file');
    for (const source of ['', '  ', 'a\0b', undefined, 7, Buffer.from('x')])
      await refused(source, /path of the picture file is missing/, 'file');
  });

  it('says that the permission is missing', async function () {
    if (process.platform === 'win32' || process.getuid?.() === 0) {
      console.log('      skipped: the superuser may read everything, and Windows has other permissions');
      this.skip();
    }
    const path = await put('locked.jpg', jpeg(8, 8));
    execFileSync('chmod', ['000', path]);
    await refused(path, /has no permission/, 'file');
  });

  it('refuses pipes and devices at once instead of waiting on them', async function () {
    if (process.platform === 'win32') {
      console.log('      skipped: Windows has no pipes and devices in folders');
      this.skip();
    }
    execFileSync('mkfifo', [join(folder, 'pipe.jpg')]);
    await refused(join(folder, 'pipe.jpg'), /is a pipe/, 'file');
    await refused('/dev/zero', /is a device/, 'file');
    await symlink('/dev/zero', join(folder, 'zero.jpg'));
    await refused(join(folder, 'zero.jpg'), /is a device/, 'file');
  });

  it('accepts 19 MB, refuses 21 MB and a sparse giant without reading it', async () => {
    await mkdir(join(folder, 'large'));
    const fits = await put('large/fits.jpg', jpeg(40, 24, { filler: 19 * MEGABYTE }));
    assert.equal((await loadPicture(fits, { from: 'file' })).height, 24);
    await refused(
      await put('large/21.jpg', jpeg(8, 8, { filler: 21 * MEGABYTE })),
      /too large: 21\.\d MB/,
      'file',
    );
    const giant = await put('large/giant.jpg', jpeg(8, 8));
    await truncate(giant, 64 * 1024 * MEGABYTE);
    await refused(giant, /too large: 65536\.0 MB/, 'file');
  });
});
