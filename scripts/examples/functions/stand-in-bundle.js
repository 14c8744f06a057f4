// Answers like the upload of a bundle: a tar archive, packed with gzip, whose first file is the event.
msg.headers = { 'content-type': 'application/json' };
try {
  const tar = zlib.gunzipSync(msg.payload);
  const size = parseInt(tar.toString('latin1', 124, 136), 8);
  const event = JSON.parse(tar.toString('utf8', 512, 512 + size));
  flow.set('events', [event, ...(flow.get('events') || [])].slice(0, 50));
  msg.statusCode = 201;
  msg.payload = { success: true };
} catch (error) {
  msg.statusCode = 400;
  msg.payload = { error: 'not a bundle: ' + error.message };
}
return msg;
