import type { DeleteReply, UseCase, VisionEventsClient } from '../../src/api/client';
import type { VisionEventUseCaseProperties } from '../shared/properties';

/** `msg.visionEvent` of the `roboflow-vision-event-use-case` node. */
export interface UseCaseReport {
  action: VisionEventUseCaseProperties['action'];
  /** of a list: the days back that the workspace can be asked for, when the API told */
  lookbackDays?: number;
  /** of deleting: what was deleted for good, also when it failed half-way */
  deleted?: number;
  notFound?: string[];
}

/** The values that the dialog and the message gave; each is checked when it is asked for. */
export interface UseCaseInputs {
  useCase: () => Promise<string>;
  useCaseName: () => Promise<string>;
  eventIds: () => Promise<string[]>;
}

export interface ActionContext {
  client: VisionEventsClient;
  inputs: UseCaseInputs;
  settings: Pick<VisionEventUseCaseProperties, 'listStatus' | 'schemaOf'>;
  /** an action adds here what it knows, while it goes on */
  report: UseCaseReport;
  /** of a long action */
  onProgress: (done: number, total: number) => void;
  signal: AbortSignal;
}

/** Answers with `msg.payload`, and the number that the status shows. */
type Action = (context: ActionContext) => Promise<{ payload: unknown; count: number }>;

export const ACTIONS: Record<VisionEventUseCaseProperties['action'], Action> = {
  list: listUseCases,

  async create({ client, inputs, signal }) {
    const payload = await client.useCases.create(await inputs.useCaseName(), { signal });
    return { payload, count: 1 };
  },

  async rename({ client, inputs, signal }) {
    const [id, name] = [await inputs.useCase(), await inputs.useCaseName()];
    return { payload: await client.useCases.rename(id, name, { signal }), count: 1 };
  },

  async archive({ client, inputs, signal }) {
    const id = await inputs.useCase();
    await client.useCases.archive(id, { signal });
    return { payload: { id, status: 'inactive' }, count: 1 };
  },

  async unarchive({ client, inputs, signal }) {
    const id = await inputs.useCase();
    await client.useCases.unarchive(id, { signal });
    return { payload: { id, status: 'active' }, count: 1 };
  },

  async schema({ client, inputs, settings, signal }) {
    const id = await inputs.useCase();
    const { fields } =
      settings.schemaOf === 'images'
        ? await client.imageMetadataSchema(id, { signal })
        : await client.metadataSchema(id, { signal });
    return { payload: { useCaseId: id, fields }, count: Object.keys(fields).length };
  },

  'delete-events': deleteEvents,
};

async function listUseCases({ client, settings, report, signal }: ActionContext) {
  const asked =
    settings.listStatus === 'all' ? (['active', 'inactive'] as const) : [settings.listStatus || 'active'];
  // By id: an older server that does not know the status answers with all of them twice.
  const found = new Map<string, UseCase>();
  for (const status of asked) {
    const { useCases, lookbackDays } = await client.useCases.list({ status, signal });
    for (const useCase of useCases) found.set(useCase.id, useCase);
    if (lookbackDays !== undefined) report.lookbackDays = lookbackDays;
  }
  return { payload: [...found.values()], count: found.size };
}

async function deleteEvents({ client, inputs, report, onProgress, signal }: ActionContext) {
  const [useCase, eventIds] = [await inputs.useCase(), await inputs.eventIds()];
  const note = ({ deleted, notFound }: DeleteReply) => {
    Object.assign(report, { deleted, notFound });
    onProgress(deleted + notFound.length, eventIds.length);
  };
  note({ deleted: 0, notFound: [] });
  const payload = await client.deleteEvents(useCase, eventIds, { signal, onProgress: note });
  return { payload, count: payload.deleted };
}
