/**
 * What a test sets that is about the way to the API: sent at once, unrepaired, with no field but those that it names.
 */
export const SENT_AS_IT_IS = { delivery: 'send', onWarnings: 'send' } as const;
export const EVENT_SENT_AS_IT_IS = { ...SENT_AS_IT_IS, resultType: 'str' } as const;
