// Lists the use cases of the examples, or creates one when there is a name. Any key will do, but one must come along.
const EXAMPLES = [
  { id: 'quality-line-1', name: 'Quality, line 1', status: 'active' },
  { id: 'dock-count', name: 'Count at the dock', status: 'active' },
  { id: 'site-safety', name: 'Safety on the site', status: 'active' },
];
const useCases = flow.get('useCases') || EXAMPLES;
msg.headers = { 'content-type': 'application/json' };
const { name } = msg.payload || {};
if (!/^Bearer .+/.test(msg.req.headers.authorization || '')) {
  msg.statusCode = 401;
  msg.payload = { error: 'Unauthorized' };
} else if (msg.req.method === 'GET') {
  msg.payload = { useCases, lookbackDays: 14 };
} else if (typeof name !== 'string' || name === '') {
  msg.statusCode = 400;
  msg.payload = { error: 'name is required' };
} else if (useCases.some((useCase) => useCase.name === name)) {
  msg.statusCode = 409;
  msg.payload = { error: 'A use case of this name exists already' };
} else {
  const created = { id: RED.util.generateId(), name, status: 'active' };
  flow.set('useCases', [...useCases, created]);
  msg.statusCode = 201;
  msg.payload = created;
}
return msg;
