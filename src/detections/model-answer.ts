import { DetectionError } from './detection-error';
import { decodePayload } from './payload';
import { has, isList, isText, own, ownArray } from './values';

/**
 * What a language model wrote, out of the whole answer of its API: Gemini, OpenAI (Chat Completions, Responses) and
 * what is compatible with it, Anthropic, Ollama. Anything else is taken as the model's own JSON.
 *
 * @throws DetectionError `detector-reported-error` when the answer holds no text, `payload-not-json` when its text is
 * not JSON
 */
export function unwrapModelAnswer(payload: unknown): unknown {
  const envelope = ENVELOPES.find(({ marks }) => marks.every((mark) => has(payload, mark)));
  if (!envelope) return payload;
  const text = textOf(envelope.content(payload));
  if (text === undefined) throw withoutText(payload);
  return decodePayload(text, true);
}

interface Envelope {
  /** keys that only this API's answers have together */
  marks: readonly string[];
  /** a text, or a list of parts with texts */
  content(payload: unknown): unknown;
}

const ENVELOPES: readonly Envelope[] = [
  {
    marks: ['candidates'],
    content: (payload) => own(own(firstOf(payload, 'candidates'), 'content'), 'parts'),
  },
  // a prompt that Gemini blocks has no candidates
  { marks: ['promptFeedback'], content: () => undefined },
  { marks: ['choices'], content: (payload) => own(own(firstOf(payload, 'choices'), 'message'), 'content') },
  {
    marks: ['output', 'model'],
    content: (payload) => ownArray(payload, 'output')?.flatMap((item) => ownArray(item, 'content') ?? []),
  },
  { marks: ['content', 'stop_reason'], content: (payload) => own(payload, 'content') },
  { marks: ['message', 'done'], content: (payload) => own(own(payload, 'message'), 'content') },
  { marks: ['response', 'done'], content: (payload) => own(payload, 'response') },
];

function firstOf(payload: unknown, list: string): unknown {
  return ownArray(payload, list)?.[0];
}

/** Without the parts in which a model thinks aloud. */
function textOf(content: unknown): string | undefined {
  if (!isList(content)) return isText(content) ? content : undefined;
  const texts = content
    .filter((part) => own(part, 'thought') !== true)
    .map((part) => own(part, 'text'))
    .filter(isText);
  return texts.length > 0 ? texts.join('') : undefined;
}

function withoutText(payload: unknown): DetectionError {
  const [reason] = [
    own(own(payload, 'promptFeedback'), 'blockReason'),
    own(firstOf(payload, 'candidates'), 'finishReason'),
    own(own(firstOf(payload, 'choices'), 'message'), 'refusal'),
    own(firstOf(payload, 'choices'), 'finish_reason'),
    own(payload, 'stop_reason'),
  ].filter(isText);
  return new DetectionError(
    'detector-reported-error',
    `The model's answer holds no text: check the request to it. It gives ${reason === undefined ? 'no reason' : `the reason "${reason.slice(0, 200)}"`}.`,
  );
}
