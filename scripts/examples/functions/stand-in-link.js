// While the link is "down" no request gets through: it leaves by the second output.
if (!flow.get('linkIsDown')) return [msg, null];
msg.headers = { 'content-type': 'application/json' };
msg.statusCode = 503;
msg.payload = { error: 'The link is switched off' };
return [null, msg];
