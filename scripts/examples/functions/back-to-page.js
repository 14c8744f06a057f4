// Remembers the answer for the page and shows the page again.
const { relatedEventId, feedback } = msg.payload.eventData;
const shown = (flow.get('lastEvents') || []).map((event) => event.eventId);
const answers = Object.entries({ ...flow.get('answers'), [relatedEventId]: '→ ' + feedback });
flow.set('answers', Object.fromEntries(answers.filter(([eventId]) => shown.includes(eventId))));
msg.statusCode = 303;
msg.headers = { location: msg.req.originalUrl };
msg.payload = '';
return msg;
