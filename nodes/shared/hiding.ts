import type { NodeAPI } from 'node-red';
import type { DetectionResult, DetectionSettings, NoteCode } from '../../src/detections/types';
import { ANNOTATION_LISTS, parseClasses } from '../../src/event/derive';
import type { AnnotationLists } from '../../src/event/types';
import { PictureError } from '../../src/images/picture';
import { boundsOf, pixelsWithin, type Region } from '../../src/images/work/region';
import { numberOf } from './event-settings';
import { firstReason, MISPLACED_NOTES } from './misplaced';

/**
 * The properties by which a dialog says what is hidden in pictures. A flow of an earlier version does not have them.
 */
export interface HidingProperties {
  hideClasses?: string;
  hideExcept?: string;
  hideMargin?: string;
}

/** Hidden in addition to named classes: nobody knows what a detection without a class is. */
const NO_CLASS = 'unknown';

/** Notes that say that boxes may lie elsewhere in this picture, or that there may be more than were read. */
const DOUBTFUL_NOTES: Partial<Record<NoteCode, string>> = {
  ...MISPLACED_NOTES,
  'several-frames': 'Send the detections of one frame: these are of several',
  'module-failed': 'Check the detector: one of its modules failed, so detections may be missing',
  'count-mismatch': 'Check the detector: it counted other detections than it sent',
  'false-positive': 'Send only what the detector stands by: it took its detection back',
};

/** Of the nodes that can hide. */
const HIDING_TYPES: ReadonlySet<string> = new Set(['roboflow-vision-event', 'roboflow-vision-event-bundle']);

/**
 * Whether a deployed node hides something in pictures: then no dialog may show one, for it may be the same before
 * anything is hidden.
 */
export function hidesInPictures(RED: NodeAPI): boolean {
  let hides = false;
  RED.nodes.eachNode((node) => {
    if (!HIDING_TYPES.has(node.type)) return;
    const { hideClasses, hideExcept } = node as HidingProperties;
    hides ||= [hideClasses, hideExcept].some((classes) => parseClasses(classes ?? '').length > 0);
  });
  return hides;
}

/** What one node hides in pictures. */
export class HidingRules {
  private readonly classes: ReadonlySet<string>;
  private readonly except: ReadonlySet<string> | undefined;
  private readonly margin: number;

  constructor(config: HidingProperties) {
    this.classes = new Set(parseClasses(config.hideClasses ?? '').map(folded));
    const except = parseClasses(config.hideExcept ?? '');
    this.except = except.length > 0 ? new Set(except) : undefined;
    this.margin = (numberOf(config.hideMargin) ?? 0) / 100;
  }

  get isOn(): boolean {
    return this.classes.size > 0 || this.except !== undefined;
  }

  /** As `doubtOf`, for what this node hides. */
  doubt(converted: DetectionResult | undefined, detection: DetectionSettings): string | undefined {
    return doubtOf(converted, detection, this.classes.size > 0);
  }

  /**
   * @param seen all that was read in the picture
   * @param sure of that, what is sure enough to be shown where everything else is hidden
   * @param size of the grid that the coordinates count in
   * @param hasWholeOutlines false: a polygon is only the largest part of what was found
   */
  hiding(
    seen: AnnotationLists,
    sure: AnnotationLists,
    size: { width: number; height: number },
    hasWholeOutlines: boolean,
  ): { regions: Region[]; except?: Region[]; margin: number } {
    const { except, margin } = this;
    const isHidden = (name: string) => this.classes.has(folded(name)) || folded(name) === NO_CLASS;
    const whole: Region = { x: size.width / 2, y: size.height / 2, ...size };
    const regions = this.classes.size > 0 ? regionsOf(seen, isHidden, hasWholeOutlines) : [];
    // A classifier says that it is there, but not where.
    const isSomewhere = (seen.classifications ?? []).some((one) => isHidden(String(one.class)));
    if (this.classes.size > 0 && isSomewhere) regions.push(whole);
    for (const region of regions) refuseOutside(region, size);
    const shown = except && regionsOf(sure, (name) => except.has(name.trim()), true);
    return { regions, ...(shown && { except: shown }), margin };
  }
}

/**
 * Why the detections do not say for certain what is to be hidden, beginning with the remedy; undefined when they do.
 *
 * @param hidesClasses whether it depends on the names of classes what is hidden
 */
export function doubtOf(
  converted: DetectionResult | undefined,
  detection: DetectionSettings,
  hidesClasses: boolean,
): string | undefined {
  if (!converted) return 'Set "Detections": without them nobody knows what to hide';
  if (converted.unread > 0) return `Check "Format": ${converted.unread} detections could not be read`;
  if (!converted.seen) return 'Check the mapping: the list of detections is missing';
  if (converted.passedOver && converted.format === 'custom') {
    return 'Take minConfidence out of the mapping, use "Minimum confidence": it passed over some detections';
  }
  if (hidesClasses && detection.personalNames === true) {
    return 'Switch off "Names and plates": a name takes the place of the class that is to be hidden';
  }
  const { notes } = converted;
  if (notes.includes('model-input-coordinates') && detection.sourceSize === undefined) {
    return 'Enter the "Size the detector saw": the boxes count in the size that the model saw';
  }
  if (hidesClasses && notes.includes('class-not-in-map')) {
    return 'Complete "Class names": a detection has a class number without a name';
  }
  return firstReason(notes, DOUBTFUL_NOTES);
}

/** @throws PictureError for a box that belongs to another picture, or counts in another size */
function refuseOutside(region: Region, size: { width: number; height: number }): void {
  if (pixelsWithin(boundsOf(region), size)) return;
  throw new PictureError(
    'Check the sizes: what is to be hidden lies outside the picture, so its boxes count in another size. It is not sent.',
  );
}

/** A class that is to be hidden is hidden however it is written. */
const folded = (name: string) => name.trim().toLowerCase();

function regionsOf(
  lists: AnnotationLists,
  isWanted: (name: string) => boolean,
  withPolygons: boolean,
): Region[] {
  const { objectDetections = [], instanceSegmentations = [], keypoints = [] } = lists;
  const wanted = <One extends { class: string }>(list: readonly One[]) =>
    list.filter((one) => isWanted(String(one.class)));
  return [
    ...wanted(objectDetections).map(boxOf),
    ...wanted(instanceSegmentations).map((one) =>
      withPolygons ? { ...boxOf(one), points: one.points } : boxOf(one),
    ),
    ...wanted(keypoints).map(boxOf),
  ];
}

function boxOf({ x, y, width, height }: Region): Region {
  return { x, y, width, height };
}

/** How many annotations there are in all lists. */
export function annotationCount(lists: AnnotationLists): number {
  return ANNOTATION_LISTS.reduce((sum, name) => sum + (lists[name]?.length ?? 0), 0);
}
