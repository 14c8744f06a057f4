// Answers like the Vision Events API: a key must come along, four fields are checked, a known id overwrites.
const body = msg.payload || {};
const arrived = Array.isArray(body.events) ? body.events : [body];
msg.headers = { 'content-type': 'application/json' };
if (!/^Bearer .+/.test(msg.req.headers.authorization || '')) {
  msg.statusCode = 401;
  msg.payload = { error: 'Unauthorized' };
  return msg;
}
for (const event of arrived) {
  const missing = ['eventId', 'eventType', 'useCaseId', 'timestamp'].find((field) => typeof event[field] !== 'string');
  if (!missing) continue;
  msg.statusCode = 400;
  msg.payload = { error: missing + ' is required' };
  return msg;
}
const eventIds = arrived.map((event) => event.eventId);
const others = (flow.get('events') || []).filter((stored) => !eventIds.includes(stored.eventId));
flow.set('events', [...arrived.slice().reverse(), ...others].slice(0, 50));
flow.set('count', (flow.get('count') || 0) + arrived.length);
node.status({ fill: 'green', shape: 'dot', text: flow.get('count') + ' arrived' });
msg.statusCode = 201;
msg.payload = body.events ? { eventIds, created: eventIds.length } : { eventId: eventIds[0], created: true };
return msg;
