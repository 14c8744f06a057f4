import assert from 'node:assert/strict';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLE_MAX_BYTES, BundleError } from '../../../src/bundle/format';
import { uploadFolder, type BundleUploader } from '../../../src/bundle/upload-folder';

const fault = (code: string, statusCode?: number, message = 'as told') =>
  Object.assign(new Error(message), { code, ...(statusCode ? { statusCode } : {}) });

const NOW_S = Math.floor(Date.now() / 1000);
const EMPTY = { uploaded: 0, refused: [], kept: [], left: 0, passedOver: { count: 0, names: [] } };

describe('uploading a folder of bundles', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bundles-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** A file whose content says which file it was. `age`: seconds since its last change. */
  async function putFile(name: string, content: string, age = 60): Promise<void> {
    await writeFile(join(directory, name), content);
    const changed = NOW_S - age;
    await utimes(join(directory, name), changed, changed);
  }
  /** All of one moment. */
  const put = async (...numbers: string[]) => {
    for (const number of numbers) await putFile(`event_${number}.tar.gz`, number);
  };
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

  it('goes by name among files of one moment, removes what was taken, tells the progress, hands on the use case', async () => {
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
    assert.deepEqual(summary, { ...EMPTY, uploaded: 3 });
    assert.deepEqual(seen, ['1', '2', '3']);
    assert.deepEqual(useCases, ['line-4', 'line-4', 'line-4']);
    assert.deepEqual(progress, [
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    assert.deepEqual(await files(), []);
  });

  it('takes archives of any name, the oldest file first', async () => {
    await putFile('line 4.tar.gz', '2', 20);
    await putFile('a.tar', '3', 10);
    await putFile('Übergabe.TGZ', '1', 30);
    await putFile('event_4.tar.gz', '4', 5);
    const { seen, upload } = server();
    assert.deepEqual(await uploadFolder({ directory, upload }), { ...EMPTY, uploaded: 4 });
    assert.deepEqual(seen, ['1', '2', '3', '4']);
  });

  it('passes over dot files, other names, folders and links, and names them', async () => {
    await put('1');
    const others = [
      '.event_2.tar.gz',
      '.event_3.tar.gz.1f.partial',
      '.tar',
      'event_4.zip',
      'notes.txt',
      'tar',
    ];
    for (const name of others) await writeFile(join(directory, name), 'x');
    await mkdir(join(directory, 'event_6.tar.gz'));
    await mkdir(join(directory, 'refused'));
    await symlink('/etc/hostname', join(directory, 'event_7.tar.gz'));
    const passedOver = [...others, 'event_6.tar.gz', 'event_7.tar.gz'].sort();
    const { seen, upload } = server();
    const summary = await uploadFolder({ directory, upload });
    assert.deepEqual(summary, { ...EMPTY, uploaded: 1, passedOver: { count: 8, names: passedOver } });
    assert.deepEqual(seen, ['1']);
    assert.deepEqual(await files(), [...passedOver, 'refused'].sort());
  });

  it('counts all that it passes over, and names a hundred', async () => {
    for (let i = 0; i < 120; i++) await writeFile(join(directory, `note-${i}.txt`), '');
    const { passedOver } = await uploadFolder({ directory, upload: server().upload });
    assert.deepEqual([passedOver.count, passedOver.names.length], [120, 100]);
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
    await putFile('b.TGZ', '1');
    await uploadFolder({ directory, upload });
    await putFile('b.TGZ', '1');
    await uploadFolder({ directory, upload });
    assert.deepEqual((await readdir(join(directory, 'refused'))).sort(), [
      'b.2.TGZ',
      'b.2.TGZ.reason.json',
      'b.TGZ',
      'b.TGZ.reason.json',
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

  it('keeps a bundle whose use case is unknown: a setting fixes that', async () => {
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
    assert.deepEqual(await uploadFolder({ directory, upload }), { ...EMPTY, uploaded: 1 });
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
