import { parentPort } from 'node:worker_threads';
import { processPicture, type EncodedPicture, type PictureJob, type PictureJobResult } from './process';

/** What the thread answers to a job. After an error it is not used again. */
export type WorkerAnswer = { result: PictureJobResult } | { error: string };

parentPort?.on('message', (job: PictureJob) => {
  processPicture(job).then(
    (result) => answer({ result }, [result.picture, result.drawn]),
    (error: unknown) => answer({ error: textOf(error) }),
  );
});

function answer(message: WorkerAnswer, pictures: readonly (EncodedPicture | undefined)[] = []): void {
  // What shares its memory with something else is copied.
  const buffers = pictures.flatMap((picture) =>
    picture && picture.bytes.byteLength === picture.bytes.buffer.byteLength
      ? [picture.bytes.buffer as ArrayBuffer]
      : [],
  );
  parentPort?.postMessage(message, buffers);
}

/** The codecs throw objects of their own, too. */
function textOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : 'the codec gave up';
}
