// Lists the use cases, or creates one when there is a name.
const useCases = flow.get('useCases') || [{ id: 'quality-line-1', name: 'Quality, line 1', status: 'active' }];
msg.headers = { 'content-type': 'application/json' };
const { name } = msg.payload || {};
if (!name) {
  msg.payload = { useCases, lookbackDays: 14 };
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
