import type { Node, NodeAPI } from 'node-red';
import type { MetadataSchema, UseCase } from '../../src/api/client';
import { originOf } from '../../src/api/base-url';
import type { NewUseCaseBody } from '../shared/admin-bodies';
import { AdminRefusal, deployedNode, deployedWorkspace, type AdminRequest } from '../shared/admin-route';
import { withVariables } from '../shared/dialog-values';
import { absoluteBaseUrl } from './own-address';
import type { Workspace } from './workspace';

const KEEP_MS = 60_000;
const MAX_USE_CASES = 2000;
const MAX_SHOWN = 256;
/** A dialog looks at one or two use cases. */
const MAX_SCHEMAS_KEPT = 20;
/** Interactive, so keep it short. */
const PATIENCE_MS = 10_000;

interface Kept<T> {
  until: number;
  value: Promise<T>;
}

/** Answers of one workspace; a redeploy makes a new workspace and so forgets them. */
class KeptAnswers {
  private readonly kept = new Map<string, Kept<unknown>>();

  /** Callers at the same time share one request; failures are not kept. */
  get<T>(name: string, ask: () => Promise<T>): Promise<T> {
    const known = this.kept.get(name);
    if (known && known.until > performance.now()) return known.value as Promise<T>;
    const value = ask();
    this.kept.delete(name);
    this.kept.set(name, { until: performance.now() + KEEP_MS, value });
    value.catch(() => this.forget(name));
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_SCHEMAS_KEPT && oldest !== undefined) this.kept.delete(oldest);
    return value;
  }

  forget(name: string): void {
    this.kept.delete(name);
  }
}

const answers = new WeakMap<Workspace, KeptAnswers>();

function answersOf(workspace: Workspace): KeptAnswers {
  const kept = answers.get(workspace) ?? new KeptAnswers();
  answers.set(workspace, kept);
  return kept;
}

/**
 * The deployed workspace of a dialog, unless the editor holds another address for it: its key would be shown to the old server, and
 * the answer would be that of the wrong one.
 *
 * @param baseUrl as the editor has it, variables not filled in
 * @throws AdminRefusal `NOT_DEPLOYED`, `ADDRESS_CHANGED`
 */
function unchangedWorkspace(RED: NodeAPI, id: string | undefined, baseUrl: unknown): Workspace {
  const workspace = deployedWorkspace(RED, id);
  const shown = withVariables(RED, deployedNode(RED, id) as Node, { baseUrl }).baseUrl;
  if (
    typeof shown !== 'string' ||
    originOf(absoluteBaseUrl(RED, shown)) === originOf(workspace.addresses.baseUrl)
  )
    return workspace;
  throw new AdminRefusal(
    409,
    'ADDRESS_CHANGED',
    'Deploy the workspace first: its base URL was changed, and its key goes to the deployed address only.',
  );
}

/** The active use cases by name, kept for a minute unless the query says `refresh`; `baseUrl` as the editor has it. */
export async function listUseCases(RED: NodeAPI, { params, query }: AdminRequest) {
  const workspace = unchangedWorkspace(RED, params['id'], query['baseUrl']);
  const kept = answersOf(workspace);
  if (query['refresh'] !== undefined) kept.forget(LIST);
  return kept.get(LIST, async () => {
    const { useCases } = await workspace.client().useCases.list({ timeoutMs: PATIENCE_MS });
    return { useCases: useCases.slice(0, MAX_USE_CASES).map(shown).sort(byName) };
  });
}

/** Never the name of a schema: those begin with a colon. */
const LIST = 'list';

/** @throws AdminRefusal those of `unchangedWorkspace` */
export async function createUseCase(RED: NodeAPI, { params, body }: AdminRequest<NewUseCaseBody>) {
  const workspace = unchangedWorkspace(RED, params['id'], body.baseUrl);
  const created = await workspace.client().useCases.create(body.name, { timeoutMs: PATIENCE_MS });
  answersOf(workspace).forget(LIST);
  return { id: created.id, name: created.name };
}

/** The types that each metadata key of a use case has had so far. */
export async function useCaseSchema(RED: NodeAPI, { params }: AdminRequest): Promise<MetadataSchema> {
  const workspace = deployedWorkspace(RED, params['id']);
  const useCase = params['useCase'] ?? '';
  return answersOf(workspace).get(`:${useCase}`, () =>
    workspace.client().metadataSchema(useCase, { timeoutMs: PATIENCE_MS }),
  );
}

function shown({ id, name }: UseCase): { id: string; name: string } {
  return { id: id.slice(0, MAX_SHOWN), name: name.slice(0, MAX_SHOWN) };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name);
}
