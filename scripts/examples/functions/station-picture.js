// What the picture's widget shows: the event, its picture and its boxes.
const { eventId, timestamp, eventData, images } = msg.payload;
const boxes = ((images || [])[0] || {}).objectDetections || [];
return {
  payload: { eventId, timestamp, result: eventData.result, boxes, picture: 'data:image/png;base64,' + msg.image.toString('base64') },
};
