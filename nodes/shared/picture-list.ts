import { MAX_IMAGES } from '../../src/event/limits';
import { PictureError } from '../../src/images/picture';

/** One entry of the list that the property `pictures` holds, with whatever it gives. What is null is not there. */
export interface ListedPictures {
  output?: unknown;
  input?: unknown;
  label?: unknown;
  /** a detector's payload, as the property `detections` would hold it */
  detections?: unknown;
  /** sent with the uploads of this entry */
  metadata?: unknown;
}

/**
 * The entries of the event's `images`, in their order. An element that is not an object of these keys is a picture by
 * itself, shown with what was detected in it.
 *
 * @param label of the setting, for error texts
 * @throws PictureError for what is not a list, or too long a one
 */
export function pictureList(value: unknown, label: string): ListedPictures[] {
  if (!Array.isArray(value)) {
    throw new PictureError(
      `${label}: Name the property with the list, such as msg.pictures: the value must be a list of pictures.`,
    );
  }
  if (value.length > MAX_IMAGES) {
    throw new PictureError(
      `${label}: at most ${MAX_IMAGES} entries, but there are ${value.length}. Make several events of them.`,
    );
  }
  return Array.from(value, (element: unknown) =>
    isEntry(element) ? withoutNull(element) : { output: element },
  );
}

/** Not a picture: neither bytes, nor a Buffer that went through JSON, nor the picture of a Roboflow Workflow. */
function isEntry(element: unknown): element is Record<string, unknown> {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return false;
  if (ArrayBuffer.isView(element) || element instanceof ArrayBuffer) return false;
  const { type } = element as { type?: unknown };
  return type !== 'Buffer' && type !== 'base64';
}

function withoutNull(entry: Record<string, unknown>): ListedPictures {
  const given = (key: keyof ListedPictures) => entry[key] ?? undefined;
  return {
    output: given('output'),
    input: given('input'),
    label: given('label'),
    detections: given('detections'),
    metadata: given('metadata'),
  };
}
