// Answers like the upload of the Vision Events API.
const file = (msg.req.files || [])[0];
msg.headers = { 'content-type': 'application/json' };
msg.statusCode = file ? 201 : 400;
if (file) {
  const sourceId = 've-img-' + RED.util.generateId();
  keepPicture(sourceId, file.buffer);
  msg.payload = { success: true, sourceId, url: 'stand-in:' + file.originalname };
} else msg.payload = { error: 'file is required' };
return msg;
