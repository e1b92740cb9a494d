import { byId, bytes, element } from './dom.js';
import { divide } from './span.js';

// around is how many bytes of a document are shown on either side of what is cited.
const around = 32 << 10;

// Source shows the text of a document in a dialog, and in it what was cited. Closing
// the dialog gives the focus back to what opened it.
export class Source {
  #api;
  #shown = 0; // counts what was opened, so that a late answer is not shown

  constructor(api) {
    this.#api = api;
    byId('source-close').onclick = () => byId('source').close();
  }

  // open shows a document, and if it is cited the span of the citation.
  async open(id, title, citation) {
    const shown = ++this.#shown;
    byId('source-title').replaceChildren(element('bdi', {}, title));
    byId('source-text').replaceChildren();
    byId('source-status').textContent = 'Opening…';
    byId('source').showModal();
    try {
      const text = await this.#read(id, citation);
      if (shown === this.#shown) this.#show(text, citation);
    } catch (error) {
      if (shown === this.#shown) byId('source-status').textContent = error.message;
    }
  }

  // read fetches the bytes around a citation, and divides them by it.
  async #read(id, { start, end } = { start: 0, end: 0 }) {
    const size = (await this.#api.describe(id)).bytes;
    const from = Math.max(0, start - around);
    const to = Math.max(from, Math.min(size, end + around));
    const [before, span, after] = divide(await this.#api.content(id, from, to), start - from, end - from);
    return { before, span, after, left: from, right: size - to };
  }

  #show({ before, span, after, left, right }, citation) {
    const mark = element('mark', { tabIndex: -1 }, span);
    const parts = [omitted(left, 'before'), before, ...(citation ? [mark] : []), after, omitted(right, 'after')];
    byId('source-text').replaceChildren(...parts.filter(Boolean));
    const changed = citation && span !== citation.text;
    byId('source-status').textContent = changed ? 'The document has changed since this answer: ask again.' : '';
    if (!citation) return;
    mark.scrollIntoView({ block: 'center' });
    mark.focus({ preventScroll: true });
  }
}

const omitted = (size, where) => size > 0 && element('p', { className: 'hint' }, `${bytes(size)} ${where} this are not shown.`);
