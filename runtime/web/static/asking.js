import { aborted } from './problem.js';
import { Answer } from './answer.js';
import { byId } from './dom.js';

// Asking sends a question at a time, and shows its answer above those of before.
export class Asking {
  #api;
  #source;
  #running = null; // an AbortController, while an answer is on its way

  constructor(api, source, signal) {
    this.#api = api;
    this.#source = source;
    byId('ask').addEventListener('submit', (event) => this.#submit(event), { signal });
    byId('question').addEventListener('keydown', (event) => this.#key(event), { signal });
    signal.addEventListener('abort', () => this.#forget());
  }

  #forget() {
    this.#stop();
    byId('question').value = '';
    byId('answers').replaceChildren();
    byId('asking-status').textContent = '';
  }

  #stop() { this.#running?.abort(new DOMException('stopped', 'AbortError')); }

  #key(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!this.#running) byId('ask').requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const question = byId('question').value.trim();
    if (this.#running) this.#stop();
    else if (question) this.#ask(question);
  }

  async #ask(question) {
    const running = this.#running = new AbortController();
    const answer = new Answer(question, this.#source);
    byId('ask-button').textContent = 'Stop';
    byId('answers').prepend(answer.element);
    byId('asking-status').textContent = 'Searching the documents…';
    try {
      byId('asking-status').textContent = await this.#follow(answer, this.#api.answer(question, running.signal));
    } catch (error) {
      const stopped = aborted(error);
      byId('asking-status').textContent = stopped ? 'Stopped.' : '';
      answer.end(stopped ? 'Stopped.' : error.message, !stopped);
    }
    this.#running = null;
    byId('ask-button').textContent = 'Ask';
  }

  // follow shows an answer as it comes to be, and says how it ended.
  async #follow(answer, events) {
    for await (const { name, data } of events) {
      if (name === 'passages') byId('asking-status').textContent = 'Answering…';
      if (name === 'delta') answer.add(data.text);
      if (name === 'done') return answer.finish(data);
    }
    return '';
  }
}
