// readEvents yields the server-sent events of a stream, with their data as JSON.
export async function* readEvents(stream) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let rest = '';
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const events = (rest + decoder.decode(piece.value, { stream: true })).split('\n\n');
      rest = events.pop();
      for (const event of events) yield parse(event);
    }
  } finally {
    reader.cancel().catch(() => {}); // nobody reads on; the server hears of it
  }
}

function parse(event) {
  const fields = event.split('\n').map((line) => line.match(/^(\w+): ?(.*)$/)).filter(Boolean);
  const value = (name) => fields.filter((f) => f[1] === name).map((f) => f[2]).join('\n');
  return { name: value('event'), data: JSON.parse(value('data')) };
}
