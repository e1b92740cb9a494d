// The web page of a runtime in a real browser. BULKHEAD_URL says where the runtime is;
// the keys are of tenants: MODEL_KEY has a chat model, QUOTE_KEY has none, and
// LIMITED_KEY has few requests a minute; READING_KEY may only read; DEGRADED_KEY has a document about kestrels and an
// embedding model that does not answer. The model streams for ever when it is asked
// for something slow.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.mjs';

const { BULKHEAD_URL: url, MODEL_KEY: modelKey, QUOTE_KEY: quoteKey, LIMITED_KEY: limitedKey, DEGRADED_KEY: degradedKey, READING_KEY: readingKey, SCREENSHOTS: screenshots } = process.env;

const birds = `# Vögel 🐦 über Köln

${'Ein Satz über Käfer und 🪲 daneben. '.repeat(60)}

The kestrel hovers — “rüttelt” 🪶 — above the field.

The heron waits in the reeds.
`;
const cited = 'The kestrel hovers — “rüttelt” 🪶 — above the field.';
const hostile = '# <img src=x onerror=alert(1)> \u202Eevil\n\nThe secret <script>alert(2)</script> of the crane \u202Eis javascript:alert(3) <img src=x onerror=alert(4)>.\n';

let browser;
const faults = [];
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

const start = () => open(browser, url, faults);

async function signIn(page, key) {
  await page.waitForSelector('#key', { visible: true });
  await page.type('#key', key);
  await page.keyboard.press('Enter');
}

async function enter(page, key) {
  await signIn(page, key);
  await page.waitForSelector('#workspace', { visible: true });
}

const text = (page, selector) => page.$eval(selector, (e) => e.innerText.trim());

// shows waits until an element's text has a part.
async function shows(page, selector, part) {
  try {
    await page.waitForFunction((s, p) => [...document.querySelectorAll(s)].some((e) => e.textContent.includes(p)), { timeout: 15_000 }, selector, part);
  } catch (error) {
    throw new Error(`${selector} does not show ${part}, but ${await page.$$eval(selector, (all) => all.map((e) => e.textContent))}`, { cause: error });
  }
}

const drop = (page, files) => page.evaluate((all) => {
  const dataTransfer = new DataTransfer();
  for (const [name, content] of all) dataTransfer.items.add(new File([content], name));
  const place = document.getElementById('drop');
  for (const type of ['dragenter', 'dragover', 'drop']) place.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
}, files);

// choosing is the dialog of files that an act opens.
async function choosing(page, act) {
  const opened = page.waitForFileChooser();
  await page.evaluate(() => {}); // the browser has heard by now that we wait
  await act();
  return opened;
}

async function ask(page, question) {
  await page.focus('#question');
  await page.$eval('#question', (e) => { e.value = ''; });
  await page.keyboard.type(question);
  await page.keyboard.press('Enter');
}

const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);

// tabTo presses Tab until an element that the test chooses has the focus.
async function tabTo(page, chosen) {
  for (let i = 0; i < 60; i++) {
    if (await page.evaluate(`(${chosen})(document.activeElement)`)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${chosen}`);
}

const look = async (page, name) => { if (screenshots) await page.screenshot({ path: join(screenshots, `${name}.png`) }); };

// accessible holds the page against axe, in both colour schemes.
async function accessible(page, where) {
  await page.evaluate(await readFile(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8'));
  for (const scheme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
    const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html)}`), [], `${where}, ${scheme}`);
    await look(page, `${where}-${scheme}`);
  }
}

test('a wrong key is refused, a right one signs in, and is forgotten', async () => {
  const page = await start();
  await accessible(page, 'signed-out');
  await signIn(page, 'bk_wrong');
  await shows(page, '#sign-in-error', 'The API key is missing or not valid');
  assert.equal(await focused(page), 'key');
  await enter(page, quoteKey);
  await shows(page, '#tenant', 'globex');
  assert.equal(await focused(page), 'question');
  await page.reload({ waitUntil: 'networkidle0' });
  await page.waitForSelector('#workspace', { visible: true }); // the tab keeps it
  const kept = await page.evaluate(() => [location.href, document.cookie, JSON.stringify(localStorage)]);
  assert.deepEqual(kept, [`${url}/`, '', '{}']);
  await page.click('#sign-out');
  await page.waitForSelector('#key', { visible: true });
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  assert.equal(await page.$$eval('#list li, #answers article, #uploads li', (all) => all.length), 0);
  await page.reload({ waitUntil: 'networkidle0' });
  await page.waitForSelector('#key', { visible: true });
});

test('a key that is withdrawn signs out', async () => {
  const page = await start();
  await enter(page, quoteKey);
  await page.evaluate(() => sessionStorage.setItem('bulkhead-key', 'bk_withdrawn'));
  await page.reload({ waitUntil: 'networkidle0' });
  await shows(page, '#sign-in-error', 'The API key is missing or not valid');
  assert.equal(await page.$eval('#workspace', (e) => e.hidden), true);
});

test('files are uploaded by drop and by button, with progress, and failures say why', async () => {
  const page = await start();
  await enter(page, quoteKey);
  await drop(page, [['vögel.md', birds]]);
  await shows(page, '#list', 'Vögel 🐦 über Köln');
  await shows(page, '#documents-status', 'vögel.md is uploaded.');

  await page.evaluate(() => {
    window.progress = [];
    const watch = () => {
      const bar = document.querySelector('#uploads progress');
      if (bar) window.progress.push(bar.value);
    };
    new MutationObserver(watch).observe(document.getElementById('uploads'), { subtree: true, childList: true, attributes: true, characterData: true });
  });
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-web-'));
  const large = join(folder, 'large.txt');
  await writeFile(large, 'A sentence about the wide plain.\n'.repeat(12_000));
  await page.emulateNetworkConditions({ upload: 100 << 10, download: 10 << 20, latency: 5 });
  const chooser = await choosing(page, () => page.click('#choose'));
  await chooser.accept([large]);
  await shows(page, '#list', 'large.txt');
  await page.emulateNetworkConditions(null);
  const partly = (await page.evaluate(() => window.progress)).filter((p) => p > 0 && p < 100);
  assert.ok(partly.length > 1, `the progress was ${partly}`);

  await drop(page, [['broken.pdf', '%PDF'], ['picture.png', 'png']]);
  await shows(page, '#uploads', 'damaged');
  await shows(page, '#uploads .failed', 'picture.png');
  await page.waitForFunction(() => document.querySelectorAll('#uploads .failed').length === 2);
  await accessible(page, 'uploads');
  await page.click('#uploads [aria-label="Dismiss picture.png"]');
  await page.click('#uploads [aria-label="Dismiss broken.pdf"]');
  assert.equal(await page.$$eval('#uploads li', (all) => all.length), 0);
  await page.close();
});

test('an answer cites exact spans, which a click shows', async () => {
  const page = await start();
  await enter(page, quoteKey);
  await ask(page, 'What does the kestrel do?');
  await shows(page, '#asking-status', 'Answered, with');
  await shows(page, 'article .text', cited);
  assert.ok(await page.evaluate(() => window.shifted) < 0.02, 'nothing moves by itself');
  await accessible(page, 'answer');
  await page.click('article .cite');
  await shows(page, '#source-text mark', cited);
  assert.equal(await page.$eval('#source-text mark', (e) => e.textContent), cited);
  assert.equal(await page.$eval('#source-text', (e) => e.textContent), birds);
  const inView = await page.$eval('#source-text mark', (e) => {
    const mark = e.getBoundingClientRect();
    const box = e.parentElement.getBoundingClientRect();
    return mark.top >= box.top && mark.bottom <= box.bottom;
  });
  assert.ok(inView, 'the citation is scrolled to');
  assert.equal(await text(page, '#source-status'), '');
  await accessible(page, 'source');
  await page.click('#source-close');
  assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /^Source 1: Vögel/);
  await ask(page, 'Quetzalcoatlus?');
  await shows(page, '#asking-status', 'No document answers this.');
  await page.close();
});

test('a citation of what has changed says so', async () => {
  const page = await start();
  await enter(page, quoteKey);
  await ask(page, 'What does the heron do?');
  await shows(page, '#asking-status', 'Answered, with');
  await drop(page, [['vögel.md', birds.replace('Köln', 'Aachen')]]);
  await shows(page, '#documents-status', 'vögel.md is uploaded.');
  await page.click('article .cite');
  await shows(page, '#source-status', 'The document has changed since this answer');
  await page.close();
});

test('a model streams its answer, with marks, and Stop ends it', async () => {
  const page = await start();
  await enter(page, modelKey);
  await drop(page, [['vögel.md', birds]]);
  await shows(page, '#list', 'Vögel');
  await ask(page, 'What does the kestrel do?');
  await shows(page, '#asking-status', 'Answered, with 1 source.');
  assert.ok(await page.evaluate(() => window.shifted) < 0.02, 'nothing moves by itself');
  assert.equal(await text(page, 'article .text'), 'It hovers 1, says the page,  of it.'); // there is no source 7
  await page.click('article .cite');
  await shows(page, '#source-text mark', 'kestrel');
  await page.keyboard.press('Escape');

  await ask(page, 'What is slow about the kestrel?');
  await shows(page, 'article:first-child .text', 'It comes');
  assert.equal(await text(page, '#ask-button'), 'Stop');
  assert.equal(await page.$eval('article:first-child', (e) => e.ariaBusy), 'true');
  await page.click('#ask-button');
  await shows(page, '#asking-status', 'Stopped.');
  assert.equal(await text(page, '#ask-button'), 'Ask');
  await page.close();
});

test('all of it works with the keyboard', async () => {
  const page = await start();
  await enter(page, quoteKey);
  await page.keyboard.type('What does the heron do?');
  await page.keyboard.press('Enter');
  await shows(page, '#asking-status', 'Answered, with');
  await tabTo(page, (e) => e.className === 'cite');
  await page.keyboard.press('Enter');
  await shows(page, '#source-text mark', 'The heron waits in the reeds.');
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'MARK');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'cite');
  await tabTo(page, (e) => e.id === 'choose');
  const chooser = await choosing(page, () => page.keyboard.press('Enter'));
  await chooser.cancel();
  await tabTo(page, (e) => e.ariaLabel === 'Delete large.txt');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#deleting[open]');
  assert.equal(await focused(page), 'deleting-cancel');
  await accessible(page, 'deleting');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), 'Delete large.txt');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#deleting[open]');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await shows(page, '#documents-status', 'large.txt is deleted.');
  assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /^Delete Vögel/);
  await page.keyboard.down('Shift');
  await tabTo(page, (e) => e.id === 'sign-out');
  await page.keyboard.up('Shift');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#key', { visible: true });
  await page.close();
});

test('a document that was kept can be deleted at once', async () => {
  const page = await start();
  await enter(page, quoteKey);
  await drop(page, [['kept.txt', 'The gull glides.']]);
  await shows(page, '#list', 'kept.txt');
  await page.evaluate(() => {
    const remove = document.querySelector('[aria-label="Delete kept.txt"]');
    remove.click();
    document.getElementById('deleting-cancel').click();
    remove.click(); // before the browser has told that the dialog was closed
  });
  await page.click('#deleting-confirm');
  await shows(page, '#documents-status', 'kept.txt is deleted.');
  await page.close();
});

test('a list that comes late shows nothing that was deleted meanwhile', async () => {
  const page = await start();
  await enter(page, quoteKey);
  await drop(page, [['gone.txt', 'The gull glides.']]);
  await shows(page, '#list', 'gone.txt');
  await page.evaluate(() => {
    const { fetch } = window;
    const open = new Promise((resolve) => { window.release = resolve; });
    window.fetch = async (url, options) => {
      const response = await fetch(url, options);
      if (/documents\?/.test(url)) {
        window.listed = true;
        await open;
      }
      return response;
    };
  });
  await drop(page, [['new.txt', 'The tern dives.']]);
  await page.waitForFunction(() => window.listed);
  await page.click('[aria-label="Delete gone.txt"]');
  await page.click('#deleting-confirm');
  await shows(page, '#documents-status', 'gone.txt is deleted.');
  await page.evaluate(() => window.release());
  await shows(page, '#list', 'new.txt');
  assert.doesNotMatch(await text(page, '#list'), /gone/);
  await page.close();
});

test('a large document is shown around what is cited', async () => {
  const page = await start();
  await enter(page, quoteKey);
  const many = `x${'ä🪲 '.repeat(12_000)}`; // its characters lie across wherever it is cut
  await drop(page, [['large.md', `${many}\n\nThe ostrich runs in the dunes.\n\n${many}\n`]]);
  await shows(page, '#list', 'large.md');
  await ask(page, 'Where does the ostrich run?');
  await shows(page, '#asking-status', 'Answered, with');
  await page.click('article .cite');
  await shows(page, '#source-text mark', 'The ostrich runs in the dunes.');
  const [before, ...after] = await page.$$eval('#source-text .hint', (all) => all.map((e) => e.textContent));
  assert.match(before, /^5\d\.\d kB before this are not shown\.$/);
  assert.match(after[0], /^5\d\.\d kB after this are not shown\.$/);
  assert.doesNotMatch(await text(page, '#source-text'), /\ufffd/);
  assert.equal(await page.$eval('#source-text mark', (e) => e.textContent), 'The ostrich runs in the dunes.');
  await page.close();
});

test('a hostile document is but text', async () => {
  const page = await start();
  await enter(page, quoteKey);
  await drop(page, [['<img src=x onerror=alert(5)>.md', hostile]]);
  await shows(page, '#list', '<img src=x onerror=alert(1)>');
  await ask(page, 'What is the secret of the crane?');
  await shows(page, 'article .text', '<script>alert(2)</script>');
  await page.click('article .cite');
  await shows(page, '#source-text mark', '<img src=x onerror=alert(4)>');
  assert.equal(await page.$eval('main', (e) => e.querySelectorAll('img, script').length), 0);
  assert.equal(await page.$eval('dialog', (e) => e.querySelectorAll('img, script').length), 0);
  const isolated = await page.$$eval('article .text bdi, #list bdi, #source-text mark', (all) => all.map((e) => getComputedStyle(e).unicodeBidi));
  assert.deepEqual([...new Set(isolated)], ['isolate']);
  await look(page, 'hostile');
  await page.close();
});

test('an answer says what the search did without', async () => {
  const page = await start();
  await enter(page, degradedKey);
  await ask(page, 'What does the kestrel do?');
  const without = 'The documents were searched by words alone: the embedding model does not answer.';
  await shows(page, '#asking-status', `Answered, with 1 source. ${without}`);
  await shows(page, 'article .hint', without);
  await accessible(page, 'degraded');
  await page.close();
});

test('a key that may only read is told so', async () => {
  const page = await start();
  await enter(page, readingKey);
  await drop(page, [['mine.md', birds]]);
  await shows(page, '#uploads .failed', 'The API key is not for this: use one with the scope that it takes');
  await page.close();
});

test('a limit says when to try again', async () => {
  const page = await start();
  await enter(page, limitedKey);
  for (let i = 0; i < 20 && !(await page.$('article .error')); i++) {
    await ask(page, 'Anything?');
    await page.waitForFunction(() => document.querySelector('#ask-button').textContent === 'Ask');
  }
  assert.match(await text(page, 'article .error'), /Too many requests.* Try again in \d+ seconds?\./);
  await page.close();
});

test('it fits a telephone', async () => {
  const page = await start();
  await page.setViewport({ width: 360, height: 740, hasTouch: true, isMobile: true });
  await enter(page, quoteKey);
  await ask(page, 'What does the kestrel do?');
  await shows(page, '#asking-status', 'Answered, with');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360));
  await accessible(page, 'telephone');
  await page.click('article .cite');
  await shows(page, '#source-text mark', cited);
  await look(page, 'telephone-source');
  await page.close();
});

test('nothing was violated on the way', () => assert.deepEqual(faults, []));
