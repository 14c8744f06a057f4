// Keeps what the operator's page shows of an event.
const { eventId, timestamp, eventData } = msg.payload;
flow.set('lastEvents', [{ eventId, timestamp, result: eventData.result }, ...(flow.get('lastEvents') || [])].slice(0, 10));
return null;
