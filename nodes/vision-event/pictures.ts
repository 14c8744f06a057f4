import type { Node, NodeAPI } from 'node-red';
import type { Target } from '../../src/api/target';
import type { DetectionResult } from '../../src/detections/types';
import { isObject, type Fields } from '../../src/event/fields';
import { sourceIdField, type PicturePlace } from '../../src/event/picture-place';
import { PictureError } from '../../src/images/picture';
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
import { StepError, together, type Findings } from '../shared/report';
import type { LoadedPicture } from '../shared/send-event';
import { changePictures, type ChangedPictures } from './change-pictures';
import type { EventSettings } from './prepare';

export interface MessagePictures {
  loaded: LoadedPicture[];
  /** with the property `pictures` only: one for each image of the event */
  entries?: PictureEntry[];
  found: Partial<Findings>;
}

export const NO_PICTURES: MessagePictures = { loaded: [], found: {} };
const NOTHING_GIVEN: GivenPictures = { given: [] };

/**
 * The pictures of one `roboflow-vision-event` node: loaded from the message, uploaded, named in the event. Output
 * first.
 */
export class EventPictures {
  private readonly inputs: PictureInputs;
  private readonly work: PictureWork;

  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly config: VisionEventProperties,
  ) {
    this.inputs = new PictureInputs(RED, node, config);
    this.work = new PictureWork(RED, config);
  }

  /** False when no message can have any. */
  get areExpected(): boolean {
    return this.inputs.areExpected;
  }

  /**
   * @param rows values of the dialog that every picture takes along
   * @throws StepError with a PictureError when a picture or its metadata is unusable and the node does not send without
   * it
   */
  async load(
    message: FlowMessage,
    rows: readonly MetadataValueRow[],
    maxBytes?: number,
  ): Promise<MessagePictures> {
    let found: Partial<Findings> = {};
    try {
      const { value: { given, entries } = NOTHING_GIVEN, ...step } = await this.attempt([{}], () =>
        this.inputs.find(message),
      );
      found = step.found;
      const loaded: LoadedPicture[] = [];
      for (const { load, ...place } of given) {
        const entry = entries?.[place.image ?? 0];
        const { value, found: ofOne } = await this.attempt([place], async () => {
          const picture = await load(maxBytes);
          return { picture, ...this.metadata(rows, entry) };
        });
        found = together(found, ofOne);
        if (!value) continue;
        const { picture, metadata, repaired } = value;
        // The same row is repaired for every picture, and said once.
        const news = repaired.filter(({ path }) => !found.repaired?.some((known) => known.path === path));
        if (news.length > 0) found = together(found, { repaired: news });
        loaded.push({ ...place, picture, ...(metadata && { metadata }) });
      }
      return { loaded, entries, found };
    } catch (error) {
      throw new StepError(error, found);
    }
  }

  /** Whether something is hidden in pictures, so that nobody may see what came in. */
  get hides(): boolean {
    return this.work.hiding.isOn;
  }

  /** The pictures as they leave: reduced, hidden in, drawn on. @throws StepError with a PictureError */
  async change(
    given: MessagePictures,
    converted: DetectionResult | undefined,
    settings: EventSettings,
  ): Promise<ChangedPictures> {
    // What is only built goes without its pictures; the node that takes them changes them.
    if (!this.work.isOn || this.config.delivery === 'build') return unchanged(given, converted);
    return changePictures(this.work, this, given, converted, settings);
  }

  private metadata(
    rows: readonly MetadataValueRow[],
    entry: PictureEntry | undefined,
  ): { metadata: Record<string, MetadataValue> | undefined; repaired: Repaired[] } {
    const merged = mergedMetadata(rows, entry?.metadata, `${entry?.place}.metadata`);
    if (this.config.onWarnings !== 'repair') return { metadata: checkedMetadata(merged), repaired: [] };
    const { values, repaired } = repairedMetadata(merged);
    return { metadata: checkedMetadata(values), repaired };
  }

  /**
   * The event with the `sourceId` of each uploaded picture in its image entry.
   *
   * @throws StepError with the pictures that were uploaded until then
   */
  async upload(
    event: SendableEvent,
    pictures: readonly LoadedPicture[],
    target: Pick<Target, 'uploadPicture'>,
  ): Promise<{ event: SendableEvent; found: Partial<Findings> }> {
    let found: Partial<Findings> = {};
    const uploaded: UploadedPicture[] = [];
    try {
      for (const { picture, metadata, ...place } of pictures) {
        const { value, found: leftOut } = await this.attempt([place], () =>
          target.uploadPicture({ ...picture, metadata }),
        );
        found = together(found, leftOut);
        if (!value) continue;
        const { sourceId, url } = value;
        uploaded.push({ ...place, sourceId });
        found = together(found, { images: [{ ...place, sourceId, url, bytes: picture.bytes.length }] });
      }
    } catch (error) {
      throw new StepError(error, found);
    }
    return { event: pictures.length === 0 ? event : withSourceIds(event, uploaded), found };
  }

  /** @returns no value when the event goes without the pictures of these places */
  async attempt<T>(
    places: readonly Partial<PicturePlace>[],
    make: () => Promise<T>,
  ): Promise<{ value?: T; found: Partial<Findings> }> {
    try {
      return { value: await make(), found: {} };
    } catch (error) {
      const imagesLeftOut = this.leftOut(places, error);
      if (!imagesLeftOut) throw error;
      return { found: { imagesLeftOut } };
    }
  }

  /** Those pictures, to be told of, when the node sends events without pictures that failed in this way. */
  leftOut(places: readonly Partial<PicturePlace>[], error: unknown): Findings['imagesLeftOut'] {
    if (this.config.whenImageFails !== 'send-without' || !isAboutThePicture(error)) return undefined;
    return places.map((place) => ({ ...place, message: error.message }));
  }
}

/** The pictures as they came, for an event that does not leave with them. */
export function unchanged(
  { loaded }: MessagePictures,
  converted: DetectionResult | undefined,
): ChangedPictures {
  return { loaded: [...loaded], converted, found: {} };
}

/**
 * A picture that cannot be used or was refused. A dead link says nothing about the picture: the event would fail as
 * well.
 */
function isAboutThePicture(error: unknown): error is Error {
  if (error instanceof PictureError) return true;
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
