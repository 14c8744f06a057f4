import { z } from 'zod';
import { MAX_USE_CASE_NAME_LENGTH } from '../../src/api/limits';
import { MAX_IDENTIFIER_LENGTH } from '../../src/event/limits';

/**
 * What the dialogs send to the runtime, as schemas. Loading this file loads zod: only the first request with a body
 * does. The text of an issue follows the name of its field and a colon.
 */

const anyText = z.string('A text is wanted here.');
const text = anyText.default('');
const flag = z.boolean('True or false is wanted here.').default(false);
const properties = z.record(z.string(), z.unknown(), 'The properties of the dialog are missing.');

/** The dialog of a workspace as it stands, deployed or not. */
export const connection = z.object({
  id: text,
  target: text,
  baseUrl: text,
  timeout: z.coerce.number('A number is wanted here.').default(0),
  tls: text,
  proxy: text,
  gateway: text,
  headerNames: text,
  headerValues: text,
  apiKey: text,
  eventStoreKey: text,
});
export type ConnectionBody = z.infer<typeof connection>;

/** The same, with where its waiting events are kept. */
export const connectionAndDatabase = connection.extend({
  keepWaiting: text,
  postgresUrl: text,
  postgresTls: text,
  postgresUser: text,
  postgresPassword: text,
});
export type ConnectionAndDatabaseBody = z.infer<typeof connectionAndDatabase>;

const badName = `A use case needs a name of 1 to ${MAX_USE_CASE_NAME_LENGTH} characters.`;

export const newUseCase = connection.extend({
  name: z.string(badName).trim().min(1, badName).max(MAX_USE_CASE_NAME_LENGTH, badName),
});
export type NewUseCaseBody = z.infer<typeof newUseCase>;

const noUseCase = 'Choose the use case that the test event goes to.';

export const testEvent = connection.extend({
  useCase: z.string(noUseCase).trim().min(1, noUseCase).max(MAX_IDENTIFIER_LENGTH, noUseCase),
  deviceId: text,
});
export type TestEventBody = z.infer<typeof testEvent>;

/**
 * A message to try the dialog of a node with: its last one, or a payload, which may be an example of a known picture
 * size.
 */
export const trial = z.object({
  id: text,
  properties,
  useLast: flag,
  payload: z.unknown().optional(),
  isExample: flag,
});
export type TrialBody = z.infer<typeof trial>;

/** The dialog of a scene, to be tried with the last seconds of a camera; without one, of the camera that sent last. */
export const replay = z.object({
  id: text,
  properties,
  camera: anyText.optional(),
});
export type ReplayBody = z.infer<typeof replay>;

/** A refused event by the id that its flow knows. */
export const refusedEvent = z.object({ eventId: anyText });
export type RefusedEventBody = z.infer<typeof refusedEvent>;

/** Whatever is sent, none of it is looked at. */
export const nothing = z.object({});
