import type { DetectionResult } from '../../src/detections/types';
import { filterDetections } from '../../src/event/derive';
import { resizeAnnotations } from '../../src/event/resize-annotations';
import type { PictureWork, ChangedImage, ImageDetections } from '../shared/picture-work';
import type { EventReport } from '../shared/report';
import type { LoadedPicture } from '../shared/send-event';
import type { EventPictures, MessagePictures } from './pictures';
import type { EventSettings } from './prepare';

/** The pictures of a message as they may leave, and its detections in the size that these have now. */
export interface ChangedPictures {
  loaded: LoadedPicture[];
  converted: DetectionResult | undefined;
}

/**
 * Reduces, hides and draws. The pictures of an image that cannot be worked on are left out where the node sends without them.
 *
 * @throws ImageError where it does not
 */
export async function changePictures(
  work: PictureWork,
  pictures: EventPictures,
  given: MessagePictures,
  converted: DetectionResult | undefined,
  settings: EventSettings,
  report: EventReport,
): Promise<ChangedPictures> {
  const loaded: LoadedPicture[] = [];
  const images = [...(converted?.images ?? [])];
  for (const [position, ofImage] of byImage(given.loaded)) {
    const places = ofImage.map(({ role, image }) => ({ role, ...(image !== undefined && { image }) }));
    await pictures.orSendWithout(report, places, async () => {
      const detections = detectionsOf(position, work, given, converted, settings);
      const changed = await work.changed(ofImage, detections);
      loaded.push(...changed.pictures);
      noteKeptFormat(changed, report);
      const image = images[position];
      if (image && changed.resized) images[position] = resizedImage(image, changed.resized);
    });
  }
  return { loaded, converted: converted && { ...converted, images } };
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
  { entries }: MessagePictures,
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
    doubt: work.hiding.doubt(wasLookedAt ? converted : undefined, {
      hasSourceSize: detection.sourceSize !== undefined,
      personalNames: detection.personalNames === true,
    }),
  };
}

function noteKeptFormat({ keptFormat }: ChangedImage, report: EventReport): void {
  if (!keptFormat || report.notes?.includes('picture-format-kept')) return;
  (report.notes ??= []).push('picture-format-kept');
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
