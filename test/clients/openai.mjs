// OpenAI's official JavaScript client against a runtime: OPENAI_BASE_URL and
// OPENAI_API_KEY say which. It ends with an error when something is not as it is there.
import assert from 'node:assert/strict';
import OpenAI, { NotFoundError, BadRequestError, toFile } from 'openai';

const client = new OpenAI({ maxRetries: 0 });
const embedder = 'embedder-of-acme';
// all reads every page of a list.
async function all(list) {
  const items = [];
  for await (const item of list) items.push(item);
  return items;
}

const sentence = 'The kestrel hovers in the wind.';
// answers are what the models say, the second of which is the tenant's.
const answers = { 'bulkhead-extractive': sentence, bulkhead: `${sentence} [1]` };

const models = await all(client.models.list());
assert.deepEqual(models.map((m) => m.id), [...Object.keys(answers), embedder]);
await assert.rejects(client.models.retrieve('gpt-9'), (e) => e instanceof NotFoundError && e.code === 'model_not_found');

// The client asks for base64 unless it is told otherwise.
const texts = ['kestrel', 'heron'];
const embedded = await client.embeddings.create({ model: embedder, input: texts });
const plain = await client.embeddings.create({ model: embedder, input: texts, encoding_format: 'float' });
assert.equal(embedded.data.length, 2);
assert.deepEqual(embedded.data.map((d) => d.embedding.map(Math.fround)), plain.data.map((d) => d.embedding.map(Math.fround)));
assert.ok(Math.abs(plain.data[1].embedding.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-5);

const file = await client.files.create({ file: await toFile(Buffer.from(`# Birds\n\n${sentence}\n`), 'js.md'), purpose: 'assistants' });
assert.equal(file.status, 'processed');
assert.equal((await client.files.retrieve(file.id)).filename, 'js.md');
assert.ok((await all(client.files.list({ limit: 1 }))).some((f) => f.id === file.id));
assert.match(await (await client.files.content(file.id)).text(), /hovers/);

const store = await client.vectorStores.create({ name: 'birds', metadata: { a: 'b' } });
const joined = await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id, attributes: { lang: 'en' } });
assert.equal(joined.status, 'completed');
assert.equal((await client.vectorStores.retrieve(store.id)).file_counts.completed, 1);
const hits = await all(client.vectorStores.search(store.id, { query: 'kestrel', filters: { type: 'eq', key: 'lang', value: 'en' } }));
assert.equal(hits[0].file_id, file.id);
assert.match(hits[0].content[0].text, /kestrel/);

const tools = [{ type: 'file_search', vector_store_ids: [store.id] }];
for (const [model, answer] of Object.entries(answers)) {
  const chat = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'What does the kestrel do?' }] });
  assert.equal(chat.choices[0].message.content, answer);
  let text = '';
  let finish;
  for await (const chunk of await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'What does the kestrel do?' }], stream: true })) {
    text += chunk.choices[0].delta.content ?? '';
    finish = chunk.choices[0].finish_reason ?? finish;
  }
  assert.deepEqual([text, finish], [answer, 'stop']);

  const response = await client.responses.create({ model, input: 'What does the kestrel do?', tools, include: ['file_search_call.results'] });
  assert.equal(response.output_text, answer);
  assert.equal(response.output[0].results[0].filename, 'js.md');
  assert.equal(response.output[1].content[0].annotations[0].file_id, file.id);
  const stream = client.responses.stream({ model, input: 'What does the kestrel do?', tools });
  const types = [];
  for await (const event of stream) types.push(event.type);
  assert.equal(types.at(-1), 'response.completed');
  assert.equal((await stream.finalResponse()).output[1].content[0].text, answer);
}

await assert.rejects(
  client.chat.completions.create({ model: 'bulkhead', n: 2, messages: [{ role: 'user', content: 'x' }] }),
  (e) => e instanceof BadRequestError && e.param === 'n' && e.code === 'unsupported_parameter',
);

assert.equal((await client.vectorStores.files.delete(file.id, { vector_store_id: store.id })).deleted, true);
assert.equal((await client.vectorStores.delete(store.id)).deleted, true);
assert.equal((await client.files.delete(file.id)).deleted, true);
await assert.rejects(client.files.retrieve(file.id), NotFoundError);
