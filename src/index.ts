/** The library's public face: what a program without Node-RED needs to make, check and send vision events. */
export { compose } from './event/compose';
export { repair } from './event/repair';
export { validate } from './event/validate';
export type { Validation } from './event/validate';
export { EVENT_TYPES } from './event/types';
export type { EventImage, EventType, EventWarning, FieldError, VisionEvent } from './event/types';
export { checkMapping, convertDetections, DetectionError, FORMATS } from './detections/convert';
export type { DetectionContext, DetectionResult, DetectionSettings } from './detections/convert';
export { ImageError, loadPicture } from './images/picture';
export type { Picture } from './images/picture';
export { VisionEventsClient } from './api/client';
export type { ClientOptions } from './api/client';
export { ApiError } from './api/errors';
export { BundleError } from './bundle/format';
export { readBundle } from './bundle/read';
export { buildBundle, writeBundle } from './bundle/write';
export type { BundleContent, BundlePicture } from './bundle/write';
