/**
 * The properties that users save in their flows: names, defaults and types, declared once.
 * The runtime reads them, and the dialogs register them as their `defaults`.
 * The names are a contract with every saved flow: add, never rename.
 */
import { DEFAULT_TIMEOUT_MS, MAX_WAITING, UPLOAD_REUSE_MINUTES } from '../../src/api/limits';
import {
  DEFAULT_BATCH_SIZE,
  DEFAULT_LINGER_MS,
  DEFAULT_MAX_EVENTS,
  DEFAULT_MAX_MEGABYTES,
} from '../../src/delivery/defaults';

export const workspaceDefaults = {
  name: '',
  target: 'cloud' as 'cloud' | 'event-store',
  baseUrl: 'https://api.roboflow.com',
  transport: 'separate' as 'separate' | 'bundle',
  deviceId: '',
  timeout: DEFAULT_TIMEOUT_MS,
  tls: '',
  proxy: '',
  /** takes every request, with the real address as `?url=` */
  gateway: '',
  /** extra headers, comma separated; their values are the credential `headerValues` */
  headerNames: '',
  maxWaiting: MAX_WAITING,
  imageMaxMegabytes: 20,
  uploadReuseMinutes: UPLOAD_REUSE_MINUTES,
  /** where events wait: in `outboxDir`, or in PostgreSQL with that folder in front */
  keepWaiting: 'disk' as 'disk' | 'postgres',
  /** without user and password, which are credentials */
  postgresUrl: '',
  postgresTls: '',
  /** workers with the same one share their events; empty: the workspace's name */
  queueName: '',
  outboxDir: '',
  /** a folder: outboxes below it whose Node-RED is gone for good are taken over */
  adopt: '',
  outboxMaxMegabytes: DEFAULT_MAX_MEGABYTES,
  outboxMaxEvents: DEFAULT_MAX_EVENTS,
  outboxWhenFull: 'reject' as 'reject' | 'drop-oldest' | 'shed-images',
  batchSize: DEFAULT_BATCH_SIZE,
  batchLinger: DEFAULT_LINGER_MS,
  /** counted and measured for Prometheus; its token is the credential `metricsToken` */
  metrics: false,
};
export type WorkspaceProperties = typeof workspaceDefaults;

/** A metadata row of the dialog; `value` is read as `valueType` says. */
export interface MetadataRow {
  key: string;
  value: string;
  valueType: 'str' | 'num' | 'bool' | 'msg' | 'flow' | 'global' | 'env' | 'jsonata';
}

export const visionEventDefaults = {
  name: '',
  workspace: '',
  delivery: 'queue' as 'send' | 'queue' | 'build',
  detections: 'payload',
  detectionsType: 'msg',
  format: 'auto',
  mapping: '',
  units: 'auto' as 'auto' | 'pixel' | 'fraction',
  defaultClass: '',
  labels: '',
  sourceWidth: '',
  sourceHeight: '',
  sourceFit: 'squash' as 'squash' | 'crop' | 'letterbox',
  imageWidth: '',
  imageHeight: '',
  output: '',
  frigateBox: 'snapshot' as 'snapshot' | 'current',
  minConfidence: '',
  classes: '',
  eventType: 'quality_check',
  eventTypeType: 'str',
  useCase: '',
  useCaseType: 'str',
  /** a quality check of which nobody says what fails reads: fail if any class was seen */
  result: '',
  resultType: 'detected',
  location: '',
  locationType: 'str',
  itemCount: '',
  itemCountType: 'count',
  itemType: '',
  itemTypeType: 'str',
  alertType: '',
  alertTypeType: 'str',
  severity: '',
  severityType: 'str',
  description: '',
  descriptionType: 'str',
  value: '',
  valueType: 'str',
  relatedEventId: '',
  relatedEventIdType: 'str',
  feedback: '',
  feedbackType: 'str',
  externalId: '',
  externalIdType: 'str',
  comment: '',
  commentType: 'str',
  eventId: '',
  eventIdType: 'uuid',
  timestamp: '',
  timestampType: 'now',
  deviceId: '',
  deviceIdType: 'str',
  streamId: '',
  streamIdType: 'str',
  workflowId: '',
  workflowIdType: 'str',
  workflowVersion: '',
  workflowVersionType: 'str',
  outputImage: '',
  outputImageType: 'none',
  inputImage: '',
  inputImageType: 'none',
  imageLabel: '',
  imageLabelType: 'none',
  /** a list of pictures or of `{output?, input?, label?, detections?, metadata?}`, in place of the three above */
  pictures: '',
  picturesType: 'none',
  /** sent with each picture that is uploaded */
  pictureMetadata: [] as MetadataRow[],
  /** longest side in pixels, JPEG quality (1 to 100), only pictures of more KB; all empty: pictures are not reduced */
  pictureMaxSide: '',
  pictureQuality: '',
  pictureOver: '',
  /** classes to hide, comma separated; everything to hide but these classes; margin in % of a region */
  hideClasses: '',
  hideExcept: '',
  hideMargin: '',
  whenImageFails: 'stop' as 'stop' | 'send-without',
  scaleToImage: false,
  missingSize: 'error' as 'error' | 'skip-boxes',
  defaultConfidence: '',
  allClasses: false,
  exifOrientation: 'turned' as 'turned' | 'stored',
  personalNames: false,
  detectionMetadata: false,
  metadata: [] as MetadataRow[],
  metadataFrom: '',
  metadataFromType: 'none',
  onWarnings: 'repair' as 'send' | 'repair' | 'stop',
  /** `msg.moment` of the node scene fills what has no setting of its own */
  fromScene: true,
  cooldown: '0',
  cooldownBy: '',
  cooldownByType: 'none',
};
export type VisionEventProperties = typeof visionEventDefaults;

export const visionEventSendDefaults = {
  name: '',
  workspace: '',
  delivery: 'queue' as 'send' | 'queue',
  events: 'payload',
  eventsType: 'msg',
  onWarnings: 'repair' as 'send' | 'repair' | 'stop',
};
export type VisionEventSendProperties = typeof visionEventSendDefaults;

export const visionEventImageDefaults = {
  name: '',
  workspace: '',
  image: 'payload',
  imageType: 'msg',
  imageName: '',
  imageNameType: 'str',
  metadata: [] as MetadataRow[],
  metadataFrom: '',
  metadataFromType: 'none',
  /** as of `roboflow-vision-event` */
  pictureMaxSide: '',
  pictureQuality: '',
  pictureOver: '',
};
export type VisionEventImageProperties = typeof visionEventImageDefaults;

export const visionEventBundleDefaults = {
  name: '',
  action: 'write' as 'write' | 'upload',
  directory: '',
  directoryType: 'str',
  outputImage: '',
  outputImageType: 'none',
  inputImage: '',
  inputImageType: 'none',
  /** as of `roboflow-vision-event`, in place of the two above */
  pictures: '',
  picturesType: 'none',
  /** as of `roboflow-vision-event` */
  pictureMaxSide: '',
  pictureQuality: '',
  pictureOver: '',
  hideClasses: '',
  hideExcept: '',
  hideMargin: '',
  /** of the files written; empty: time and event id */
  fileName: '',
  useCaseInBundle: true,
  workspace: '',
  useCase: '',
  useCaseType: 'str',
};
export type VisionEventBundleProperties = typeof visionEventBundleDefaults;

export const visionEventOutboxDefaults = {
  name: '',
  workspace: '',
};
export type VisionEventOutboxProperties = typeof visionEventOutboxDefaults;

/** A zone of the scene's dialog; points are fractions of the picture. */
export interface SceneZoneRow {
  name: string;
  kind: 'area' | 'line';
  points: [x: number, y: number][];
  /** comma separated; empty for all */
  classes: string;
}

export const visionEventSceneDefaults = {
  name: '',
  detections: 'payload',
  detectionsType: 'msg',
  /** the picture of the frame: its header tells its size */
  image: '',
  imageType: 'none',
  format: 'auto',
  mapping: '',
  units: 'auto' as 'auto' | 'pixel' | 'fraction',
  defaultClass: '',
  labels: '',
  sourceWidth: '',
  sourceHeight: '',
  sourceFit: 'squash' as 'squash' | 'crop' | 'letterbox',
  imageWidth: '',
  imageHeight: '',
  output: '',
  frigateBox: 'snapshot' as 'snapshot' | 'current',
  defaultConfidence: '',
  exifOrientation: 'turned' as 'turned' | 'stored',
  minConfidence: '',
  classes: '',
  moments: ['appeared'] as ('appeared' | 'left' | 'stayed' | 'crossed' | 'count')[],
  confirm: '3 of 5',
  /** seconds, as all times here */
  lostAfter: '2',
  stayAfter: '10',
  countStable: '2',
  countEvery: '',
  timestamp: '',
  timestampType: 'now',
  cameraBy: '',
  cameraByType: 'none',
  zones: [] as SceneZoneRow[],
  anchor: 'bottom' as 'bottom' | 'center',
  trackBy: 'auto' as 'auto' | 'never',
};
export type VisionEventSceneProperties = typeof visionEventSceneDefaults;

/** What a filter of a query looks at. The last three need the name of a field. */
export type QueryFilterSubject =
  | 'deviceId'
  | 'streamId'
  | 'workflowId'
  | 'externalId'
  | 'detection'
  | 'eventField'
  | 'metadata'
  | 'imageMetadata'
  | 'imageCount'
  | 'hasWarnings'
  | 'feedbackStatus';

/** A filter row of the dialog; `value` is read as `valueType` says. */
export interface QueryFilterRow {
  on: QueryFilterSubject;
  /** name of the metadata value, or column of the event as the API calls it; empty for the others */
  field: string;
  /** without a meaning for `hasWarnings` and `feedbackStatus` */
  operator: 'eq' | 'neq' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'not_in';
  /** for `in`, `not_in` and `feedbackStatus` comma separated */
  value: string;
  valueType: MetadataRow['valueType'];
  /** of `detection`: from 0 to 1, empty for any */
  confidence?: string;
  confidenceOperator?: 'gt' | 'gte' | 'lt' | 'lte';
}

export const visionEventQueryDefaults = {
  name: '',
  workspace: '',
  useCase: '',
  useCaseType: 'str',
  eventTypes: '',
  startTime: '-1h',
  startTimeType: 'str',
  endTime: '',
  endTimeType: 'str',
  filters: [] as QueryFilterRow[],
  limit: '',
  deliver: 'array' as 'array' | 'page' | 'event',
};
export type VisionEventQueryProperties = typeof visionEventQueryDefaults;

export const visionEventUseCaseDefaults = {
  name: '',
  workspace: '',
  action: 'list' as 'list' | 'create' | 'rename' | 'archive' | 'unarchive' | 'schema' | 'delete-events',
  // Not `status`: the editor keeps the status of a node under that name.
  listStatus: 'active' as 'active' | 'inactive' | 'all',
  schemaOf: 'events' as 'events' | 'images',
  useCase: '',
  useCaseType: 'str',
  useCaseName: '',
  useCaseNameType: 'str',
  eventIds: 'payload',
  eventIdsType: 'msg',
};
export type VisionEventUseCaseProperties = typeof visionEventUseCaseDefaults;

/** The defaults of every node type, by its name in flows. */
export const DEFAULTS_BY_TYPE = {
  'roboflow-vision-event-workspace': workspaceDefaults,
  'roboflow-vision-event': visionEventDefaults,
  'roboflow-vision-event-send': visionEventSendDefaults,
  'roboflow-vision-event-image': visionEventImageDefaults,
  'roboflow-vision-event-query': visionEventQueryDefaults,
  'roboflow-vision-event-use-case': visionEventUseCaseDefaults,
  'roboflow-vision-event-outbox': visionEventOutboxDefaults,
  'roboflow-vision-event-bundle': visionEventBundleDefaults,
  'roboflow-vision-event-scene': visionEventSceneDefaults,
};
export type NodeType = keyof typeof DEFAULTS_BY_TYPE;
