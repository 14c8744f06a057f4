/**
 * Store and forward: an outbox on the disk that keeps events until they are delivered, and the sender that delivers
 * them.
 *
 * ```ts
 * const outbox = new DiskOutbox({ dir: '/var/lib/my-program/outbox' });
 * await outbox.open();
 * const sender = new Sender({ outbox, target: new VisionEventsClient({ baseUrl, apiKey }).target() });
 * sender.start();
 * const { eventId, useCaseId } = event;
 * await outbox.append([{ eventId, useCaseId, body: JSON.stringify(event), pictures: [] }]);
 * // from here on it is safe on the disk
 * ```
 *
 * At least once: an event may arrive twice after a crash, and the same `eventId` then overwrites itself.
 *
 * @module
 */
export { DiskOutbox } from './delivery/outbox/disk/disk-outbox';
export type { DiskOutboxOptions } from './delivery/outbox/disk/disk-outbox';
export type { WhenFull } from './delivery/outbox/disk/admission';
export type { FileLayer, ForgetfulFileSystem, OpenFile, OpenFolder } from './delivery/outbox/disk/file-layer';
export type { OutboxNotice } from './delivery/outbox/notices';
export type { ClockSetting } from './delivery/clock-watch';
export { OutboxDamage, OutboxError, systemClock } from './delivery/outbox/outbox';
export type {
  Clock,
  DeadLetter,
  DeadLetters,
  DeliveredEvent,
  EventTrouble,
  Lease,
  LeaseSize,
  Outbox,
  OutboxErrorCode,
  OutboxPicture,
  OutboxRecord,
  OutboxStats,
  OutboxWorker,
  RecoveryReport,
  Settlement,
  SharedPace,
  StoredEvent,
  StoredPicture,
} from './delivery/outbox/outbox';
export { RETRY_CAUSES } from './delivery/sender/retry-policy';
export type { RetryCause } from './delivery/sender/retry-policy';
export { Sender } from './delivery/sender/sender';
export type { SenderParts } from './delivery/sender/sender';
export { leaveLandings, takeLandings } from './delivery/sender/handover';
export type { LateLanding } from './delivery/sender/handover';
export { systemSenderClock } from './delivery/sender/clock';
export { DEFAULT_SENDER_SETTINGS } from './delivery/sender/settings';
export { BREAKER_STATES, SENDER_STATES } from './delivery/sender/types';
export type { SenderClock } from './delivery/sender/clock';
export type { SenderSettings } from './delivery/sender/settings';
export type {
  BreakerState,
  OutageNotice,
  RefusedEvent,
  SenderError,
  SenderListeners,
  SenderState,
  SenderStateName,
  SuspectedEvent,
} from './delivery/sender/types';
export type {
  EventPicture,
  PackedEvent,
  SendFailure,
  Target,
  TargetBatchReceipt,
  TargetReceipt,
} from './api/target';
export type { PicturePlace } from './event/picture-place';
export type { EventWarning, MetadataValue } from './event/types';
export type { ApiErrorCode } from './api/errors';
