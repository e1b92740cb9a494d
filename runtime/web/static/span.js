// The API counts bytes of UTF-8, JavaScript does not: what is decoded is cut as bytes.

const isContinuation = (byte) => (byte & 0xc0) === 0x80;

// decode makes a text of UTF-8 that may begin or end inside of a character, which is
// then left out.
function decode(utf8) {
  const start = utf8.findIndex((byte) => !isContinuation(byte));
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(start < 0 ? new Uint8Array() : utf8.subarray(start), { stream: true });
}

// divide cuts UTF-8 at two byte offsets, which lie between characters.
export function divide(utf8, start, end) {
  return [utf8.subarray(0, start), utf8.subarray(start, end), utf8.subarray(end)].map(decode);
}
