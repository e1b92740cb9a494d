// tenantOf reads the tenant's id out of an API key, whose first 26 characters after
// its prefix are the id in base32. It is empty for what is no key.
export function tenantOf(key) {
  const [, text] = key.match(/^bk_([a-z2-7]{26})/) ?? [];
  if (!text) return '';
  let bits = 0n;
  for (const c of text) bits = (bits << 5n) | BigInt('abcdefghijklmnopqrstuvwxyz234567'.indexOf(c));
  const hex = (bits >> 2n).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
