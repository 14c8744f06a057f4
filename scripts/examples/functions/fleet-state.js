// The site's state for the fleet: small, and without an event's contents.
const { state, events, oldestAgeMs, delivered, refused, lastError } = msg.payload;
const site = flow.get('site') || 'site-1';
msg.topic = 'vision-events/' + site + '/state';
msg.payload = {
  site,
  online: true,
  state,
  waiting: events,
  oldestAgeS: Math.round((oldestAgeMs || 0) / 1000),
  delivered,
  refused,
  lastError: lastError ? lastError.code : null,
  at: new Date().toISOString(),
};
return msg;
