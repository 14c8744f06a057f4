// Answers like the query of the Vision Events API, from the last 50 events; filters on fields of the event: eq, neq.
const { useCaseId, startTime, eventTypes, eventFieldFilters = [] } = msg.payload;
const matches = (event) =>
  event.useCaseId === useCaseId &&
  (!startTime || event.timestamp >= startTime) &&
  (!eventTypes || eventTypes.includes(event.eventType)) &&
  eventFieldFilters.every(({ column, operator, value }) => (event.eventData[column] === value) === (operator === 'eq'));
msg.headers = { 'content-type': 'application/json' };
msg.payload = { events: (flow.get('events') || []).filter(matches), nextCursor: null, hasMore: false, lookbackDays: 14 };
return msg;
