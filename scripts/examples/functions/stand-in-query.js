// Answers like the query of the Vision Events API, from the last 50 events; filters by fields of the event and detected
// classes.
const { useCaseId, startTime, eventTypes, detection, imageCount, feedbackStatus, limit = 100 } = msg.payload;
const COMPARE = {
  eq: (a, b) => a === b,
  neq: (a, b) => a !== b,
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
};
const holds = (value, filter) => !filter || COMPARE[filter.operator](value, filter.value);
const stored = flow.get('events') || [];
/** On the wire columns are called `item_count`, where the event says `itemCount`. */
const column = (event, name) => {
  const field = name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  return field === 'eventType' ? event.eventType : (event.eventData || {})[field];
};
const detects = (event) => {
  if (!detection) return true;
  const classes = [detection.value].flat();
  const lists = ['objectDetections', 'classifications', 'instanceSegmentations', 'keypoints'];
  const found = (event.images || [])
    .flatMap((image) => lists.flatMap((list) => image[list] || []))
    .some((one) => classes.includes(one.class) && holds(one.confidence, detection.confidence));
  return found === ['eq', 'in'].includes(detection.operator);
};
const feedbackOn = ({ eventId }) => {
  const latest = stored.find(({ eventType, eventData }) => eventType === 'operator_feedback' && eventData.relatedEventId === eventId);
  return latest ? latest.eventData.feedback : 'none';
};
const matches = (event) =>
  event.useCaseId === useCaseId &&
  (!startTime || event.timestamp >= startTime) &&
  (!eventTypes || eventTypes.includes(event.eventType)) &&
  (msg.payload.eventFieldFilters || []).every((filter) => holds(column(event, filter.column), filter)) &&
  holds((event.images || []).length, imageCount) &&
  (!feedbackStatus || feedbackStatus.includes(feedbackOn(event))) &&
  detects(event);
const found = stored.filter(matches).slice(0, limit);
msg.headers = { 'content-type': 'application/json' };
// This stand-in warns of nothing, and like the API it does not repeat the use case.
const events = msg.payload.hasWarnings ? [] : found.map((event) => ({ ...event, useCaseId: undefined }));
msg.payload = { events, nextCursor: null, hasMore: false, lookbackDays: 14 };
return msg;
