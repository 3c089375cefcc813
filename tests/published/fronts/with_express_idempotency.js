// express-idempotency: the middleware with its memory adapter. The handler asks for a hit. Errors
// are passed to the application's own error handler.

const { isDeepStrictEqual } = require("node:util");

const express = require("express");
const { getSharedIdempotencyService, idempotency } = require("express-idempotency");
const { CONFIGURED, PATH, PORT, bodies, create, refusal, send } = require("./origin.js");

const intentValidator = {
  isValidIntent: (request, first) =>
    request.url === first.url &&
    isDeepStrictEqual(request.body, first.body) &&
    request.headers["x-partner"] === first.headers["x-partner"],
};
const app = express();
app.use(bodies(express));
app.post("*", idempotency(CONFIGURED ? { intentValidator } : {}));
app.post(PATH, async (request, response) => {
  const service = getSharedIdempotencyService();
  if (service.isHit(request)) {
    return;
  }
  const answer = await create(request.headers, request.raw);
  if (answer.status !== 201) {
    service.reportError(request);
  }
  send(response, answer);
});
app.use((error, request, response, next) => {
  send(response, refusal("idempotency_key_in_use", error.message));
});
app.listen(PORT, "127.0.0.1");
