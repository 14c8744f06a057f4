import { z } from 'zod';
import { isObject, listOf, type JsonObject } from './json';
import { isPlainId } from './reply-text';

/**
 * What the API answers, as schemas. Loose on purpose: the API's page names few of the fields, and an answer that proves
 * what was asked is never refused for the rest. The text of an issue ends the sentence "The server answered 200, but
 * …". Loading this file loads zod: only `replies.ts` does, with the first reply.
 */

const NO_OBJECT = 'not with a JSON object';

/** May be missing. */
const anything = z.unknown().optional();
/** A list as it is, nothing as an empty one, a single thing as a list of one. */
const anyList = anything.transform(listOf);
const objects = z.array(z.unknown()).transform((list) => list.filter(isObject));
const textOrNothing = z.string().optional().catch(undefined);
const lookbackDays = z.number().optional().catch(undefined);
/** `what` is said to be missing when it is no text, an empty one, or one that no id can be. */
const id = (what: string) => z.custom<string>(isPlainId, `without ${what}`);

/** Any JSON object: of some answers only their success matters. */
export const anyObject = z.custom<JsonObject>(isObject, NO_OBJECT);

/** What the server remarks on events. */
const remarks = z.object({ warnings: anyList, deprecations: anyList }, NO_OBJECT);

/** "Upload a Vision Event Bundle", 201 */
export const uploadedBundle = remarks.loose();

/**
 * "Create a Vision Event", 201. Whether overwriting counts as creating is not documented; only an explicit "no" is one.
 */
export const createdEvent = remarks.extend({
  eventId: z.string('without the id of the event').min(1, 'without the id of the event'),
  created: anything.transform((value) => value !== false),
});

/**
 * "Batch Create Vision Events", 201. Its warnings stay as they are: where they stand is not documented. In one function
 * and not field by field, which took a twentieth of the time of a drain (bench/queue-drain.bench.ts).
 */
export const createdEvents = anyObject.transform((body, context) => {
  const eventIds = Array.isArray(body['eventIds']) ? (body['eventIds'] as unknown[]) : undefined;
  const results = listOf(body['results']).map(batchResult);
  if (!eventIds && results.length === 0) context.addIssue('without the ids of the events');
  return {
    eventIds,
    results,
    created: Number.isFinite(body['created']) ? (body['created'] as number) : undefined,
    warnings: body['warnings'],
    deprecations: listOf(body['deprecations']),
  };
});

function batchResult(entry: unknown): { eventId?: unknown; warnings: unknown[] } {
  if (!isObject(entry)) return { warnings: [] };
  return { eventId: entry['eventId'], warnings: listOf(entry['warnings']) };
}

/** "Upload a Vision Event Image" */
export const uploadedPicture = z.object(
  {
    sourceId: id('the sourceId of the picture'),
    url: z.custom<string>(isPlainId).optional().catch(undefined),
  },
  NO_OBJECT,
);

/** "Query Vision Events" */
export const queryPage = z.object(
  {
    events: z.array(z.unknown(), 'without a list of events').pipe(objects),
    nextCursor: z.string().min(1).nullable().catch(null),
    hasMore: z.boolean().optional().catch(undefined),
    lookbackDays,
  },
  NO_OBJECT,
);

/** A use case, with whatever else the API tells of it; without a name it goes by its id. */
const useCase = z
  .looseObject({ id: z.union([z.string(), z.number().transform(String)]), name: textOrNothing })
  .transform((entry) => ({ ...entry, name: entry.name ?? entry.id }));
const useCases = z.array(z.unknown(), 'without a list of use cases').transform((list) =>
  list.flatMap((entry) => {
    const { data } = useCase.safeParse(entry);
    return data ? [data] : [];
  }),
);

/** "List Use Cases". Older servers call them "solutions". What has no id is left out. */
export const useCaseList = z
  .object({ useCases: anything, solutions: anything, lookbackDays }, NO_OBJECT)
  .transform(({ solutions, ...body }) => ({ ...body, useCases: body.useCases ?? solutions }))
  .pipe(z.object({ useCases, lookbackDays }));

/** "Create a Use Case" */
export const createdUseCase = z.object(
  {
    id: z.string('without the id of the use case').min(1, 'without the id of the use case'),
    name: textOrNothing,
  },
  NO_OBJECT,
);

/** "Update a Use Case" */
export const renamedUseCase = z.object({ name: textOrNothing }, NO_OBJECT);

const typesOfField = z
  .object({
    types: z.array(z.unknown()).transform((list) => list.filter((type) => typeof type === 'string')),
  })
  .catch({ types: [] });

/** "Get Custom Metadata Schema", "Get Image Metadata Schema" */
export const metadataSchema = z.object(
  { fields: z.record(z.string(), typesOfField, 'without the fields of the schema') },
  NO_OBJECT,
);

/** "Delete Events" */
export const deletedEvents = z.object(
  { deleted: z.number().optional().catch(undefined), notFound: anyList },
  NO_OBJECT,
);

/** The Event Store: "id may be a string or a number" */
export const storedEvent = z.object(
  { id: z.union([z.number().transform(String), id('')], 'without the id of the stored event') },
  NO_OBJECT,
);
