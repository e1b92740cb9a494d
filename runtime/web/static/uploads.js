import { aborted } from './problem.js';
import { byId, element, foreign, pause } from './dom.js';

// types are the media types of the files that are read, by their names' extensions:
// browsers do not know all of them.
const office = 'application/vnd.openxmlformats-officedocument.';
const types = {
  txt: 'text/plain', text: 'text/plain', md: 'text/markdown', markdown: 'text/markdown',
  html: 'text/html', htm: 'text/html', xhtml: 'application/xhtml+xml', pdf: 'application/pdf', eml: 'message/rfc822',
  docx: `${office}wordprocessingml.document`, pptx: `${office}presentationml.presentation`, xlsx: `${office}spreadsheetml.sheet`,
};
const typeOf = (file) => types[file.name.split('.').pop().toLowerCase()] ?? (file.type || 'application/octet-stream');

const atATime = 2;
const patience = 5; // times that a busy server is asked again
const longestPause = 3; // seconds between two looks at how far a file is

// Uploads sends files, and follows each until it is a document or has failed.
export class Uploads {
  #api;
  #documents;
  #signal;
  #waiting = [];
  #running = 0;

  constructor(api, documents, signal) {
    this.#api = api;
    this.#documents = documents;
    this.#signal = signal;
    const files = byId('files');
    byId('choose').addEventListener('click', () => files.click(), { signal });
    files.addEventListener('change', () => { this.#add(files.files); files.value = ''; }, { signal });
    document.addEventListener('dragenter', (e) => mark(hasFiles(e)), { signal });
    document.addEventListener('dragleave', (e) => { if (!e.relatedTarget) mark(false); }, { signal });
    document.addEventListener('drop', (e) => { mark(false); this.#add(e.dataTransfer.files); }, { signal });
    signal.addEventListener('abort', () => { mark(false); byId('uploads').replaceChildren(); });
  }

  #add(files) {
    for (const file of files) {
      const row = new Row(file.name, () => this.#queue(file, row));
      this.#queue(file, row);
    }
  }

  #queue(file, row) {
    row.begin(this.#signal);
    this.#waiting.push([file, row]);
    this.#next();
  }

  async #next() {
    if (this.#running >= atATime || this.#waiting.length === 0) return;
    this.#running++;
    const [file, row] = this.#waiting.shift();
    try {
      await this.#upload(file, row);
    } catch (error) {
      if (aborted(error)) row.remove();
      else row.fail(error.message);
    }
    this.#running--;
    this.#next();
  }

  async #upload(file, row) {
    let document = await this.#send(file, row);
    for (let wait = 0.2; document.status === 'in_progress'; wait = Math.min(wait * 1.5, longestPause)) {
      row.reading();
      await pause(wait, row.signal);
      document = await this.#api.describe(document.id);
    }
    if (document.status === 'failed') {
      row.fail(document.last_error.message);
      return;
    }
    row.done();
    await this.#documents.refresh();
  }

  // send sends a file, again when the server is busy for a moment.
  async #send(file, row) {
    for (let attempt = 1; ; attempt++) {
      row.signal.throwIfAborted();
      try {
        return await this.#api.upload(file.name, file, typeOf(file), (share) => row.sent(share), row.signal);
      } catch (error) {
        if (attempt === patience || !(error.retryAfter > 0)) throw error;
        row.wait(error.message);
        await pause(error.retryAfter, row.signal);
      }
    }
  }
}

const hasFiles = (event) => event.dataTransfer?.types.includes('Files') ?? false;

const mark = (over) => byId('drop').classList.toggle('over', over);

// Row shows how far a file is.
class Row {
  #name;
  #item;
  #bar;
  #text = element('p', { className: 'hint' });
  #again;
  #dismiss = element('button', { type: 'button', className: 'quiet' });
  #abort;

  constructor(name, again) {
    this.#name = name;
    this.#bar = element('progress', { max: 100, value: 0, ariaLabel: `Upload of ${name}` });
    this.#again = element('button', { type: 'button', className: 'quiet', ariaLabel: `Try again: ${name}`, onclick: again }, 'Try again');
    this.#item = element('li', {}, element('div', { className: 'grow' }, element('p', {}, foreign(name)), this.#bar, this.#text), this.#again, this.#dismiss);
    byId('uploads').append(this.#item);
  }

  get signal() { return this.#abort.signal; }

  // begin makes the row that of a file which is on its way, until all is over.
  begin(session) {
    this.#abort = new AbortController();
    session.addEventListener('abort', () => this.#abort.abort(session.reason), { signal: this.#abort.signal });
    this.#item.className = '';
    this.#text.role = null;
    this.#bar.hidden = false;
    this.#again.hidden = true;
    this.#end('Cancel', () => { this.#abort.abort(new DOMException('canceled', 'AbortError')); this.remove(); });
    this.sent(0);
    this.#text.textContent = 'Waiting…';
  }

  #end(label, act) {
    Object.assign(this.#dismiss, { textContent: label, ariaLabel: `${label} ${this.#name}`, onclick: act });
  }

  sent(share) {
    this.#bar.value = Math.round(100 * share);
    this.#text.textContent = `${this.#bar.value} % sent`;
  }

  wait(why) { this.#text.textContent = why; }

  reading() {
    this.#bar.removeAttribute('value');
    this.#text.textContent = 'Reading…';
  }

  done() {
    say(this.#name, ' is uploaded.');
    this.remove();
  }

  fail(why) {
    this.#item.className = 'failed';
    this.#bar.hidden = true;
    this.#again.hidden = false;
    this.#text.role = 'alert';
    this.#text.textContent = why;
    this.#end('Dismiss', () => this.remove());
    say(this.#name, ' was not uploaded.');
  }

  // remove leaves the focus near where it was.
  remove() {
    if (this.#item.contains(document.activeElement)) byId('choose').focus();
    this.#item.remove();
  }
}

const say = (name, what) => byId('documents-status').replaceChildren(foreign(name), what);
