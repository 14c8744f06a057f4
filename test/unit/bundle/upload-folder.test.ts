import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLE_MAX_BYTES, BundleError } from '../../../src/bundle/format';
import { uploadFolder, type BundleUploader } from '../../../src/bundle/upload-folder';

const fault = (code: string, statusCode?: number, message = 'as told') =>
  Object.assign(new Error(message), { code, ...(statusCode ? { statusCode } : {}) });

describe('uploading a folder of bundles', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bundles-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** The content of each file is its number, so that an upload shows which file it was. */
  const put = (...numbers: string[]) =>
    Promise.all(numbers.map((number) => writeFile(join(directory, `event_${number}.tar.gz`), number)));
  const files = async () => (await readdir(directory)).sort();

  /** An uploader that fails for some contents. */
  function server(faults: Record<string, Error> = {}) {
    const seen: string[] = [];
    const upload: BundleUploader = (bytes) => {
      const content = Buffer.from(bytes).toString();
      seen.push(content);
      const refusal = faults[content];
      return refusal ? Promise.reject(refusal) : Promise.resolve();
    };
    return { seen, upload };
  }

  it('goes by name, removes what was taken, tells the progress, hands on the use case', async () => {
    await put('3', '1', '2');
    const progress: [number, number][] = [];
    const { seen, upload } = server();
    const useCases: unknown[] = [];
    const summary = await uploadFolder({
      directory,
      useCaseId: 'line-4',
      onProgress: (...step) => progress.push(step),
      upload: (bytes, options) => {
        useCases.push(options.useCaseId);
        return upload(bytes, options);
      },
    });
    assert.deepEqual(summary, { uploaded: 3, refused: [], kept: [], left: 0 });
    assert.deepEqual(seen, ['1', '2', '3']);
    assert.deepEqual(useCases, ['line-4', 'line-4', 'line-4']);
    assert.deepEqual(progress, [
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    assert.deepEqual(await files(), []);
  });

  it('passes over dot files, other names, folders and links', async () => {
    await put('1');
    const others = [
      '.event_2.tar.gz',
      '.event_3.tar.gz.1f.partial',
      'event_4.tar',
      'notes.txt',
      'my_event_5.tar.gz',
    ];
    for (const name of others) await writeFile(join(directory, name), 'x');
    await mkdir(join(directory, 'event_6.tar.gz'));
    await symlink('/etc/hostname', join(directory, 'event_7.tar.gz'));
    const { seen, upload } = server();
    assert.equal((await uploadFolder({ directory, upload })).uploaded, 1);
    assert.deepEqual(seen, ['1']);
    assert.deepEqual(await files(), [...others, 'event_6.tar.gz', 'event_7.tar.gz'].sort());
  });

  it('sets refused ones aside with the reason, and goes on', async () => {
    await put('1', '2', '3', '4');
    const faults = {
      '1': fault('REJECTED', 400, 'payload.json is missing'),
      '2': fault('REJECTED', 413),
      '3': fault('REJECTED', 422),
    };
    const summary = await uploadFolder({ directory, upload: server(faults).upload });
    assert.equal(summary.uploaded, 1);
    assert.equal(summary.left, 0);
    assert.deepEqual(
      summary.refused.map(({ file, statusCode }) => [file, statusCode]),
      [
        ['event_1.tar.gz', 400],
        ['event_2.tar.gz', 413],
        ['event_3.tar.gz', 422],
      ],
    );
    assert.deepEqual(await files(), ['refused']);
    assert.equal(await readFile(join(directory, 'refused', 'event_1.tar.gz'), 'utf8'), '1');
    const reason = JSON.parse(
      await readFile(join(directory, 'refused', 'event_1.tar.gz.reason.json'), 'utf8'),
    );
    assert.ok(!Number.isNaN(Date.parse(reason.refusedAt)));
    assert.deepEqual(
      { ...reason, refusedAt: undefined },
      {
        file: 'event_1.tar.gz',
        code: 'REJECTED',
        statusCode: 400,
        message: 'payload.json is missing',
        refusedAt: undefined,
      },
    );
  });

  it('overwrites nothing in the folder of the refused', async () => {
    const { upload } = server({ '1': fault('REJECTED', 400) });
    await put('1');
    await uploadFolder({ directory, upload });
    await put('1');
    await uploadFolder({ directory, upload });
    assert.deepEqual((await readdir(join(directory, 'refused'))).sort(), [
      'event_1.2.tar.gz',
      'event_1.2.tar.gz.reason.json',
      'event_1.tar.gz',
      'event_1.tar.gz.reason.json',
    ]);
  });

  it('refuses a bundle above 25 MiB without sending it', async () => {
    await put('1', '2');
    await truncate(join(directory, 'event_1.tar.gz'), BUNDLE_MAX_BYTES + 1);
    const { seen, upload } = server();
    const summary = await uploadFolder({ directory, upload });
    assert.deepEqual(
      summary.refused.map(({ code }) => code),
      ['BUNDLE_TOO_LARGE'],
    );
    assert.deepEqual(seen, ['2']);
  });

  for (const [code, statusCode] of [
    ['UNAUTHORIZED', 401],
    ['PAYMENT_REQUIRED', 402],
    ['UNAUTHORIZED', 403],
    ['PAYMENT_REQUIRED', 423],
    ['NOT_CONFIGURED', undefined],
  ] as const) {
    it(`stops at ${statusCode ?? code} and keeps everything that is left`, async () => {
      await put('1', '2', '3');
      const { seen, upload } = server({ '2': fault(code, statusCode) });
      const summary = await uploadFolder({ directory, upload });
      assert.deepEqual(seen, ['1', '2']);
      assert.deepEqual([summary.uploaded, summary.left, summary.refused.length], [1, 2, 0]);
      assert.deepEqual(summary.stopped, { code, ...(statusCode ? { statusCode } : {}), message: 'as told' });
      assert.deepEqual(await files(), ['event_2.tar.gz', 'event_3.tar.gz']);
    });
  }

  it('stops when the operator is needed, as for a refused certificate', async () => {
    await put('1', '2');
    const { seen, upload } = server({ '1': Object.assign(fault('NETWORK'), { needsOperator: true }) });
    assert.equal((await uploadFolder({ directory, upload })).stopped?.code, 'NETWORK');
    assert.deepEqual(seen, ['1']);
  });

  it('keeps and reports what may succeed later, and a later run sends it', async () => {
    await put('1', '2', '3', '4');
    const faults = {
      '1': fault('RATE_LIMITED', 429),
      '2': fault('TIMEOUT'),
      '4': fault('SERVER_ERROR', 503),
    };
    const summary = await uploadFolder({ directory, upload: server(faults).upload });
    assert.deepEqual([summary.uploaded, summary.left, summary.stopped], [1, 3, undefined]);
    assert.deepEqual(
      summary.kept.map(({ file, code }) => [file, code]),
      [
        ['event_1.tar.gz', 'RATE_LIMITED'],
        ['event_2.tar.gz', 'TIMEOUT'],
        ['event_4.tar.gz', 'SERVER_ERROR'],
      ],
    );
    const later = server();
    assert.equal((await uploadFolder({ directory, upload: later.upload })).uploaded, 3);
    assert.deepEqual(later.seen, ['1', '2', '4']);
  });

  it('leaves the rest alone when the server cannot be reached three times in a row', async () => {
    await put('1', '2', '3', '4', '5');
    const seen: number[] = [];
    const upload: BundleUploader = () => Promise.reject(fault('NETWORK', undefined, String(seen.push(1))));
    const summary = await uploadFolder({ directory, upload });
    assert.equal(seen.length, 3);
    assert.deepEqual([summary.left, summary.kept.length, summary.stopped?.code], [5, 3, 'NETWORK']);
  });

  it('keeps a bundle whose use case is unknown: a setting mends that', async () => {
    await put('1', '2');
    const { upload } = server({ '1': fault('REJECTED', 400, 'Unknown useCaseId "line-9"') });
    const summary = await uploadFolder({ directory, upload });
    assert.deepEqual(
      [summary.uploaded, summary.refused.length, summary.kept.length, summary.left],
      [1, 0, 1, 1],
    );
    assert.deepEqual(await files(), ['event_1.tar.gz']);
  });

  it('keeps a refused bundle that somebody was still copying into the folder', async () => {
    await put('1');
    const upload: BundleUploader = async () => {
      await writeFile(join(directory, 'event_1.tar.gz'), 'all of it');
      throw fault('REJECTED', 400);
    };
    const summary = await uploadFolder({ directory, upload });
    assert.deepEqual([summary.refused.length, summary.kept.length], [0, 1]);
    assert.deepEqual(await files(), ['event_1.tar.gz']);
  });

  it('can be stopped between two bundles, and passes the signal on', async () => {
    await put('1', '2', '3');
    const stop = new AbortController();
    const upload: BundleUploader = (_bytes, { signal }) => {
      assert.equal(signal, stop.signal);
      stop.abort();
      return Promise.resolve();
    };
    const summary = await uploadFolder({ directory, upload, signal: stop.signal });
    assert.deepEqual([summary.uploaded, summary.left, summary.stopped?.code], [1, 2, 'ABORTED']);
    assert.deepEqual(await files(), ['event_2.tar.gz', 'event_3.tar.gz']);
  });

  it('shares a folder with another uploader', async () => {
    await put('1', '2');
    const upload: BundleUploader = async () => {
      await rm(join(directory, 'event_2.tar.gz'), { force: true });
    };
    assert.deepEqual(await uploadFolder({ directory, upload }), {
      uploaded: 1,
      refused: [],
      kept: [],
      left: 0,
    });
  });

  it('says that the folder cannot be read', () =>
    assert.rejects(
      uploadFolder({ directory: join(directory, 'none'), upload: server().upload }),
      (error: unknown) => {
        assert.ok(error instanceof BundleError);
        assert.equal(error.code, 'BUNDLE_IO');
        assert.match(error.message, /does not exist/);
        return true;
      },
    ));
});
