/**
 * Values of an event that follow from its detections. Classes are compared exactly, but for white space around them.
 */
import { fitAlertType } from './allowed-characters';
import type { AnnotationLists } from './types';

/** The names of the four annotation lists of an image entry ("Image Objects"). */
export const ANNOTATION_LISTS = [
  'objectDetections',
  'classifications',
  'instanceSegmentations',
  'keypoints',
] as const satisfies readonly (keyof AnnotationLists)[];

type Annotation = NonNullable<AnnotationLists[(typeof ANNOTATION_LISTS)[number]]>[number];

/** Class names as a user writes them, separated by commas: `scratch, dent`. */
export function parseClasses(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** `fail` when something of these classes was detected (of any class, when none is named), else `pass`. */
export function detectedResult(
  images: readonly AnnotationLists[],
  classes: readonly string[],
): 'fail' | 'pass' {
  return countDetections(images, classes) > 0 ? 'fail' : 'pass';
}

/** How many annotations of these classes (of all, when none is named) there are in all lists of all images. */
export function countDetections(images: readonly AnnotationLists[], classes: readonly string[]): number {
  const isWanted = classFilter(classes);
  let count = 0;
  for (const image of images) {
    for (const name of ANNOTATION_LISTS) {
      for (const annotation of image[name] ?? []) if (isWanted(annotation.class)) count++;
    }
  }
  return count;
}

/**
 * The class of the most confident annotation, adapted to the rules of `alertType`; ties go to the first. Undefined when
 * there is none, or when its class has no letter and no digit that an `alertType` may have.
 */
export function topClass(images: readonly AnnotationLists[]): string | undefined {
  let top: Annotation | undefined;
  for (const annotation of allAnnotations(images)) {
    if (!top || annotation.confidence > top.confidence) top = annotation;
  }
  return top && fitAlertType(top.class);
}

/** Where the value of a field comes from the detections. */
export const DERIVATIONS = ['detected', 'count', 'topClass'] as const;
export type Derivation = (typeof DERIVATIONS)[number];

/**
 * A value that follows from detections of which some could not be read: `fail` stands when those that were read decide
 * it. Every other value is undefined then, for what is missing could change it.
 */
export function deriveFromPart(
  derivation: Derivation,
  images: readonly AnnotationLists[],
  classes: readonly string[],
): 'fail' | undefined {
  return derivation === 'detected' && detectedResult(images, classes) === 'fail' ? 'fail' : undefined;
}

/** A value that follows from all detections. */
export function derive(
  derivation: Derivation,
  images: readonly AnnotationLists[],
  classes: readonly string[],
): string | number | undefined {
  switch (derivation) {
    case 'detected':
      return detectedResult(images, classes);
    case 'count':
      return countDetections(images, classes);
    case 'topClass':
      return topClass(images);
  }
}

/**
 * Keeps the annotations at or above a confidence (0 to 1) and of these classes (of all, when none is named). The lists
 * given are not changed.
 */
export function filterDetections(
  lists: AnnotationLists,
  { minConfidence = 0, classes = [] }: { minConfidence?: number; classes?: readonly string[] },
): AnnotationLists {
  const isWanted = classFilter(classes);
  const isKept = (annotation: Annotation) =>
    !(annotation.confidence < minConfidence) && isWanted(annotation.class);
  const kept: AnnotationLists = {};
  for (const name of ANNOTATION_LISTS) {
    const list = lists[name]?.filter(isKept);
    if (list?.length) Object.assign(kept, { [name]: list });
  }
  return kept;
}

function allAnnotations(images: readonly AnnotationLists[]): Annotation[] {
  const all: Annotation[] = [];
  for (const image of images) {
    for (const name of ANNOTATION_LISTS) for (const annotation of image[name] ?? []) all.push(annotation);
  }
  return all;
}

export function classFilter(classes: readonly string[]): (name: string) => boolean {
  if (classes.length === 0) return () => true;
  const wanted = classes.map((name) => name.trim());
  return (name) => wanted.includes(String(name).trim());
}
