import { aborted } from './problem.js';
import { byId, bytes, element, foreign } from './dom.js';

const pageSize = 50;

// Documents is the list of the tenant's documents.
export class Documents {
  #api;
  #source;
  #last = ''; // the id of the last one that is shown
  #lists = 0; // counts the lists that were asked for, so that a late one is not shown
  #deleted = new Set(); // ids, which a list that was asked for before has still

  constructor(api, source, signal) {
    this.#api = api;
    this.#source = source;
    byId('more').addEventListener('click', () => this.#guarded(() => this.#add()), { signal });
    signal.addEventListener('abort', () => {
      for (const id of ['list', 'documents-status', 'documents-error']) byId(id).replaceChildren();
    });
  }

  // load shows the first page.
  async load() {
    const list = ++this.#lists;
    const page = await this.#api.list(pageSize, '');
    if (list !== this.#lists) return;
    byId('list').replaceChildren();
    byId('documents-error').textContent = '';
    this.#show(page);
  }

  // refresh shows what there is after a change.
  refresh() { return this.#guarded(() => this.load()); }

  async #add() {
    const list = this.#lists;
    const page = await this.#api.list(pageSize, this.#last);
    if (list === this.#lists) this.#show(page);
  }

  async #guarded(work) {
    try {
      await work();
    } catch (error) {
      if (!aborted(error)) byId('documents-error').textContent = error.message;
    }
  }

  #show(page) {
    this.#last = page.last_id;
    byId('list').append(...page.data.filter((d) => !this.#deleted.has(d.id)).map((d) => this.#item(d)));
    byId('more').hidden = !page.has_more;
    byId('none').hidden = byId('list').children.length > 0;
  }

  #item(d) {
    const open = element('button', { type: 'button', className: 'link' }, foreign(d.title));
    open.onclick = () => this.#source.open(d.id, d.title);
    const remove = element('button', { type: 'button', className: 'quiet', ariaLabel: `Delete ${d.title}` }, 'Delete');
    const facts = element('p', { className: 'hint' }, foreign(d.external_id), ` · ${bytes(d.bytes)} · ${day(d.updated_at)}`);
    const item = element('li', {}, element('div', { className: 'grow' }, open, facts), remove);
    remove.onclick = () => this.#delete(d, item, remove);
    return item;
  }

  async #delete(d, item, button) {
    if (!await confirmed(d.title)) return;
    button.disabled = true;
    try {
      await this.#api.delete(d.id);
    } catch (error) {
      button.disabled = false;
      if (!aborted(error)) byId('documents-error').textContent = error.message;
      return;
    }
    this.#deleted.add(d.id);
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    (next?.querySelector('button.quiet') ?? byId('documents-heading')).focus();
    byId('none').hidden = byId('list').children.length > 0;
    byId('documents-error').textContent = '';
    byId('documents-status').replaceChildren(foreign(d.title), ' is deleted.');
  }
}

const day = (time) => new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

// confirmed asks whether a document shall be deleted.
function confirmed(title) {
  const dialog = byId('deleting');
  byId('deleting-text').replaceChildren(foreign(title), ' will not be found or cited any more. This can not be undone.');
  byId('deleting-cancel').onclick = () => dialog.close();
  byId('deleting-confirm').onclick = () => dialog.close('delete');
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => { // of a dialog that was opened again at once it comes too late
      if (!dialog.open) resolve(dialog.returnValue === 'delete');
    };
  });
}
