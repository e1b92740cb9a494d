import { element, foreign } from './dom.js';

// Answer is a question with its answer: a text that grows, and then what it cites.
export class Answer {
  #source;
  #text = element('div', { className: 'text', dir: 'auto', ariaLive: 'polite' });
  #note = element('p', { className: 'hint' });

  constructor(question, source) {
    this.#source = source;
    this.element = element('article', { ariaBusy: 'true', ariaLabel: 'Answer' }, element('h3', { dir: 'auto' }, foreign(question)), this.#text, this.#note);
  }

  add(text) { this.#text.append(text); }

  // end says why there is no more of it.
  end(why, failed) {
    this.element.ariaBusy = 'false';
    this.#note.textContent = why;
    if (failed) Object.assign(this.#note, { className: 'error', role: 'alert' });
  }

  // finish shows the whole answer, and what the search did without, and returns
  // sentences about both.
  finish(done) {
    const said = this.#show(done);
    const without = (done.degraded ?? []).map((what) => lacks[what]);
    this.element.append(...without.map((sentence) => element('p', { className: 'hint' }, sentence)));
    return [said, ...without].join(' ');
  }

  // show shows the whole answer with its citations, and returns a sentence about it.
  #show(done) {
    this.#text.ariaLive = 'off'; // it was read out as it came
    if (!done.found) {
      this.#text.replaceChildren(done.answer || 'The documents do not say.');
      this.end(done.answer ? 'No document is cited.' : 'Ask in other words, or upload a document that says it.', false);
      return 'No document answers this.';
    }
    const numbered = done.citations.map((c, i) => ({ ...c, number: c.number ?? i + 1 }));
    this.#text.replaceChildren(...(done.answerer === 'model' ? this.#marked(done.answer, numbered) : this.#quoted(numbered)));
    this.#note.before(element('ol', { className: 'sources', ariaLabel: 'Sources' }, ...numbered.map((c) => this.#entry(c))));
    this.end(ends[done.finish_reason] ?? (done.answerer === 'model' ? '' : 'In the words of the documents.'), false);
    return `Answered, with ${numbered.length} ${numbered.length === 1 ? 'source' : 'sources'}.`;
  }

  // marked is a model's answer, whose marks [n] become buttons.
  #marked(answer, citations) {
    return answer.split(/(\[\d+\])/).map((part) => {
      const cited = citations.find((c) => part === `[${c.number}]`);
      return cited ? this.#button(cited) : part;
    });
  }

  // quoted is an answer in the words of the documents: a paragraph for each citation.
  #quoted(citations) {
    return citations.map((c) => element('p', { dir: 'auto' }, foreign(c.text), ' ', this.#button(c)));
  }

  #button(c) {
    const label = `Source ${c.number}: ${c.title}`;
    return element('button', { type: 'button', className: 'cite', ariaLabel: label, onclick: () => this.#open(c) }, String(c.number));
  }

  #entry(c) {
    const open = element('button', { type: 'button', className: 'link', onclick: () => this.#open(c) }, foreign(c.title));
    return element('li', { value: c.number }, open, element('p', { className: 'snippet', dir: 'auto' }, foreign(c.text)));
  }

  #open(c) { return this.#source.open(c.document_id, c.title, c); }
}

const lacks = {
  embedder: 'The documents were searched by words alone: the embedding model does not answer.',
  vectors: 'Not all documents were searched by what they mean: they are still being embedded.',
};

const ends = { length: 'The answer was cut off: it was longer than the model may answer.', content_filter: 'The model withheld a part of the answer.' };
