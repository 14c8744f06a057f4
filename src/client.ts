/**
 * The clients of the two services that take vision events: Roboflow's REST API, and the Local Event Store of an edge
 * device.
 *
 * Nothing is opened or loaded before the first request. Every method rejects with an `ApiError` only.
 *
 * @module
 */
export { VisionEventsClient } from './api/client';
export type {
  ClientOptions,
  BundleReply,
  DeleteOptions,
  DeleteReply,
  EventToCreate,
  PictureUpload,
  ListUseCasesOptions,
  MetadataSchema,
  NamedUseCase,
  QueryPage,
  QueryPagesOptions,
  RequestOptions,
  UploadBundleOptions,
  UseCase,
  UseCaseList,
} from './api/client';
export { EventStoreClient } from './api/event-store-client';
export type { EventStoreOptions, EventStoreReply, StorePicture } from './api/event-store-client';
export { ApiError } from './api/errors';
export type { ApiErrorCode, ApiErrorDetails } from './api/errors';
export type { TlsSettings } from './api/agents';
export type { ExtraHeaders } from './api/gateway';
export type { ConnectionOptions, EndedRequest } from './api/http-client';
export type { JsonObject } from './api/json';
export type { ProxySettings } from './api/proxy';
export { endingWarning } from './api/query-pages';
export type { Ending, ReadPage } from './api/query-pages';
export { EVENT_COLUMNS, FEEDBACK_STATUSES, MAX_QUERY_EVENTS } from './api/query';
export type { EventColumn, EventQuery, FeedbackStatus, Filter, MetadataFilter, Scalar } from './api/query';
export type { BatchReply, CreateReply, Remarks, ReplyFacts } from './api/replies';
export type {
  EventPicture,
  PackedEvent,
  SendFailure,
  Target,
  TargetBatchReceipt,
  TargetReceipt,
} from './api/target';
export type { UploadedPicture } from './api/upload-cache';
export { STRICT_FIELDS } from './event/types';
export type { PicturePlace } from './event/picture-place';
export type {
  EventImage,
  EventType,
  EventWarning,
  MetadataValue,
  SendableEvent,
  StrictField,
  VisionEvent,
} from './event/types';
