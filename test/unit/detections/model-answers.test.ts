import assert from 'node:assert/strict';
import { convertDetections } from '../../../src/detections/convert';
import { assertClose, assertRefused } from './assertions';
import { PICTURE, VALVE } from './scene';

const context = { imageSize: PICTURE };
const written = 'Here it is:\n```json\n[{"box_2d": [100, 250, 500, 450], "label": "valve"}]\n```';
const settings = { format: 'gemini-box2d', defaultConfidence: 0.75 };

/** What the APIs of language models answer, around the text that the model wrote. */
const ANSWERS: Record<string, (text: string) => unknown> = {
  Gemini: (text) => ({
    candidates: [{ content: { parts: [{ text }], role: 'model' }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { totalTokenCount: 10 },
  }),
  'Gemini, in parts and with its thoughts': (text) => ({
    candidates: [
      {
        content: {
          parts: [
            { text: 'Let me see.', thought: true },
            { text: text.slice(0, 30) },
            { text: text.slice(30) },
          ],
        },
      },
    ],
  }),
  'OpenAI chat completions': (text) => ({
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: text, refusal: null }, finish_reason: 'stop' },
    ],
  }),
  'an OpenAI-compatible server with a list of parts': (text) => ({
    choices: [{ message: { role: 'assistant', content: [{ type: 'text', text }] } }],
  }),
  'OpenAI responses': (text) => ({
    object: 'response',
    model: 'm',
    error: null,
    output: [
      { type: 'reasoning', summary: [] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] },
    ],
  }),
  Anthropic: (text) => ({
    type: 'message',
    role: 'assistant',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
  }),
  'Ollama chat': (text) => ({ model: 'm', message: { role: 'assistant', content: text }, done: true }),
  'Ollama generate': (text) => ({ model: 'm', response: text, done: true }),
};

describe('whole answers of language models', () => {
  for (const [name, answer] of Object.entries(ANSWERS)) {
    it(`the boxes are taken out of an answer of ${name}`, () => {
      for (const payload of [answer(written), JSON.stringify(answer(written))]) {
        const result = convertDetections(payload, settings, context);
        assertClose(result.images[0]?.annotations, { objectDetections: [VALVE] });
        assert.equal(result.dropped, 0);
      }
    });

    it(`an empty list in an answer of ${name} means that nothing was found`, () => {
      assert.equal(convertDetections(answer('```json\n[]\n```'), settings, context).count, 0);
    });

    it(`prose in an answer of ${name} is an error`, () => {
      assertRefused('payload-not-json', answer('I see a valve.'), settings, context);
    });

    it(`without the preset of a model an answer of ${name} is refused`, () => {
      assertRefused('unknown-format', answer(written), { format: 'auto' }, context);
    });
  }

  for (const [reason, payload] of [
    ['SAFETY', { candidates: [{ finishReason: 'SAFETY' }] }],
    ['PROHIBITED_CONTENT', { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }],
    ['I cannot help', { choices: [{ message: { content: null, refusal: 'I cannot help' } }] }],
    ['max_tokens', { content: [], stop_reason: 'max_tokens' }],
    ['no reason', { choices: [] }],
  ] as [string, unknown][]) {
    it(`an answer without text is an error with its reason: ${reason}`, () => {
      assert.match(
        assertRefused('detector-reported-error', payload, settings, context).message,
        new RegExp(reason),
      );
    });
  }

  it('the error of an API is said as it is', () => {
    const body = { error: { code: 429, message: 'Quota exceeded', status: 'RESOURCE_EXHAUSTED' } };
    assert.match(assertRefused('error-payload', body, settings, context).message, /Quota exceeded/);
  });
});
