import type { Node, NodeAPI } from 'node-red';
import type { PicturePlace } from '../../src/event/picture-place';
import { PictureError, loadPicture, type Picture } from '../../src/images/picture';
import { fieldLabels } from './field-label';
import type { FlowMessage } from './guarded-input';
import { pictureInput } from './picture-input';
import { pictureList, type ListedPictures } from './picture-list';
import { typedInput, type Evaluate } from './typed-input';

/** The properties by which a dialog says where pictures are. */
export interface PictureProperties {
  outputImage: string;
  outputImageType: string;
  inputImage: string;
  inputImageType: string;
  pictures: string;
  picturesType: string;
}

/** A picture that a message holds, not looked at yet. */
export interface GivenPicture extends PicturePlace {
  /** @throws PictureError that names the setting, and the entry of a list */
  load: (maxBytes?: number) => Promise<Picture>;
}

/** An entry of the property `pictures`. */
export interface PictureEntry extends Pick<ListedPictures, 'label' | 'detections' | 'metadata'> {
  /** names it in error texts */
  place: string;
}

export interface GivenPictures {
  given: GivenPicture[];
  /** with the property `pictures` only: one for each image of the event */
  entries?: PictureEntry[];
}

/** The type of an output picture that is made of the input picture and the detections. */
export const DRAWN = 'drawn';

type SingleInput = NonNullable<ReturnType<typeof pictureInput>>;

/** Finds the pictures of a message: those of a list, or the output and input picture of one image. Output first. */
export class PictureInputs {
  private readonly list: Evaluate | undefined;
  private readonly singles: { role: PicturePlace['role']; read: SingleInput }[] = [];
  private readonly listLabel: string;

  constructor(RED: NodeAPI, node: Node, config: PictureProperties) {
    this.listLabel = fieldLabels(RED, node.type)('pictures');
    if (takesList(config)) {
      this.list = typedInput(RED, node, 'pictures', config.pictures, config.picturesType);
      return;
    }
    for (const role of ['output', 'input'] as const) {
      const field = `${role}Image` as const;
      if (config[`${field}Type`] === DRAWN) continue;
      const read = pictureInput(RED, node, field, config[field], config[`${field}Type`]);
      if (read) this.singles.push({ role, read });
    }
  }

  /** False when no message can have any. */
  get areExpected(): boolean {
    return this.list !== undefined || this.singles.length > 0;
  }

  /** @throws PictureError when there should be a list of pictures and is none */
  async find(message: FlowMessage): Promise<GivenPictures> {
    if (!this.list) {
      const given = this.singles.map(({ role, read }) => ({
        role,
        load: (maxBytes?: number) => read(message, maxBytes),
      }));
      return { given };
    }
    const listed = pictureList(await this.list(message), this.listLabel);
    const placeOf = (position: number) => `${this.listLabel}[${position}]`;
    return {
      given: listed.flatMap((entry, position) => picturesOf(entry, position, placeOf(position))),
      entries: listed.map(({ label, detections, metadata }, position) => ({
        label,
        detections,
        metadata,
        place: placeOf(position),
      })),
    };
  }
}

/** Whether the property `pictures` is used, in place of the others. A flow of an earlier version does not have it. */
export function takesList({ picturesType }: Partial<Pick<PictureProperties, 'picturesType'>>): boolean {
  return Boolean(picturesType) && picturesType !== 'none';
}

function picturesOf(entry: ListedPictures, image: number, place: string): GivenPicture[] {
  const at = (role: PicturePlace['role']): PicturePlace => (image > 0 ? { role, image } : { role });
  const given = (['output', 'input'] as const).flatMap((role) =>
    entry[role] === undefined
      ? []
      : [{ ...at(role), load: (maxBytes?: number) => load(entry[role], `${place}.${role}`, maxBytes) }],
  );
  if (given.length > 0 || entry.detections !== undefined) return given;
  return [{ ...at('output'), load: () => Promise.reject(noPicture(place)) }];
}

async function load(source: unknown, place: string, maxBytes?: number): Promise<Picture> {
  try {
    return await loadPicture(source, { from: 'value', maxBytes });
  } catch (error) {
    throw error instanceof PictureError ? new PictureError(`${place}: ${error.message}`) : error;
  }
}

function noPicture(place: string): PictureError {
  return new PictureError(
    `${place}: give it a picture, an "output" or an "input", or "detections". There is none.`,
  );
}
