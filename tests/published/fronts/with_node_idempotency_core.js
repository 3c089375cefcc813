// @node-idempotency/core with its memory adapter. Its errors are left to the application.

const express = require("express");
const { Idempotency } = require("@node-idempotency/core");
const { MemoryStorageAdapter } = require("@node-idempotency/storage-adapter-memory");
const { CONFIGURED, PATH, PORT, bodies, create, refusal, send } = require("./origin.js");

const options = CONFIGURED ? { inProgressStrategy: { wait: true } } : {};
const idempotency = new Idempotency(new MemoryStorageAdapter(), options);
const app = express();
app.use(bodies(express));
app.post(PATH, async (request, response) => {
  const call = {
    method: request.method,
    headers: request.headers,
    body: request.body,
    path: request.path,
  };
  if (CONFIGURED) {
    call.options = { cacheKeyPrefix: request.headers["x-partner"] };
  }
  let known;
  try {
    known = await idempotency.onRequest(call);
  } catch (error) {
    send(response, refusal("idempotency_key_in_use", error.message));
    return;
  }
  if (known) {
    send(response, { ...known.additional, body: known.body });
    return;
  }
  const { status, headers, body } = await create(request.headers, request.raw);
  // Every answer is kept: there is no other way to end a request in progress.
  await idempotency.onResponse(call, { body, additional: { status, headers } });
  send(response, { status, headers, body });
});
app.listen(PORT, "127.0.0.1");
