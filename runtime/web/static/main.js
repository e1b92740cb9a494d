import { API } from './api.js';
import { Asking } from './asking.js';
import { Documents } from './documents.js';
import { Source } from './source.js';
import { Uploads } from './uploads.js';
import { byId } from './dom.js';
import { tenantOf } from './tenant.js';

// The key is kept for this tab only.
const kept = 'bulkhead-key';

let leave = null; // ends the session, if there is one

// enter shows the tenant's workspace if its key opens it.
async function enter(key) {
  const session = new AbortController();
  const api = new API(key, session.signal, (problem) => { if (!session.signal.aborted) signOut(problem.message); });
  const source = new Source(api);
  const documents = new Documents(api, source, session.signal);
  leave = () => session.abort(new DOMException('signed out', 'AbortError'));
  try {
    await documents.load();
  } catch (error) {
    if (!session.signal.aborted) signOut(error.message);
    return;
  }
  if (session.signal.aborted) return;
  sessionStorage.setItem(kept, key);
  new Asking(api, source, session.signal);
  new Uploads(api, documents, session.signal);
  showTenant(tenantOf(key));
  show(true);
  byId('question').focus();
  try {
    const { tenant } = await api.usage();
    if (!session.signal.aborted) showTenant(tenant.name);
  } catch { /* the id tells, too */ }
}

function showTenant(name) {
  byId('tenant').textContent = name;
  byId('tenant').parentElement.hidden = !name;
}

function signOut(reason = '') {
  leave?.();
  leave = null;
  sessionStorage.removeItem(kept);
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  show(false);
  byId('sign-in-error').textContent = reason;
  byId('key').focus();
}

function show(signedIn) {
  byId('signing-in').hidden = signedIn;
  byId('session').hidden = byId('workspace').hidden = !signedIn;
}

byId('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  byId('sign-in-error').textContent = '';
  const key = byId('key').value.trim();
  byId('key').value = '';
  leave?.();
  enter(key);
});
byId('sign-out').addEventListener('click', () => signOut());

// A file that is dropped beside its place must not replace the page.
for (const type of ['dragover', 'drop']) document.addEventListener(type, (event) => event.preventDefault());

const key = sessionStorage.getItem(kept);
if (key) enter(key);
else signOut();
