import type { Node, NodeAPI } from 'node-red';
import { VisionEventsClient } from '../../src/api/client';
import { ConnectionSlots } from '../../src/api/connection-slots';
import { ApiError } from '../../src/api/errors';
import { MAX_CONNECTIONS } from '../../src/api/limits';
import type { Target } from '../../src/delivery/target';
import type { WorkspaceProperties } from '../properties';
import { PICTURE_MAX_BYTES } from '../../src/images/limits';
import { clientOptions, maxWaitingOf } from './client-options';
import { numberOf } from './event-settings';
import { FlowError } from './flow-error';
import { WorkspaceDelivery } from './workspace-delivery';

export const WORKSPACE_TYPE = 'vision-event-workspace';

export interface WorkspaceCredentials {
  apiKey?: string;
}

export interface WorkspaceNode extends Node<WorkspaceCredentials> {
  workspace: Workspace;
}

/** One Roboflow workspace: its settings, checked when they are first needed, and its one client. */
export class Workspace {
  /** store-and-forward; nothing is opened before the first node registers with it */
  readonly delivery: WorkspaceDelivery;
  /** where events go, now or from the outbox */
  readonly target: Target;
  private readonly places: ConnectionSlots;
  private openClient: VisionEventsClient | undefined;
  private closed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node<WorkspaceCredentials>,
    private readonly config: WorkspaceProperties,
  ) {
    this.places = new ConnectionSlots(MAX_CONNECTIONS, maxWaitingOf(config));
    this.target = this.makeTarget();
    this.delivery = new WorkspaceDelivery(config, {
      userDir: RED.settings.userDir ?? process.cwd(),
      id: node.id,
      target: this.target,
      log: { info: (text) => node.log(text), warn: (text) => node.warn(text) },
    });
  }

  /** The device id that every event gets which names none; empty when there is none. */
  get deviceId(): string {
    return this.config.deviceId ?? '';
  }

  /** As deployed, environment variables filled in; undefined without one. For the sender and to strike it out of answers, never to show. */
  get apiKey(): string | undefined {
    return this.node.credentials?.apiKey;
  }

  /** Larger pictures are refused before anything is sent. */
  get imageMaxBytes(): number {
    const megabytes = numberOf(this.config.imageMaxMegabytes);
    return megabytes === undefined ? PICTURE_MAX_BYTES : megabytes * 1024 * 1024;
  }

  /**
   * The client of this workspace; all its nodes share it and its connections.
   *
   * @throws FlowError `NOT_CONFIGURED` when key or URL are missing or their environment variable is not set
   */
  client(): VisionEventsClient {
    if (this.closed) {
      throw new FlowError(
        'NETWORK',
        'This workspace was closed by a deploy while the message was under way.',
      );
    }
    this.openClient ??= new VisionEventsClient(
      clientOptions(this.RED, this.config, this.node.credentials?.apiKey),
    );
    return this.openClient;
  }

  /**
   * The fault of the settings that every request would fail with, or undefined; asks no server.
   *
   * @throws FlowError `NOT_CONFIGURED` as `client` does
   */
  configurationFault(): ApiError | undefined {
    return this.client().configurationFault();
  }

  /**
   * Waits until the workspace has a connection to spare, before a message is worked on: what waits in a burst is the
   * message alone, not the event made of it.
   *
   * @returns gives the place back
   * @throws ApiError `BUSY` at once when too many wait already
   */
  admit(): Promise<() => void> {
    return this.places.acquire(undefined, () => this.closedError());
  }

  /** Aborts what is under way and gives the connections back; what waits in the outbox stays there. Idempotent. */
  async close(removed: boolean): Promise<void> {
    this.closed = true;
    this.places.close(this.closedError());
    const delivery = this.delivery.close(removed);
    this.openClient?.close();
    this.openClient = undefined;
    await delivery;
  }

  /** The outbox takes events also while the key or the address is missing: each attempt asks anew. */
  private makeTarget(): Target {
    const now = () => Promise.resolve().then(() => this.client().target());
    return {
      postEvent: (body, signal) => now().then((target) => target.postEvent(body, signal)),
      postBatch: (bodies, signal) => now().then((target) => target.postBatch(bodies, signal)),
      uploadPicture: (picture, signal) => now().then((target) => target.uploadPicture(picture, signal)),
    };
  }

  private closedError(): ApiError {
    return new ApiError('NETWORK', 'This workspace was closed by a deploy while the message was under way.');
  }
}

/**
 * The workspace that a node's dialog chose.
 *
 * @throws FlowError `NOT_CONFIGURED` when none is chosen, or it was deleted or disabled
 */
export function workspaceOf(RED: NodeAPI, id: string): Workspace {
  if (!id) {
    throw new FlowError('NOT_CONFIGURED', 'No workspace is chosen. Open this node and choose or add one.', {
      short: { key: 'noWorkspace' },
    });
  }
  const node = RED.nodes.getNode(id) as WorkspaceNode | null;
  if (!node || !(node.workspace instanceof Workspace)) {
    throw new FlowError(
      'NOT_CONFIGURED',
      'The workspace that this node refers to does not exist or is disabled. Open this node and choose one.',
      { short: { key: 'noWorkspace' } },
    );
  }
  return node.workspace;
}
