// Answers the types that each metadata key had so far, from the events that arrived.
const types = new Map();
for (const { useCaseId, customMetadata } of flow.get('events') || []) {
  if (useCaseId !== msg.req.params.useCaseId) continue;
  for (const [key, value] of Object.entries(customMetadata || {})) {
    types.set(key, (types.get(key) || new Set()).add(typeof value));
  }
}
const fields = Object.fromEntries([...types].map(([key, seen]) => [key, { types: [...seen] }]));
msg.headers = { 'content-type': 'application/json' };
msg.payload = { useCaseId: msg.req.params.useCaseId, fields };
return msg;
