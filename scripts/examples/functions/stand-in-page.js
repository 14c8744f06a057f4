// The newest events that arrived at the stand-in, as a plain page.
const escape = (text) => String(text).replace(/[&<>"']/g, (c) => '&#' + c.charCodeAt(0) + ';');
const events = flow.get('events') || [];
msg.headers = { 'content-type': 'text/html; charset=utf-8' };
msg.payload = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="3"><title>Stand-in API</title>' +
  '<style>body{font:15px system-ui;margin:2rem}pre{background:#8881;padding:1rem;overflow:auto}</style>' +
  '<h1>' + events.length + ' events arrived</h1>' +
  events.map((event) => '<h3>' + escape(event.eventType) + ' · ' + escape(event.timestamp) + '</h3><pre>' +
    escape(JSON.stringify(event, null, 2)) + '</pre>').join('');
return msg;
