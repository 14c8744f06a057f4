import type { Node, NodeAPI } from 'node-red';
import { VisionEventsClient } from '../../src/api/client';
import { EventStoreClient } from '../../src/api/event-store-client';
import { tooManyWait } from '../../src/api/http-client';
import { ApiError } from '../../src/api/errors';
import { loadAxios, type ConnectionOptions } from '../../src/api/http-client';
import { loadReplyShapes } from '../../src/api/replies';
import { MAX_CONNECTIONS } from '../../src/api/limits';
import { printable } from '../../src/api/reply-text';
import { tarLibrary } from '../../src/bundle/tar-library';
import type { Target } from '../../src/api/target';
import { workspaceDefaults, type WorkspaceProperties } from '../shared/properties';
import { PICTURE_MAX_BYTES } from '../../src/images/limits';
import { clientOptions, eventStoreOptions, maxWaitingOf } from './client-options';
import { numberOf } from '../shared/event-settings';
import { loadAhead } from '../shared/load-ahead';
import { FlowError } from '../shared/flow-error';
import { extraHeaders, headerSecrets } from './header-values';
import { databaseSettings } from './database-settings';
import { outboxFolder } from './outbox-folder';
import { absoluteBaseUrl } from './own-address';
import { cloudTarget } from '../../src/delivery/targets/cloud';
import { eventStoreTarget } from '../../src/delivery/targets/event-store';
import { ArrivalOrder } from '../../src/delivery/arrival-order';
import { WorkLimit } from '../../src/work-limit';
import { liveEvents } from '../shared/live-events';
import { WorkspaceDelivery } from './delivery';
import { liveWorkspaces, uniqueLabel } from './metrics/live';
import { WorkspaceMetrics } from './metrics/workspace-metrics';
import { workspaceLabel } from '../shared/workspace-label';
import { unsetVariable } from '../shared/unset-variable';
import { MinuteCounts } from './minute-counts';
import type { WorkspaceCredentials } from './workspace-node';

/** One Roboflow workspace: its settings, checked when they are first needed, and its one client. */
export class Workspace {
  /** store-and-forward; nothing is opened before the first node registers with it */
  readonly delivery: WorkspaceDelivery;
  /** of all its nodes: what is under way, by event id */
  readonly arrivals = new ArrivalOrder();
  /** events that the target took, sent at once or from the outbox */
  readonly delivered = new MinuteCounts();
  /** where events go, now or from the outbox */
  readonly target: Target;
  /**
   * Messages that send at once pass here as soon as there is a connection to spare: what waits in a burst is the
   * message alone, not the event made of it. Refuses with ApiError `BUSY` when too many wait already.
   */
  readonly sending: WorkLimit;
  /** undefined while they are off: nothing is counted then, and no library for it is loaded */
  readonly metrics: WorkspaceMetrics | undefined;
  private openClient: VisionEventsClient | undefined;
  private openEventStore: EventStoreClient | undefined;
  private openFor: string | undefined;
  private closed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node<WorkspaceCredentials>,
    private readonly config: WorkspaceProperties,
  ) {
    if (config.metrics) {
      this.metrics = new WorkspaceMetrics(uniqueLabel(workspaceLabel(config), node.id));
      liveWorkspaces.add(this);
    }
    const maxWaiting = maxWaitingOf(config);
    this.sending = new WorkLimit(MAX_CONNECTIONS, { most: maxWaiting, busy: () => tooManyWait(maxWaiting) });
    // The outbox takes events also while the key or the address is missing: each attempt asks anew.
    this.target = this.isEventStore
      ? eventStoreTarget(() => this.eventStore())
      : cloudTarget(() => this.client(), config.transport || 'separate');
    this.delivery = new WorkspaceDelivery(config, {
      folder: outboxFolder(RED, node, config.outboxDir),
      ...(config.keepWaiting === 'postgres'
        ? { database: () => databaseSettings(RED, node, config) }
        : config.postgresUrl?.trim() && { leftDatabase: () => databaseSettings(RED, node, config) }),
      ...(config.adopt?.trim() && { adopt: outboxFolder(RED, node, config.adopt) }),
      target: this.target,
      metrics: this.metrics,
      // What is read back from the disk may hold anything.
      log: { info: (text) => node.log(printable(text)), warn: (text) => node.warn(printable(text)) },
    });
    this.delivery.listen({
      delivered: (events) => {
        this.delivered.add(events.length);
        liveEvents.delivered(node.id, events);
      },
      refused: (events) => liveEvents.refused(node.id, events),
      suspected: ({ eventId, error }) => liveEvents.suspected(node.id, eventId, error),
    });
  }

  /** What people call it. */
  get name(): string {
    return workspaceLabel(this.config) ?? '';
  }

  /** The device id that every event gets which names none; empty when there is none. */
  get deviceId(): string {
    return this.config.deviceId ?? '';
  }

  /**
   * Keys and values of headers as deployed, environment variables filled in: to strike them out of answers, never to
   * show.
   */
  secrets(): string[] {
    const { apiKey, eventStoreKey, headerValues, postgresPassword, metricsToken } =
      this.node.credentials ?? {};
    const keys = [apiKey, eventStoreKey, postgresPassword, metricsToken].filter((key) => key !== undefined);
    return [...keys, ...headerSecrets(this.RED, this.node, headerValues)];
  }

  /** Empty when there is none: a variable that is not set is none, since everybody could guess its name. */
  metricsToken(): string {
    const token = this.node.credentials?.metricsToken?.trim() ?? '';
    return unsetVariable(token) === undefined ? token : '';
  }

  /** As deployed: where the keys are sent to. */
  get addresses(): Pick<WorkspaceProperties, 'baseUrl' | 'gateway'> {
    const { baseUrl, gateway } = this.config;
    return { baseUrl: absoluteBaseUrl(this.RED, baseUrl), gateway };
  }

  /** As deployed: where the password of the database is sent to; undefined where none is used. */
  get databaseUrl(): string | undefined {
    const { keepWaiting, postgresUrl } = this.config;
    return keepWaiting === 'postgres' ? postgresUrl?.trim() : undefined;
  }

  /** Larger pictures are refused before anything is sent. */
  get pictureMaxBytes(): number {
    const megabytes = numberOf(this.config.imageMaxMegabytes);
    return megabytes === undefined ? PICTURE_MAX_BYTES : megabytes * 1024 * 1024;
  }

  /**
   * The client of this workspace; all its nodes share it and its connections.
   *
   * @throws FlowError `NOT_CONFIGURED` when key or URL are missing or their environment variable is not set, or when
   * the workspace is a Local Event Store, which only takes events
   */
  client(): VisionEventsClient {
    if (this.isEventStore) {
      throw new FlowError(
        'NOT_CONFIGURED',
        `The workspace${this.label()} sends to a Local Event Store, which takes events and nothing else. ` +
          "Choose a workspace with the target Roboflow's cloud in this node.",
        { short: { key: 'cloudOnly' } },
      );
    }
    this.mustBeOpen();
    if (!this.openClient) {
      const key = this.node.credentials?.apiKey;
      const options = clientOptions(this.RED, this.config, key, this.headers());
      this.openClient = new VisionEventsClient({ ...options, ...this.measuring() });
      // Asked for by each node that will send, as soon as it is built.
      loadAhead(loadAxios);
      loadAhead(loadReplyShapes);
      if (this.config.transport === 'bundle') loadAhead(tarLibrary);
    }
    return this.openClient;
  }

  private get isEventStore(): boolean {
    return this.config.target === 'event-store';
  }

  /** @throws FlowError `NOT_CONFIGURED` when the address is missing, or an environment variable is not set */
  private eventStore(): EventStoreClient {
    this.mustBeOpen();
    if (this.config.baseUrl?.trim() === workspaceDefaults.baseUrl) {
      throw new FlowError(
        'NOT_CONFIGURED',
        `The workspace${this.label()} sends to a Local Event Store, but its base URL is that of Roboflow's cloud. ` +
          'Open it and enter the address of the Event Store, such as http://localhost:8001.',
        { short: { key: 'noBaseUrl' } },
      );
    }
    if (!this.openEventStore) {
      const key = this.node.credentials?.eventStoreKey;
      const options = eventStoreOptions(this.RED, this.config, key, this.headers());
      this.openEventStore = new EventStoreClient({ ...options, ...this.measuring() });
      loadAhead(loadAxios);
      loadAhead(loadReplyShapes);
    }
    return this.openEventStore;
  }

  /** @throws FlowError `NOT_CONFIGURED` */
  private headers(): Record<string, string> {
    return extraHeaders(this.RED, this.node, this.config.headerNames, this.node.credentials?.headerValues);
  }

  private measuring(): Pick<ConnectionOptions, 'onRequestEnded'> {
    return this.metrics ? { onRequestEnded: this.metrics.requestEnded } : {};
  }

  private mustBeOpen(): void {
    if (!this.closed) return this.followAddress();
    throw new FlowError('NETWORK', 'This workspace was closed by a deploy while the message was under way.');
  }

  /**
   * The port of this Node-RED itself is certain only once it listens, which may be after the first look at the
   * settings.
   */
  private followAddress(): void {
    const { baseUrl } = this.addresses;
    if (baseUrl === this.openFor) return;
    this.closeClients();
    this.openFor = baseUrl;
  }

  /**
   * The error of the settings that every request would fail with, or undefined; asks no server.
   *
   * @throws FlowError `NOT_CONFIGURED` as `client` does
   */
  configurationError(): ApiError | undefined {
    return (this.isEventStore ? this.eventStore() : this.client()).configurationError();
  }

  /** Aborts what is under way and gives the connections back; what waits in the outbox stays there. Idempotent. */
  async close(removed: boolean): Promise<void> {
    this.closed = true;
    liveWorkspaces.remove(this);
    void this.sending.close(this.closedError());
    const delivery = this.delivery.close(removed);
    this.closeClients();
    await delivery;
  }

  private closeClients(): void {
    this.openClient?.close();
    this.openClient = undefined;
    this.openEventStore?.close();
    this.openEventStore = undefined;
  }

  private closedError(): ApiError {
    return new ApiError('NETWORK', 'This workspace was closed by a deploy while the message was under way.');
  }

  private label(): string {
    return this.config.name ? ` "${this.config.name}"` : '';
  }
}
