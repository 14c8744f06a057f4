import { randomUUID } from 'node:crypto';
import type { NodeAPI } from 'node-red';
import type { MetadataSchema, NamedUseCase, VisionEventsClient } from '../../src/api/client';
import type { VisionEvent } from '../../src/event/types';
import type { ConnectionBody, NewUseCaseBody, TestEventBody } from '../shared/admin-bodies';
import { deployedWorkspace, type AdminRequest } from '../shared/admin-route';
import { FlowError } from '../shared/flow-error';
import { dialogConnection } from './dialog-connection';
import type { Workspace } from './workspace';

const KEEP_MS = 60_000;
const MAX_USE_CASES = 2000;
const MAX_SHOWN = 256;
/** A dialog looks at one or two use cases. */
const MAX_SCHEMAS_KEPT = 20;
/** Interactive, so keep it short. */
const PATIENCE_MS = 10_000;

/** Schemas of one workspace; a redeploy makes a new workspace and so forgets them. */
class KeptSchemas {
  private readonly kept = new Map<string, { until: number; value: Promise<MetadataSchema> }>();

  /** Callers at the same time share one request; failures are not kept. */
  get(useCase: string, ask: () => Promise<MetadataSchema>): Promise<MetadataSchema> {
    const known = this.kept.get(useCase);
    if (known && known.until > performance.now()) return known.value;
    const value = ask();
    this.kept.delete(useCase);
    this.kept.set(useCase, { until: performance.now() + KEEP_MS, value });
    value.catch(() => this.kept.delete(useCase));
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_SCHEMAS_KEPT && oldest !== undefined) this.kept.delete(oldest);
    return value;
  }
}

const schemas = new WeakMap<Workspace, KeptSchemas>();

function schemasOf(workspace: Workspace): KeptSchemas {
  const kept = schemas.get(workspace) ?? new KeptSchemas();
  schemas.set(workspace, kept);
  return kept;
}

/** The active use cases by name, with the settings of the workspace's dialog. @throws as `dialogConnection` does */
export async function listUseCases(RED: NodeAPI, { body }: AdminRequest<ConnectionBody>) {
  const useCases = await withUseCases(RED, body, (client) => client.list());
  return { useCases: useCases.useCases.slice(0, MAX_USE_CASES).map(shown).sort(byName) };
}

/** @throws as `dialogConnection` does */
export async function createUseCase(RED: NodeAPI, { body }: AdminRequest<NewUseCaseBody>) {
  return shown(await withUseCases(RED, body, (client) => client.create(body.name)));
}

async function withUseCases<T>(
  RED: NodeAPI,
  body: ConnectionBody,
  ask: (useCases: VisionEventsClient['useCases']) => Promise<T>,
): Promise<T> {
  const connection = dialogConnection(RED, body);
  try {
    if (connection.target === 'cloud') return await ask(connection.client.useCases);
    throw new FlowError('NOT_CONFIGURED', 'Enter the id of the use case: a Local Event Store lists none.');
  } finally {
    connection.client.close();
  }
}

/**
 * Sends one small event that says in its metadata that it is a test.
 *
 * @returns its id
 * @throws ApiError, and as `dialogConnection` does
 */
export async function sendTestEvent(RED: NodeAPI, { body }: AdminRequest<TestEventBody>) {
  const connection = dialogConnection(RED, body);
  const event: VisionEvent = {
    eventId: randomUUID(),
    eventType: 'custom',
    useCaseId: body.useCase,
    timestamp: new Date().toISOString(),
    eventData: { value: 'test event from Node-RED' },
    customMetadata: { test: true },
    ...(body.deviceId !== '' && { deviceId: body.deviceId }),
  };
  try {
    await connection.client.createEvent(event);
    return { eventId: event.eventId };
  } finally {
    connection.client.close();
  }
}

/** The types that each metadata key of a use case has had so far. */
export async function useCaseSchema(RED: NodeAPI, { params }: AdminRequest): Promise<MetadataSchema> {
  const workspace = deployedWorkspace(RED, params['id']);
  const useCase = params['useCase'] ?? '';
  return schemasOf(workspace).get(useCase, () =>
    workspace.client().metadataSchema(useCase, { timeoutMs: PATIENCE_MS }),
  );
}

function shown({ id, name }: NamedUseCase): NamedUseCase {
  return { id: id.slice(0, MAX_SHOWN), name: name.slice(0, MAX_SHOWN) };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name);
}
