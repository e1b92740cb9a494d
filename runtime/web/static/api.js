import { Problem, aborted, problemOf, unreachable } from './problem.js';
import { readEvents } from './events.js';

// API sends requests with a key, until the session's signal aborts. It calls denied
// when the key is refused.
export class API {
  #key;
  #session;
  #denied;

  constructor(key, session, denied) {
    this.#key = key;
    this.#session = session;
    this.#denied = denied;
  }

  usage() { return this.#json('GET', '/v1/usage'); }

  list(limit, after) {
    return this.#json('GET', `/v1/documents?limit=${limit}${after ? `&after=${after}` : ''}`);
  }

  describe(id) { return this.#json('GET', `/v1/documents/${id}`); }

  delete(id) { return this.#send('DELETE', `/v1/documents/${id}`); }

  // content is bytes [start, end) of a document's text, as UTF-8.
  async content(id, start, end) {
    const response = await this.#send('GET', `/v1/documents/${id}/content?start=${start}&end=${end}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  // answer yields the events of an answer: passages, deltas, and done.
  async *answer(query, signal) {
    const response = await this.#send('POST', '/v1/answer', {
      signal, body: JSON.stringify({ query, stream: true }), headers: { 'Content-Type': 'application/json' },
    });
    for await (const event of this.#whole(response)) {
      yield event;
      if (event.name === 'done') return;
    }
    throw new Problem({ code: 'broken_off', message: 'The answer broke off: ask again.' });
  }

  // upload sends a file to be read later. It returns what is known of the document;
  // sent is told the share of the file that is sent.
  upload(name, file, type, sent, signal) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch does not say how far it is
      request.open('PUT', `/v1/documents/${encodeURIComponent(name)}`);
      request.setRequestHeader('Authorization', `Bearer ${this.#key}`);
      request.setRequestHeader('Content-Type', type);
      request.setRequestHeader('Prefer', 'respond-async');
      request.upload.onprogress = (e) => sent(e.total ? e.loaded / e.total : 0);
      request.onload = () => {
        if (request.status < 400) resolve(JSON.parse(request.responseText));
        else reject(this.#refusal(problemOf(request.status, request.responseText, (h) => request.getResponseHeader(h))));
      };
      request.onerror = () => reject(unreachable());
      request.onabort = () => reject(signal.reason);
      signal.addEventListener('abort', () => request.abort(), { once: true });
      request.send(file);
    });
  }

  // whole reads a stream of events, of which an error is thrown.
  async *#whole(response) {
    try {
      for await (const { name, data } of readEvents(response.body)) {
        if (name === 'error') throw this.#refusal(new Problem(data.error));
        yield { name, data };
      }
    } catch (error) {
      throw error instanceof Problem || aborted(error) ? error : unreachable();
    }
  }

  async #json(method, path) { return (await this.#send(method, path)).json(); }

  async #send(method, path, { headers, body, signal } = {}) {
    let response;
    try {
      response = await fetch(path, {
        method, body, headers: { Authorization: `Bearer ${this.#key}`, ...headers }, cache: 'no-store',
        signal: AbortSignal.any([this.#session, ...(signal ? [signal] : [])]),
      });
    } catch (error) {
      throw aborted(error) ? error : unreachable();
    }
    if (response.ok) return response;
    throw this.#refusal(problemOf(response.status, await response.text(), (h) => response.headers.get(h)));
  }

  #refusal(problem) {
    if (problem.deniesKey) this.#denied(problem);
    return problem;
  }
}
