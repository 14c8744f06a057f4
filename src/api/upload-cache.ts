import { createHash, webcrypto } from 'node:crypto';

/** An uploaded picture: `sourceId` goes into an event's `images`, `url` leads to it where the API gives one. */
export interface UploadedPicture {
  sourceId: string;
  url?: string;
}

type Upload = (signal: AbortSignal) => Promise<UploadedPicture>;

interface Shared {
  result: Promise<UploadedPicture>;
  controller: AbortController;
  waiting: number;
}

/**
 * Remembers which pictures a workspace has uploaded, so that the same bytes go out once within a time. Callers that
 * come while the upload is under way share it. Failures are not remembered. Bounded: the picture that was not used for
 * longest is forgotten first.
 */
export class UploadCache {
  readonly #known = new Map<string, UploadedPicture & { until: number }>();
  readonly #underWay = new Map<string, Shared>();

  /** @param now monotonic clock, ms */
  constructor(
    readonly reuseMs: number,
    readonly maxEntries: number,
    readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * @param upload called when the picture is not known; its signal fires when every caller has given up
   * @param signal this caller gives up; others who wait for the same picture are not disturbed
   * @param onAbort the error for a caller who gave up
   */
  async upload(
    key: string,
    upload: Upload,
    signal: AbortSignal | undefined,
    onAbort: () => Error,
  ): Promise<UploadedPicture> {
    const known = this.#recall(key);
    if (known) return known;
    if (signal?.aborted) throw onAbort();
    const shared = this.#underWay.get(key) ?? this.#start(key, upload);
    shared.waiting += 1;
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        shared.waiting -= 1;
        if (shared.waiting === 0) shared.controller.abort();
        reject(onAbort());
      };
      const leave = () => signal?.removeEventListener('abort', giveUp);
      signal?.addEventListener('abort', giveUp, { once: true });
      void shared.result.then(resolve, reject).finally(leave);
    });
  }

  #recall(key: string): UploadedPicture | undefined {
    const known = this.#known.get(key);
    if (!known) return undefined;
    this.#known.delete(key);
    if (known.until <= this.now()) return undefined;
    // Set again, so that the map's order is the order of use.
    this.#known.set(key, known);
    return { sourceId: known.sourceId, url: known.url };
  }

  #start(key: string, upload: Upload): Shared {
    const controller = new AbortController();
    const result = upload(controller.signal).then(
      (picture) => {
        this.#forgetUpload(key, controller);
        this.#remember(key, picture);
        return picture;
      },
      (error: unknown) => {
        this.#forgetUpload(key, controller);
        throw error;
      },
    );
    const shared: Shared = { result, controller, waiting: 0 };
    this.#underWay.set(key, shared);
    // A caller who comes after all have given up must not join an upload that is being called off.
    controller.signal.addEventListener('abort', () => this.#forgetUpload(key, controller));
    return shared;
  }

  #forgetUpload(key: string, controller: AbortController): void {
    if (this.#underWay.get(key)?.controller === controller) this.#underWay.delete(key);
  }

  #remember(key: string, picture: UploadedPicture): void {
    this.#known.set(key, { ...picture, until: this.now() + this.reuseMs });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.maxEntries) break;
      this.#known.delete(oldest);
    }
  }
}

/**
 * What makes two uploads the same: the bytes and the metadata that is stored with them, not the name.
 * Hashed off the main thread: 20 MB would hold up every other node of a small device.
 */
export async function uploadKey(bytes: Uint8Array, metadata: string | undefined): Promise<string> {
  const digest = await webcrypto.subtle.digest('SHA-256', bytes);
  const ofMetadata = createHash('sha256')
    .update(metadata ?? '')
    .digest('base64');
  return `${Buffer.from(digest).toString('base64')} ${ofMetadata}`;
}
