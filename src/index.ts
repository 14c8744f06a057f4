/**
 * Vision events without Node-RED: detections become an event, the event is checked and repaired, a client sends it.
 *
 * Coordinates are absolute pixels of the picture, x and y the centre of a box; confidences are 0 to 1.
 * Loading this loads no HTTP, no schema and no tar library: they are loaded by the first call that needs them.
 *
 * @module
 */
export { checkMapping, convertDetections, DetectionError, FORMATS } from './detections/convert';
export type { DetectionErrorCode, FormatInfo } from './detections/convert';
export type { MappingError } from './detections/check-mapping';
export type {
  ConvertedImage,
  DetectionContext,
  DetectionResult,
  DetectionSettings,
  NoteCode,
  SingleObject,
  Size,
  SourceFit,
  StoredSize,
} from './detections/types';
export { SOURCE_FITS } from './detections/types';
export { compose } from './event/compose';
export type { Composed, ComposedImage, EventParts, ImageParts } from './event/compose';
export { repair } from './event/repair';
export type { Repair } from './event/repair';
export type { StrictOptions } from './event/strict-fields';
export { EVENT_TYPES } from './event/types';
export type {
  AnnotationLists,
  Classification,
  EventDataByType,
  ValidVisionEvent,
  FieldError,
  InstanceSegmentation,
  Keypoint,
  KeypointDetection,
  Repaired,
  ObjectDetection,
} from './event/types';
export { validate } from './event/validate';
export type { Findings, RefusedValidation, SendableValidation, Validation } from './event/validate';
export { PictureError, loadPicture } from './images/picture';
export type { LoadPictureOptions, Picture } from './images/picture';
export type { PictureSize } from './images/formats';
export { BundleError } from './bundle/format';
export type { BundleErrorCode } from './bundle/format';
export { readBundle } from './bundle/read';
export type { Bundle, BundleLimits } from './bundle/read';
export { buildBundle, writeBundle } from './bundle/write';
export type { BundleContent, BundleFile, BundleFileContent, BundlePicture } from './bundle/write';
export * from './client';
