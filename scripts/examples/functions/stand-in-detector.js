// Stands in for a detector: answers what a Roboflow object detection model answers for the picture.
// Put an "http request" node to your inference server here, and the rest stays as it is.
const CLASS_IDS = { helmet: 0, no_helmet: 1, part: 2, scratch: 3 };
const { width, height, objects } = msg.scene;
msg.payload = {
  inference_id: RED.util.generateId(),
  time: 0.031,
  image: { width, height },
  predictions: objects.map((object) => ({
    x: object.x,
    y: object.y,
    width: object.width,
    height: object.height,
    confidence: Math.round((0.8 + Math.random() * 0.19) * 1000) / 1000,
    class: object.class,
    class_id: CLASS_IDS[object.class],
    detection_id: RED.util.generateId(),
  })),
};
delete msg.scene;
return msg;
