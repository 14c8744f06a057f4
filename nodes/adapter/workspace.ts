import type { Node, NodeAPI } from 'node-red';
import { VisionEventsClient, type ClientOptions } from '../../src/api/client';
import { ConnectionSlots } from '../../src/api/connection-slots';
import { ApiError } from '../../src/api/errors';
import { MAX_CONNECTIONS, MAX_WAITING } from '../../src/api/limits';
import type { Target } from '../../src/delivery/target';
import type { WorkspaceProperties } from '../properties';
import { PICTURE_MAX_BYTES } from '../../src/images/limits';
import { numberOf } from './event-settings';
import { FlowError } from './flow-error';
import { unsetVariable } from './unset-variable';
import { WorkspaceDelivery } from './workspace-delivery';

export const WORKSPACE_TYPE = 'vision-event-workspace';

export interface WorkspaceCredentials {
  apiKey?: string;
}

export interface WorkspaceNode extends Node<WorkspaceCredentials> {
  workspace: Workspace;
}

/** Node-RED's own `tls-config` node, as far as it is used here. */
interface TlsConfigNode extends Node {
  addTLSOptions(options: object): object;
}

/** Node-RED's own `http proxy` node, as far as it is used here. */
interface HttpProxyNode extends Node<{ username?: string; password?: string }> {
  url?: string;
  noproxy?: string[];
}

function uploadReuseMs(config: WorkspaceProperties): number | undefined {
  const minutes = numberOf(config.uploadReuseMinutes);
  return minutes === undefined ? undefined : minutes * 60_000;
}

const maxWaiting = (config: WorkspaceProperties) => Number(config.maxWaiting) || MAX_WAITING;

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
    this.places = new ConnectionSlots(MAX_CONNECTIONS, maxWaiting(config));
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
    this.openClient ??= new VisionEventsClient(this.clientOptions());
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

  private clientOptions(): ClientOptions {
    const options: ClientOptions = {
      baseUrl: this.configured('base URL', this.config.baseUrl),
      apiKey: this.configured('API key', this.node.credentials?.apiKey),
      timeoutMs: Number(this.config.timeout) || 30_000,
      maxWaiting: maxWaiting(this.config),
      uploadReuseMs: uploadReuseMs(this.config),
      env: process.env,
    };
    const tls = this.configNode<TlsConfigNode>('TLS', this.config.tls);
    if (tls) options.tls = tls.addTLSOptions({});
    const proxy = this.configNode<HttpProxyNode>('proxy', this.config.proxy);
    if (proxy) {
      options.proxy = {
        url: proxy.url ?? '',
        username: proxy.credentials?.username,
        password: proxy.credentials?.password,
        noProxy: proxy.noproxy,
      };
    }
    return options;
  }

  private configured(what: string, value: string | undefined): string {
    const text = (value ?? '').trim();
    const variable = unsetVariable(text);
    if (variable !== undefined) {
      throw new FlowError(
        'NOT_CONFIGURED',
        `The environment variable ${variable}, which holds the ${what} of the workspace${this.label()}, is not set. ` +
          `Set it where Node-RED starts and restart, or enter the ${what} in the workspace's dialog.`,
        { short: { key: 'variableNotSet', values: { name: variable } } },
      );
    }
    if (text === '') {
      throw new FlowError(
        'NOT_CONFIGURED',
        `The workspace${this.label()} has no ${what}. Open it and enter one. (Exported flows never carry the key.)`,
        { short: { key: what === 'API key' ? 'noApiKey' : 'noBaseUrl' } },
      );
    }
    return text;
  }

  private configNode<T extends Node>(what: string, id: string): T | undefined {
    if (!id) return undefined;
    const node = this.RED.nodes.getNode(id) as T | null;
    if (node) return node;
    throw new FlowError(
      'NOT_CONFIGURED',
      `The ${what} settings that the workspace${this.label()} refers to do not exist or are disabled. Open the workspace and choose them again.`,
    );
  }

  private label(): string {
    return this.config.name ? ` "${this.config.name}"` : '';
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
