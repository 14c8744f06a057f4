// The request of a Roboflow inference server for object detection. The picture stays in msg.image.
msg.payload = {
  model_id: 'your-project/1',
  // A real server wants your key here: start Node-RED with the environment variable ROBOFLOW_API_KEY.
  api_key: env.get('ROBOFLOW_API_KEY'),
  image: { type: 'base64', value: msg.image.toString('base64') },
};
return msg;
