// Speaks once when the oldest event waits too long, and once when that is over.
const LIMIT_S = 20;
const late = (msg.payload.oldestAgeMs || 0) > LIMIT_S * 1000;
if (late === Boolean(context.get('late'))) return null;
context.set('late', late);
node.status(late ? { fill: 'red', shape: 'dot', text: 'too long' } : {});
msg.payload = late ? 'Events wait for more than ' + LIMIT_S + ' s. Check the link.' : 'The backlog is delivered.';
return msg;
