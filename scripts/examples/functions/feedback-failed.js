// The operator should know that nothing was sent.
msg.statusCode = 502;
msg.headers = { 'content-type': 'text/plain; charset=utf-8' };
msg.payload = 'The feedback was not sent: ' + msg.error.message;
return msg;
