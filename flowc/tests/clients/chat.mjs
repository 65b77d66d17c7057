// The chat face through OpenAI's own library: whole, streamed, errors. Arguments: address, key.

import assert from "node:assert/strict";
import OpenAI from "openai";

const [base, key] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: key, maxRetries: 0 });
const hi = [
  { role: "system", content: "be kind" },
  { role: "user", content: "hi" },
];
const create = (model, more = {}) => client.chat.completions.create({ model, messages: hi, ...more });

const ids = [];
for await (const model of client.models.list()) ids.push(model.id);
assert.deepEqual(ids, ["chat", "shout", "broken"]);
assert.equal((await client.models.retrieve("shout")).object, "model");

const whole = await create("shout", { temperature: 0.2 });
assert.equal(whole.choices[0].message.content, "hi!");
assert.equal(whole.object, "chat.completion");
const asked = await create("chat");
assert.equal(asked.choices[0].message.content, "Hello ä𝄞");
assert.ok(asked.usage.total_tokens > 0);

const pieces = [];
let usage;
for await (const chunk of await create("chat", { stream: true, stream_options: { include_usage: true } })) {
  if (chunk.choices[0]?.delta.content) pieces.push(chunk.choices[0].delta.content);
  usage ??= chunk.usage;
}
assert.ok(pieces.length > 1);
assert.equal(pieces.join(""), "Hello ä𝄞");
assert.ok(usage.total_tokens > 0);
const helper = client.chat.completions.stream({ model: "shout", messages: hi });
assert.equal(await helper.finalContent(), "hi!");

const refused = async (kind, act) => {
  const error = await act().then(
    () => assert.fail(`${kind.name} was not thrown`),
    (error) => error,
  );
  assert.ok(error instanceof kind, error);
  return error;
};
const missing = await refused(OpenAI.NotFoundError, () => create("gpt"));
assert.deepEqual([missing.status, missing.type, missing.param], [404, "invalid_request_error", "model"]);
await refused(OpenAI.BadRequestError, () => create("shout", { n: 2 }));
await refused(OpenAI.BadRequestError, () => create("shout", { messages: [] }));
await refused(OpenAI.InternalServerError, () => create("broken"));
const cut = await refused(OpenAI.APIError, async () => {
  for await (const _ of await create("broken", { stream: true }));
});
assert.match(cut.message, /it is hi/);
const stranger = new OpenAI({ baseURL: `${base}/v1`, apiKey: "fk_wrong", maxRetries: 0 });
await refused(OpenAI.AuthenticationError, () => stranger.models.list());
const stopped = new AbortController();
const stream = await client.chat.completions.create(
  { model: "chat", messages: hi, stream: true },
  { signal: stopped.signal },
);
for await (const _ of stream) stopped.abort();
console.log("ok");
