/**
 * Every limit of a vision event, once.
 *
 * Source, unless said otherwise: the page "Create a Vision Event" of the REST API's documentation, by its section.
 * Lengths are counted as JavaScript counts them (UTF-16 units), which is what a Node.js service does. The page names no
 * length for `eventId`, `label`, `sourceId`, `inputSourceId`, `class` and `comment`; so none is checked.
 */

/** "Request Body Parameters", `useCaseId`, `deviceId`, `streamId`, `workflowId`. */
export const MAX_IDENTIFIER_LENGTH = 256;
/** "Request Body Parameters", `workflowVersion`. */
export const MAX_WORKFLOW_VERSION_LENGTH = 64;
/** "Request Body Parameters", `images`. */
export const MAX_IMAGES = 1000;
/** "Request Body Parameters", `displayImagePosition`: 0 to 999. */
export const MAX_DISPLAY_IMAGE_POSITION = MAX_IMAGES - 1;

/** "Event Data Schemas", `externalId`, `location`, `itemType`. */
export const MAX_SHORT_TEXT_LENGTH = 1000;
/** "Event Data Schemas", `description` and the `value` of a custom event. */
export const MAX_LONG_TEXT_LENGTH = 10_000;
/** "Event Data Schemas", `alertType`. */
export const MAX_ALERT_TYPE_LENGTH = 256;
/** "Event Data Schemas", `alertType`: alphanumeric, underscores and dashes; as a class of a regular expression. */
export const ALERT_TYPE_CHARACTERS = 'a-zA-Z0-9_-';
export const ALERT_TYPE_PATTERN = new RegExp(`^[${ALERT_TYPE_CHARACTERS}]+$`);
/** "Event Data Schemas", the values that a field may have. */
export const RESULTS = ['pass', 'fail'] as const;
export const SEVERITIES = ['low', 'medium', 'high'] as const;
export const FEEDBACKS = ['correct', 'incorrect', 'inconclusive'] as const;

/**
 * "Image Objects", each of the four annotation lists of one image. Above it the service drops ALL images of the event.
 */
export const MAX_ANNOTATIONS = 1000;
/** "Image Objects", `points` of an instance segmentation. */
export const MIN_POLYGON_POINTS = 3;
/** "Image Objects", `keypoints` of a keypoint detection. */
export const MIN_KEYPOINTS = 1;
/** "Image Objects", `confidence`. */
export const MIN_CONFIDENCE = 0;
export const MAX_CONFIDENCE = 1;

/** "Custom Metadata". */
export const MAX_METADATA_KEYS = 100;
export const MAX_METADATA_KEY_LENGTH = 100;
export const METADATA_KEY_CHARACTERS = 'a-zA-Z0-9_ -';
export const METADATA_KEY_PATTERN = new RegExp(`^[${METADATA_KEY_CHARACTERS}]+$`);
export const MAX_METADATA_TEXT_LENGTH = 1000;
export const MAX_METADATA_DECIMALS = 6;

/**
 * "Request Body Parameters", `timestamp`: between one year ago and tomorrow. The page does not say to the second what
 * that means; the shortest reading of both words is taken (docs/decisions/timestamp-window.md).
 */
export const OLDEST_TIMESTAMP_MS = 365 * 24 * 60 * 60 * 1000;
export const NEWEST_TIMESTAMP_MS = 24 * 60 * 60 * 1000;

/** Our own: how many warnings a report lists; the true number is counted beside. */
export const MAX_LISTED_WARNINGS = 200;
/** Our own: how many of the things that `repair` changed are listed; the true number is counted beside. */
export const MAX_LISTED_REPAIRS = 200;
/** Our own: how much of a long value a report shows. */
export const MAX_REPORTED_TEXT_LENGTH = 200;
export const MAX_REPORTED_ENTRIES = 10;
export const MAX_REPORTED_DEPTH = 3;
/**
 * Our own: list entries looked at in one event, so that a hostile list cannot hold the process up. More than any event
 * within the documented limits has (1000 images with four lists of 1000), polygon points and keypoints aside.
 */
export const MAX_EXAMINED_ENTRIES = 5_000_000;
