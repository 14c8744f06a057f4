// Only pictures with a bare head go on.
return msg.payload.predictions.some((prediction) => prediction.class === 'no_helmet') ? msg : null;
