// How many events wait, for the gauge; and in words what else there is to know.
const { events, refused, lastError } = msg.payload;
const words = events > 0 ? 'oldest: ' + Math.round((msg.payload.oldestAgeMs || 0) / 1000) + ' s' : 'everything is delivered';
const refusedWords = refused > 0 ? ' · ' + refused + ' refused' : '';
return [{ payload: events }, { payload: (lastError && events > 0 ? lastError.message : words) + refusedWords }];
