// Of the newest pictures, so that the page can show them; as text, for any kind of context.
function keepPicture(id, bytes) {
  const kept = Object.entries(flow.get('pictures') || {}).filter(([known]) => known !== id);
  flow.set('pictures', Object.fromEntries([...kept, [id, bytes.toString('base64')]].slice(-30)));
}
