import { resolve } from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import { tarLibrary } from '../../src/bundle/tar-library';
import { namePatternError } from '../../src/bundle/name-pattern';
import { sweepPartialBundles, writeBundle, type BundlePicture } from '../../src/bundle/write';
import { strictErrors } from '../../src/event/strict-fields';
import type { VisionEvent } from '../../src/event/types';
import { resolveUserPath } from '../../src/images/from-file';
import { MAX_WAITING_PICTURES } from '../../src/images/limits';
import type { VisionEventBundleProperties } from '../shared/properties';
import { fieldLabels } from '../shared/field-label';
import { pictureSettingsError } from '../shared/number-settings';
import { liveEvents } from '../shared/live-events';
import { loadAhead } from '../shared/load-ahead';
import { FlowError } from '../shared/flow-error';
import type { FlowMessage, Send } from '../shared/guarded-input';
import { fileWorkingDirectory } from '../shared/picture-input';
import { PictureInputs } from '../shared/picture-inputs';
import { PictureWork } from '../shared/picture-work';
import type { LoadedPicture } from '../shared/send-event';
import { StatusTexts } from '../shared/status-texts';
import { ThrottledStatus } from '../shared/throttled-status';
import { typedInput } from '../shared/typed-input';
import { changeBuilt } from './change-pictures';

/** A typed input that holds a folder, as an absolute path. */
export function directoryInput(RED: NodeAPI, node: Node, config: VisionEventBundleProperties) {
  const evaluate = typedInput(RED, node, 'directory', config.directory, config.directoryType || 'str');
  return async (message: FlowMessage): Promise<string> => {
    const directory = await evaluate(message);
    if (typeof directory === 'string' && directory.trim() !== '') {
      return resolveUserPath(directory, fileWorkingDirectory(RED) ?? resolve('.'));
    }
    throw new FlowError(
      'NOT_CONFIGURED',
      'No folder is chosen. Open this node and enter the folder of the bundles.',
    );
  };
}

/** What a `roboflow-vision-event-bundle` node with the action `write` does with a message. */
export class WriteBundleWork {
  private readonly directory: (message: FlowMessage) => Promise<string>;
  private readonly pictures: PictureInputs;
  private readonly work: PictureWork;
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  private readonly settingsError: FlowError | undefined;
  /** one after the other, so that a burst of messages does not hold all its archives in memory at once */
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private swept = new Set<string>();
  private written = 0;

  constructor(
    RED: NodeAPI,
    private readonly node: Node,
    private readonly config: VisionEventBundleProperties,
  ) {
    this.directory = directoryInput(RED, node, config);
    this.pictures = new PictureInputs(RED, node, config);
    this.work = new PictureWork(RED, config);
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.settingsError =
      fileNameError(config.fileName ?? '') ?? pictureSettingsError(config, fieldLabels(RED, node.type));
    loadAhead(tarLibrary);
    if (this.settingsError) this.showError(this.settingsError);
  }

  /** Answers with `{path, bytes, eventId}` as `msg.payload` once the bundle is safe on the disk, or throws. */
  async handle(message: FlowMessage, send: Send): Promise<void> {
    if (this.work.isOn && this.waiting > MAX_WAITING_PICTURES) throw tooManyWait(this.waiting);
    this.waiting++;
    const turn = this.last.then(() => this.write(message)).finally(() => this.waiting--);
    this.last = turn.catch(() => undefined);
    message.payload = await turn;
    this.written++;
    this.status.show(this.texts.done('written', this.written));
    send(message);
  }

  showError(error: FlowError): void {
    this.status.show(this.texts.error(error));
  }

  close(): void {
    this.status.clear();
  }

  private async write(message: FlowMessage): Promise<{ path: string; bytes: number; eventId: string }> {
    if (this.settingsError) throw this.settingsError;
    const built = builtEvent(message.payload, this.config.useCaseInBundle !== false);
    const directory = await this.directory(message);
    const { event, pictures, loaded } = await this.withPictures(built, message);
    await this.sweepOnce(directory);
    const useCaseInBundle = this.config.useCaseInBundle !== false;
    const { fileName } = this.config;
    const { path, bytes } = await writeBundle({ event, pictures, directory, fileName, useCaseInBundle });
    if (liveEvents.isWatched) liveEvents.note({ node: this.node, workspace: '', event, pictures: loaded });
    return { path, bytes, eventId: event.eventId };
  }

  private async withPictures(event: VisionEvent, message: FlowMessage) {
    const loaded: LoadedPicture[] = [];
    for (const { load, ...place } of (await this.pictures.find(message)).given) {
      loaded.push({ ...place, picture: await load() });
    }
    const changed = this.work.isOn
      ? await changeBuilt(this.work, event, loaded, message)
      : { event, pictures: loaded };
    const pictures = changed.pictures.map(({ picture: { bytes, mediaType }, ...place }): BundlePicture => ({
      ...place,
      bytes,
      mediaType,
    }));
    return { event: changed.event, pictures, loaded: changed.pictures };
  }

  private async sweepOnce(directory: string): Promise<void> {
    if (this.swept.has(directory)) return;
    // a folder from each message would grow this for ever
    if (this.swept.size >= 100) this.swept.clear();
    this.swept.add(directory);
    await sweepPartialBundles(directory);
  }
}

function tooManyWait(waiting: number): FlowError {
  return new FlowError(
    'BUSY',
    `Send fewer or smaller pictures: ${waiting} messages wait for theirs to be changed, this computer cannot keep up.`,
  );
}

function fileNameError(fileName: string): FlowError | undefined {
  const error = fileName === '' ? undefined : namePatternError(fileName);
  return error === undefined ? undefined : new FlowError('NOT_CONFIGURED', error);
}

/** Months may pass before a bundle reaches a network, so what the API would refuse then is refused now. */
function builtEvent(payload: unknown, useCaseInBundle: boolean): VisionEvent {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw new FlowError(
      'EVENT_INVALID',
      'msg.payload is not a vision event. Put a "vision event" node with the delivery "Only build, do not send" before this one.',
    );
  }
  const errors = strictErrors(payload as Record<string, unknown>, Date.now());
  const binding = errors.filter(({ path }) => useCaseInBundle || path !== 'useCaseId');
  if (binding.length > 0)
    throw new FlowError('EVENT_INVALID', binding.map(({ message }) => message).join(' '));
  return payload as VisionEvent;
}
