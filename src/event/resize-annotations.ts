import type { AnnotationLists } from './types';

interface Size {
  width: number;
  height: number;
}

/**
 * The annotations of a picture for the same picture in another size. Coordinates are absolute pixels, x and y the
 * centre of a box. The lists given are not changed; where nothing changes, they are the answer.
 */
export function resizeAnnotations(lists: AnnotationLists, from: Size, to: Size): AnnotationLists {
  const across = to.width / from.width;
  const down = to.height / from.height;
  if (across === 1 && down === 1) return lists;
  const box = <Box extends { x: number; y: number; width: number; height: number }>(one: Box): Box => ({
    ...one,
    x: one.x * across,
    y: one.y * down,
    width: one.width * across,
    height: one.height * down,
  });
  const { objectDetections, instanceSegmentations, keypoints } = lists;
  const resized: AnnotationLists = { ...lists };
  if (objectDetections) resized.objectDetections = objectDetections.map(box);
  if (instanceSegmentations) {
    resized.instanceSegmentations = instanceSegmentations.map((one) => ({
      ...box(one),
      points: one.points.map(([x, y]): [number, number] => [x * across, y * down]),
    }));
  }
  if (keypoints) {
    resized.keypoints = keypoints.map((one) => ({
      ...box(one),
      keypoints: one.keypoints.map((point) => ({ ...point, x: point.x * across, y: point.y * down })),
    }));
  }
  return resized;
}
