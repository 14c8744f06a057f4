// Answers like the upload of a bundle: a tar archive, packed with gzip, whose first file is the event; pictures follow.
msg.headers = { 'content-type': 'application/json' };
try {
  const tar = gunzip(msg.payload);
  const files = [];
  for (let at = 0; tar[at]; ) {
    const size = parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    const name = tar.toString('utf8', at, at + 100).split('\0')[0];
    files.push({ name, bytes: tar.subarray(at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  const event = JSON.parse(files[0].bytes.toString('utf8'));
  for (const { name, bytes } of files.slice(1)) keepPicture(name, bytes);
  flow.set('events', [event, ...(flow.get('events') || [])].slice(0, 50));
  flow.set('count', (flow.get('count') || 0) + 1);
  msg.statusCode = 201;
  msg.payload = { success: true };
} catch (error) {
  msg.statusCode = 400;
  msg.payload = { error: 'not a bundle: ' + error.message };
}
return msg;
