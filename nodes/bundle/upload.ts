import type { Node, NodeAPI } from 'node-red';
import { tarLibrary } from '../../src/bundle/tar-library';
import { uploadFolder, type BundleFailure, type UploadSummary } from '../../src/bundle/upload-folder';
import type { VisionEventBundleProperties } from '../shared/properties';
import { FlowError, toFlowError } from '../shared/flow-error';
import type { FlowMessage, Send } from '../shared/guarded-input';
import { StatusTexts } from '../shared/status-texts';
import { ThrottledStatus } from '../shared/throttled-status';
import { typedInput, type Evaluate } from '../shared/typed-input';
import { loadAhead } from '../shared/load-ahead';
import { workspaceOf } from '../workspace/workspace-node';
import { directoryInput } from './write';

/** What a `roboflow-vision-event-bundle` node with the action `upload` does with a message: one run over the folder. */
export class UploadBundlesWork {
  private readonly directory: (message: FlowMessage) => Promise<string>;
  private readonly useCase: Evaluate;
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  private readonly closing = new AbortController();
  private isRunning = false;

  constructor(
    private readonly RED: NodeAPI,
    node: Node,
    private readonly config: VisionEventBundleProperties,
  ) {
    this.directory = directoryInput(RED, node, config);
    this.useCase = typedInput(RED, node, 'useCase', config.useCase, config.useCaseType || 'str');
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.showMissingSettings();
  }

  /** Answers with the summary as `msg.payload`, or throws with it in `msg.visionEvent`. */
  async handle(message: FlowMessage, send: Send): Promise<void> {
    if (this.isRunning) {
      throw new FlowError(
        'BUSY',
        'This node is still uploading a folder. Wait for its answer, then start again.',
      );
    }
    this.isRunning = true;
    try {
      const summary = await this.run(message);
      const error = errorOfRun(summary);
      if (error) {
        message['visionEvent'] = summary;
        throw error;
      }
      message.payload = summary;
      const left = summary.refused.length + summary.kept.length;
      this.status.show(
        left > 0 ? this.texts.someFailed(left) : this.texts.done('uploaded', summary.uploaded),
      );
      send(message);
    } finally {
      this.isRunning = false;
    }
  }

  showError(error: FlowError): void {
    this.status.show(this.texts.error(error));
  }

  close(): void {
    this.closing.abort();
    this.status.clear();
  }

  private async run(message: FlowMessage): Promise<UploadSummary> {
    const workspace = workspaceOf(this.RED, this.config.workspace);
    const client = workspace.client();
    const directory = await this.directory(message);
    const useCase = await this.useCase(message);
    const summary = await uploadFolder({
      directory,
      upload: async (bundle, options) => {
        await client.uploadBundle(bundle, options);
        workspace.metrics?.delivered(options.useCaseId);
      },
      useCaseId: typeof useCase === 'string' && useCase !== '' ? useCase : undefined,
      signal: this.closing.signal,
      onProgress: (done, total) => this.status.show(this.texts.progress(done, total)),
    });
    for (const { code } of summary.refused) workspace.metrics?.refused(code, useCase);
    return summary;
  }

  private showMissingSettings(): void {
    try {
      loadAhead(tarLibrary);
      workspaceOf(this.RED, this.config.workspace).client();
    } catch (error) {
      this.status.show(this.texts.error(toFlowError(error)));
    }
  }
}

/**
 * A run that was broken off, or in which nothing at all went through, is an error; single errors are in the summary.
 */
function errorOfRun(summary: UploadSummary): FlowError | undefined {
  const { uploaded, refused, kept, left, stopped } = summary;
  if (stopped?.code === 'ABORTED') {
    return new FlowError(
      'NETWORK',
      `A deploy stopped the upload: ${uploaded} bundles went, ${left} are kept.`,
    );
  }
  const nothingWent = uploaded === 0 && refused.length === 0;
  const error: Omit<BundleFailure, 'file'> | undefined = stopped ?? (nothingWent ? kept[0] : undefined);
  if (!error) return undefined;
  const { code, message, statusCode } = toFlowError(
    Object.assign(new Error(error.message), { code: error.code, statusCode: error.statusCode }),
  );
  return new FlowError(code, `${message} (${uploaded} bundles uploaded, ${left} kept in the folder.)`, {
    statusCode,
  });
}
