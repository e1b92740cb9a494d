// Small helpers. Texts only ever become text nodes: what a document holds, or is called,
// is never read as HTML.

export const byId = (id) => document.getElementById(id);

// element makes an element with properties and children, which are elements or texts.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (property in made) made[property] = value;
    else made.setAttribute(property, value);
  }
  made.append(...children);
  return made;
}

// foreign is a text of somebody else, whose writing direction changes nothing around it.
export const foreign = (text) => element('bdi', {}, text);

// bytes says a size for people.
export function bytes(size) {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000;
  return `${size.toLocaleString('en', { maximumFractionDigits: unit === 0 || size >= 100 ? 0 : 1 })} ${units[unit]}`;
}

// pause waits for some seconds, or until the signal aborts.
export const pause = (seconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, seconds * 1000);
  signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
});
