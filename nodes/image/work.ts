import type { Node, NodeAPI } from 'node-red';
import type { MetadataValue } from '../../src/event/types';
import type { VisionEventImageProperties } from '../shared/properties';
import { FlowError, toFlowError } from '../shared/flow-error';
import type { FlowMessage, Send } from '../shared/guarded-input';
import { pictureInput } from '../shared/picture-input';
import { pictureSettingsError } from '../shared/number-settings';
import { PictureWork } from '../shared/picture-work';
import { fieldLabels } from '../shared/field-label';
import { checkedMetadata, mergedMetadata, type MetadataValueRow } from '../shared/picture-metadata';
import { StatusTexts } from '../shared/status-texts';
import { ThrottledStatus } from '../shared/throttled-status';
import { metadataInputs, type MetadataInput } from '../shared/metadata-rows';
import { typedInput, type Evaluate } from '../shared/typed-input';
import { workspaceOf } from '../workspace/workspace-node';

/**
 * What one `roboflow-vision-event-image` node does with a message: uploads its picture, answers with the `sourceId`.
 */
export class UploadPictureWork {
  private readonly picture: ReturnType<typeof pictureInput>;
  private readonly pictureWork: PictureWork;
  private readonly settingsError: FlowError | undefined;
  private readonly imageName: Evaluate;
  private readonly metadataFrom: Evaluate;
  private readonly metadataRows: MetadataInput[];
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  private uploaded = 0;

  constructor(
    private readonly RED: NodeAPI,
    node: Node,
    private readonly config: VisionEventImageProperties,
  ) {
    this.picture = pictureInput(RED, node, 'image', config.image, config.imageType);
    this.pictureWork = new PictureWork(RED, config);
    this.settingsError = pictureSettingsError(config, fieldLabels(RED, node.type));
    this.imageName = typedInput(RED, node, 'imageName', config.imageName, config.imageNameType || 'str');
    this.metadataFrom = typedInput(
      RED,
      node,
      'metadataFrom',
      config.metadataFrom,
      config.metadataFromType || 'none',
    );
    this.metadataRows = metadataInputs(RED, node, config.metadata);
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.showMissingSettings();
  }

  /** Answers with `{sourceId, url}` as `msg.payload`, or throws. */
  async handle(message: FlowMessage, send: Send): Promise<void> {
    const workspace = workspaceOf(this.RED, this.config.workspace);
    const client = workspace.client();
    if (!this.picture) throw noPicture();
    if (this.settingsError) throw this.settingsError;
    const picture = await this.pictureWork.reduced(await this.picture(message, workspace.pictureMaxBytes));
    const name = await this.imageName(message);
    const metadata = await this.metadata(message);
    this.status.show(this.texts.sending());
    message.payload = await client.uploadPicture({
      bytes: picture.bytes,
      mediaType: picture.mediaType,
      name: name === undefined ? picture.name : textOf(name),
      metadata,
    });
    this.uploaded++;
    this.status.show(this.texts.done('uploaded', this.uploaded));
    send(message);
  }

  showError(error: FlowError): void {
    this.status.show(this.texts.error(error));
  }

  close(): void {
    this.status.clear();
  }

  /**
   * Rows over `metadataFrom`; undefined when there are no values. The API answers a wrong one with an error, so it is
   * found here.
   */
  private async metadata(message: FlowMessage): Promise<Record<string, MetadataValue> | undefined> {
    const base = await this.metadataFrom(message);
    const rows: MetadataValueRow[] = [];
    for (const { key, evaluate } of this.metadataRows) rows.push({ key, value: await evaluate(message) });
    return checkedMetadata(mergedMetadata(rows, base, 'The field "Merge from" (metadataFrom)'));
  }

  private showMissingSettings(): void {
    try {
      workspaceOf(this.RED, this.config.workspace).client();
    } catch (error) {
      this.status.show(this.texts.error(toFlowError(error)));
    }
  }
}

const noPicture = () =>
  new FlowError('IMAGE_INVALID', 'No picture is chosen. Open this node and say where the picture is.');

function textOf(name: unknown): string {
  if (typeof name === 'string' || typeof name === 'number') return String(name);
  throw new FlowError('IMAGE_INVALID', 'The field "Picture name" (imageName) must give a text.');
}
