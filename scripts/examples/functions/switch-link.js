flow.set('linkIsDown', msg.payload === 'down');
node.status(msg.payload === 'down'
  ? { fill: 'red', shape: 'ring', text: 'link is down' }
  : { fill: 'green', shape: 'dot', text: 'link is up' });
return null;
