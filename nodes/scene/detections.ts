import { convertDetections } from '../../src/detections/convert';
import type { DetectionContext, DetectionResult, DetectionSettings } from '../../src/detections/types';
import { ANNOTATION_LISTS, classFilter, parseClasses } from '../../src/event/derive';
import type { AnnotationLists } from '../../src/event/types';
import type { AnnotationList, Box, SceneDetection } from '../../src/scene/types';
import { detectionSettings, numberOf } from '../shared/event-settings';
import type { VisionEventSceneProperties } from '../shared/properties';

/** A detection of the scene that knows its annotation and the list in which that stands. */
export interface AnnotatedDetection extends SceneDetection {
  list: AnnotationList;
  annotation: object;
}

export interface DetectedFrame {
  result: DetectionResult;
  /** also those that the settings leave out */
  all: AnnotatedDetection[];
  detections: AnnotatedDetection[];
}

/** Reads a detector's payload as the node's dialog says. */
export class DetectionReader {
  /** readers with the same one read alike */
  readonly key: string;
  private readonly settings: DetectionSettings;
  private readonly isWanted: (detection: SceneDetection) => boolean;

  constructor(config: VisionEventSceneProperties) {
    this.settings = {
      ...detectionSettings(config),
      trackIds: config.trackBy !== 'never',
      multipleImages: 'first',
    };
    this.isWanted = detectionFilter(config);
    this.key = JSON.stringify({ ...this.settings, hasPicture: hasPicture(config) });
  }

  /** @throws DetectionError */
  read(payload: unknown, context: DetectionContext): DetectedFrame {
    const result = convertDetections(payload, this.settings, context);
    const [image] = result.images;
    const lists = image?.annotations ?? {};
    const all = ANNOTATION_LISTS.flatMap((list) =>
      (lists[list] ?? []).map((annotation): AnnotatedDetection => {
        const { class: name, confidence } = annotation;
        const detection: AnnotatedDetection = { class: name, confidence, list, annotation };
        if (hasBox(annotation)) {
          const { x, y, width, height } = annotation;
          detection.box = { x, y, width, height };
        }
        const trackId = image?.tracks?.get(annotation);
        if (trackId !== undefined) detection.trackId = trackId;
        return detection;
      }),
    );
    return { result, all, detections: all.filter(this.isWanted) };
  }
}

/** Whether the setting "Picture" says where one is: its size counts then. */
export function hasPicture({ imageType }: Pick<VisionEventSceneProperties, 'imageType'>): boolean {
  return Boolean(imageType) && imageType !== 'none';
}

/** Whether the settings let a detection through. */
export function detectionFilter({
  minConfidence,
  classes,
}: Pick<VisionEventSceneProperties, 'minConfidence' | 'classes'>): (detection: SceneDetection) => boolean {
  const least = numberOf(minConfidence) ?? 0;
  const isWantedClass = classFilter(parseClasses(classes ?? ''));
  return ({ class: name, confidence }) => !(confidence < least) && isWantedClass(name);
}

function hasBox(annotation: object): annotation is Box {
  return 'width' in annotation;
}

/** The annotation lists of some detections. `objectDetections` is always there: by it the next node recognises them. */
export function annotationLists(detections: readonly AnnotatedDetection[]): AnnotationLists {
  const lists: Partial<Record<AnnotationList, object[]>> = { objectDetections: [] };
  for (const { list, annotation } of detections) (lists[list] ??= []).push({ ...annotation });
  return lists as AnnotationLists;
}
