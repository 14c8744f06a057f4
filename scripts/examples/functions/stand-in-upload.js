// Answers like the upload of the Vision Events API; the picture itself is not kept.
const file = (msg.req.files || [])[0];
msg.headers = { 'content-type': 'application/json' };
msg.statusCode = file ? 201 : 400;
msg.payload = file
  ? { success: true, sourceId: 've-img-' + RED.util.generateId(), url: 'stand-in:' + file.originalname }
  : { error: 'file is required' };
return msg;
