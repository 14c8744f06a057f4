import type { Node, NodeAPI } from 'node-red';
import type { Target } from '../../src/delivery/targets/target';
import { isObject, type Fields } from '../../src/event/fields';
import { sourceIdField, type PicturePlace } from '../../src/event/picture-place';
import { ImageError } from '../../src/images/picture';
import type { Repaired, MetadataValue, SendableEvent } from '../../src/event/types';
import { PictureWork } from '../shared/picture-work';
import type { VisionEventProperties } from '../shared/properties';
import type { FlowMessage } from '../shared/guarded-input';
import { PictureInputs, type GivenPictures, type PictureEntry } from '../shared/picture-inputs';
import {
  checkedMetadata,
  mergedMetadata,
  repairedMetadata,
  type MetadataValueRow,
} from '../shared/picture-metadata';
import type { EventReport } from '../shared/report';
import type { LoadedPicture } from '../shared/send-event';
import { changePictures, type ChangedPictures } from './change-pictures';
import type { EventValues } from './inputs';
import { convertMessage, type EventSettings, type MessageContext } from './prepare';

export interface MessagePictures {
  loaded: LoadedPicture[];
  /** with the property `pictures` only: one for each image of the event */
  entries?: PictureEntry[];
}

/** The pictures of one `roboflow-vision-event` node: loaded from the message, uploaded, named in the event. Output first. */
export class EventPictures {
  private readonly inputs: PictureInputs;
  private readonly work: PictureWork;

  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly config: VisionEventProperties,
  ) {
    this.inputs = new PictureInputs(RED, node, config);
    this.work = new PictureWork(config);
  }

  /**
   * @param rows values of the dialog that every picture takes along
   * @throws ImageError when a picture or its metadata is unusable and the node does not send without it
   */
  async load(
    message: FlowMessage,
    rows: readonly MetadataValueRow[],
    report: EventReport,
    maxBytes?: number,
  ): Promise<MessagePictures> {
    let found: GivenPictures = { given: [] };
    await this.orSendWithout(report, [{}], async () => {
      found = await this.inputs.find(message);
    });
    const loaded: LoadedPicture[] = [];
    for (const { load, ...place } of found.given) {
      await this.orSendWithout(report, [place], async () => {
        const picture = await load(maxBytes);
        const metadata = this.metadata(rows, found.entries?.[place.image ?? 0], report);
        loaded.push({ ...place, picture, ...(metadata && { metadata }) });
      });
    }
    return { loaded, entries: found.entries };
  }

  /** Whether something is hidden in pictures, so that nobody may see what came in. */
  get hides(): boolean {
    return this.work.hiding.isOn;
  }

  /** The detections, and the pictures as they leave: reduced, hidden in, drawn on. @throws DetectionError, ImageError */
  async change(
    given: MessagePictures,
    values: EventValues,
    settings: EventSettings,
    context: MessageContext,
    report: EventReport,
  ): Promise<ChangedPictures> {
    const converted = convertMessage(values.inputs.detections, settings, context, report);
    // What is only built goes without its pictures; the node that takes them changes them.
    if (!this.work.isOn || this.config.delivery === 'build') return { loaded: given.loaded, converted };
    return changePictures(this.work, this, given, converted, settings, report);
  }

  private metadata(
    rows: readonly MetadataValueRow[],
    entry: PictureEntry | undefined,
    report: EventReport,
  ): Record<string, MetadataValue> | undefined {
    const merged = mergedMetadata(rows, entry?.metadata, `${entry?.place}.metadata`);
    if (this.config.onWarnings !== 'repair') return checkedMetadata(merged);
    const { values, repaired } = repairedMetadata(merged);
    // The same row is repaired for every picture, and said once.
    const isNew = ({ path }: Repaired) => !report.repaired?.some((known) => known.path === path);
    if (repaired.length > 0) report.repaired = [...(report.repaired ?? []), ...repaired.filter(isNew)];
    return checkedMetadata(values);
  }

  /** The event with the `sourceId` of each uploaded picture in its image entry. */
  async upload(
    event: SendableEvent,
    pictures: readonly LoadedPicture[],
    target: Pick<Target, 'uploadPicture'>,
    report: EventReport,
  ): Promise<SendableEvent> {
    const uploaded: UploadedPicture[] = [];
    for (const { picture, metadata, ...place } of pictures) {
      await this.orSendWithout(report, [place], async () => {
        const { sourceId, url } = await target.uploadPicture({ ...picture, metadata });
        uploaded.push({ ...place, sourceId });
        (report.images ??= []).push({ ...place, sourceId, url, bytes: picture.bytes.length });
      });
    }
    return pictures.length === 0 ? event : withSourceIds(event, uploaded);
  }

  /** Attempts something with pictures; where it fails and the node sends without them, they are noted in the report. */
  async orSendWithout(
    report: EventReport,
    places: readonly Partial<PicturePlace>[],
    attempt: () => Promise<void>,
  ): Promise<void> {
    try {
      await attempt();
    } catch (error) {
      if (!this.maySendWithout(places, error, report)) throw error;
    }
  }

  /** True when the node sends events without pictures that failed in this way; it is noted in the report then. */
  maySendWithout(places: readonly Partial<PicturePlace>[], error: unknown, report: EventReport): boolean {
    if (this.config.whenImageFails !== 'send-without' || !isAboutThePicture(error)) return false;
    const { message } = error;
    (report.imagesLeftOut ??= []).push(...places.map((place) => ({ ...place, message })));
    return true;
  }
}

/** A picture that cannot be used or was refused. A dead link says nothing about the picture: the event would fail as well. */
function isAboutThePicture(error: unknown): error is Error {
  if (error instanceof ImageError) return true;
  return error instanceof Error && (error as { code?: unknown }).code === 'REJECTED';
}

interface UploadedPicture extends PicturePlace {
  sourceId: string;
}

/** The entries of `images`, as far as they are some. */
function imageEntries({ images }: SendableEvent): readonly Fields[] {
  return Array.isArray(images) ? images.map((entry: unknown) => (isObject(entry) ? entry : {})) : [];
}

function withSourceIds(event: SendableEvent, uploaded: readonly UploadedPicture[]): SendableEvent {
  const idsOf = new Map<number, Partial<Record<ReturnType<typeof sourceIdField>, string>>>();
  for (const { role, image = 0, sourceId } of uploaded) {
    idsOf.set(image, { ...idsOf.get(image), [sourceIdField(role)]: sourceId });
  }
  const images = imageEntries(event).map(({ label, ...rest }, position) => ({
    ...(label === undefined ? {} : { label }),
    ...idsOf.get(position),
    ...rest,
  }));
  // An entry was kept for each picture; at the end of the list it is of no use without one.
  while (images.length > 0 && Object.keys(images.at(-1) ?? {}).length === 0) images.pop();
  const { displayImagePosition: _ofAllPictures, ...others } = event;
  const displayImagePosition = Math.min(...idsOf.keys());
  return { ...others, images, ...(uploaded.length > 0 ? { displayImagePosition } : {}) };
}
