// Stands in for a camera with a Roboflow model: some parts have a scratch.
const predictions = [{ class: 'part', class_id: 0, confidence: 0.97, x: 320, y: 240, width: 200, height: 120 }];
if (Math.random() < 0.4) {
  predictions.push({ class: 'scratch', class_id: 1, confidence: 0.72, x: 300, y: 230, width: 40, height: 8 });
}
msg.payload = { image: { width: 640, height: 480 }, predictions };
return msg;
