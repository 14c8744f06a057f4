// What the outbox holds, as the node's status.
const { state, events, oldestAgeMs, refused } = msg.payload;
const age = Math.round((oldestAgeMs || 0) / 1000);
const words = [events + ' waiting'];
if (events > 0) words.push('oldest ' + age + ' s');
if (refused > 0) words.push(refused + ' refused');
node.status({ fill: state === 'waiting' ? 'yellow' : 'green', shape: events > 0 ? 'ring' : 'dot', text: words.join(', ') });
return msg;
