import type { DetectionResult } from '../../src/detections/types';
import { filterDetections } from '../../src/event/derive';
import { resizeAnnotations } from '../../src/event/resize-annotations';
import type { PictureWork, ChangedImage, ImageDetections } from '../shared/picture-work';
import { StepError, together, type Findings } from '../shared/report';
import type { LoadedPicture } from '../shared/send-event';
import type { EventPictures, MessagePictures } from './pictures';
import type { EventSettings } from './prepare';

/** The pictures of a message as they may leave, and its detections in the size that these have now. */
export interface ChangedPictures {
  loaded: LoadedPicture[];
  converted?: DetectionResult;
  found: Partial<Findings>;
}

/**
 * Reduces, hides and draws. The pictures of an image that cannot be worked on are left out where the node sends without
 * them.
 *
 * @throws StepError with a PictureError where it does not
 */
export async function changePictures(
  work: PictureWork,
  pictures: EventPictures,
  given: MessagePictures,
  converted: DetectionResult | undefined,
  settings: EventSettings,
): Promise<ChangedPictures> {
  let found: Partial<Findings> = {};
  const loaded: LoadedPicture[] = [];
  const images = [...(converted?.images ?? [])];
  for (const [position, ofImage] of byImage(given.loaded)) {
    const places = ofImage.map(({ role, image }) => ({ role, ...(image !== undefined && { image }) }));
    const step = await pictures
      .attempt(places, () => work.changed(ofImage, detectionsOf(position, work, given, converted, settings)))
      .catch((error: unknown) => {
        throw new StepError(error, found);
      });
    found = together(found, step.found);
    const changed = step.value;
    if (!changed) continue;
    loaded.push(...changed.pictures);
    if (changed.keptFormat && !found.notes)
      found = together(found, { notes: ['picture-format-kept' as const] });
    const image = images[position];
    if (image && changed.resized) images[position] = resizedImage(image, changed.resized);
  }
  return { loaded, ...(converted && { converted: { ...converted, images } }), found };
}

function byImage(loaded: readonly LoadedPicture[]): Map<number, LoadedPicture[]> {
  const groups = new Map<number, LoadedPicture[]>();
  for (const one of loaded) {
    const position = one.image ?? 0;
    groups.set(position, [...(groups.get(position) ?? []), one]);
  }
  return groups;
}

function detectionsOf(
  position: number,
  work: PictureWork,
  { entries, found }: MessagePictures,
  converted: DetectionResult | undefined,
  settings: EventSettings,
): ImageDetections {
  const image = converted?.images[position];
  const haveOwn = entries?.some(({ detections }) => detections !== undefined) ?? false;
  const wasLookedAt = image !== undefined && (!haveOwn || entries?.[position]?.detections !== undefined);
  const { detection, minConfidence } = settings;
  const seen = converted?.seen?.[position] ?? {};
  return {
    annotations: filterDetections(image?.annotations ?? {}, settings),
    seen,
    sure: filterDetections(seen, { minConfidence }),
    size: image?.imageSize,
    hasWholeOutlines: converted?.notes.includes('mask-simplified') !== true,
    doubt: lacksInput(position, found)
      ? 'Check the input picture, it failed: the detections count in it'
      : work.hiding.doubt(wasLookedAt ? converted : undefined, detection),
  };
}

/** Its input picture could not be loaded. What the output picture says of the size is not what the detector saw. */
function lacksInput(position: number, { imagesLeftOut = [] }: Partial<Findings>): boolean {
  return imagesLeftOut.some(({ role, image = 0 }) => role === 'input' && image === position);
}

function resizedImage(
  { annotations, imageSize }: DetectionResult['images'][number],
  { from, to }: NonNullable<ChangedImage['resized']>,
): DetectionResult['images'][number] {
  const across = to.width / from.width;
  const down = to.height / from.height;
  return {
    annotations: resizeAnnotations(annotations, from, to),
    ...(imageSize && { imageSize: { width: imageSize.width * across, height: imageSize.height * down } }),
  };
}
