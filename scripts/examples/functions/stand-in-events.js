// Answers like the Vision Events API: a key must come along, four fields are checked, a known id overwrites.
const event = msg.payload || {};
msg.headers = { 'content-type': 'application/json' };
if (!/^Bearer .+/.test(msg.req.headers.authorization || '')) {
  msg.statusCode = 401;
  msg.payload = { error: 'Unauthorized' };
  return msg;
}
const missing = ['eventId', 'eventType', 'useCaseId', 'timestamp'].find((field) => typeof event[field] !== 'string');
if (missing) {
  msg.statusCode = 400;
  msg.payload = { error: missing + ' is required' };
  return msg;
}
const events = flow.get('events') || [];
flow.set('events', [event, ...events.filter((stored) => stored.eventId !== event.eventId)].slice(0, 50));
node.status({ fill: 'green', shape: 'dot', text: event.eventType + ' ' + event.timestamp });
msg.statusCode = 201;
msg.payload = { eventId: event.eventId, created: true };
return msg;
