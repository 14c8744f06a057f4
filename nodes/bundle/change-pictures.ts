import { ANNOTATION_LISTS } from '../../src/event/derive';
import { isObject } from '../../src/event/fields';
import { resizeAnnotations } from '../../src/event/resize-annotations';
import type { AnnotationLists, VisionEvent } from '../../src/event/types';
import { annotationCount } from '../shared/hiding';
import type { FlowMessage } from '../shared/guarded-input';
import type { PictureWork } from '../shared/picture-work';
import type { EventReport } from '../shared/report';
import type { LoadedPicture } from '../shared/send-event';

/**
 * Reduces, hides and draws for an event that is already built. What it detected is what the event carries: hiding needs
 * the report of the node that built it, which says that nothing was left out and all of it is certain.
 *
 * @returns the pictures as they may leave, and the event with its detections in the size that these have now
 * @throws PictureError
 */
export async function changeBuilt(
  work: PictureWork,
  event: VisionEvent,
  loaded: readonly LoadedPicture[],
  message: FlowMessage,
): Promise<{ event: VisionEvent; pictures: LoadedPicture[] }> {
  const images: unknown[] = Array.isArray(event.images) ? [...event.images] : [];
  const all = images.map(annotationsOf);
  const detections = detectionsOf(event, message);
  const { notes = [], sizes = [] } = detections ?? {};
  const doubt = doubtOfBuilt(all, detections);
  const pictures: LoadedPicture[] = [];
  for (const position of new Set(loaded.map(({ image = 0 }) => image))) {
    const lists = all[position] ?? {};
    // Of several images, one without detections may be one that nobody looked at.
    const wasLookedAt = all.length <= 1 || annotationCount(lists) > 0;
    const changed = await work.changed(
      loaded.filter(({ image = 0 }) => image === position),
      {
        annotations: lists,
        seen: lists,
        sure: lists,
        size: sizes[position] ?? undefined,
        hasWholeOutlines: !notes.includes('mask-simplified'),
        doubt: wasLookedAt ? doubt : NOT_LOOKED_AT,
      },
    );
    pictures.push(...changed.pictures);
    const { resized } = changed;
    if (resized && position in images) {
      images[position] = {
        ...(images[position] as object),
        ...resizeAnnotations(lists, resized.from, resized.to),
      };
    }
  }
  return { event: { ...event, ...(images.length > 0 && { images }) } as VisionEvent, pictures };
}

const NOT_LOOKED_AT = 'Send an event with detections: without them nobody knows what to hide';

/** Only lists of detections that can be placed: of others an event of this package has none. */
function annotationsOf(image: unknown): AnnotationLists {
  if (!isObject(image)) return {};
  const lists = ANNOTATION_LISTS.map((name) => [name, image[name]]).filter(([, list]) => Array.isArray(list));
  return Object.fromEntries(lists) as AnnotationLists;
}

/** What the node that built this event said of its detections. */
function detectionsOf(event: VisionEvent, message: FlowMessage): EventReport['detections'] {
  const report = message['visionEvent'] as Partial<EventReport> | undefined;
  return report?.eventId === event.eventId ? report.detections : undefined;
}

function doubtOfBuilt(
  images: readonly AnnotationLists[],
  detections: EventReport['detections'],
): string | undefined {
  if (!detections?.sizes) return NOT_LOOKED_AT;
  if (detections.doubt !== undefined) return detections.doubt;
  const carried = images.reduce((sum, lists) => sum + annotationCount(lists), 0);
  if (detections.dropped === 0 && carried === detections.count) return undefined;
  return 'Clear "Minimum confidence" and "Only classes" of the node before: the event does not carry all that was detected';
}
