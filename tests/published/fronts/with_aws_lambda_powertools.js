// @aws-lambda-powertools/idempotency: a Lambda handler that is wrapped, behind a gateway of HTTP.
// The persistence layer is the one on Redis. Errors of the utility are left to the application.

const express = require("express");
const { IdempotencyConfig, makeIdempotent } = require("@aws-lambda-powertools/idempotency");
const { CachePersistenceLayer } = require("@aws-lambda-powertools/idempotency/cache");
const { IdempotencyUnknownError } = require("@aws-lambda-powertools/idempotency");
const { createClient } = require("@redis/client");
const { CONFIGURED, PATH, PORT, WAY, bodies, create, refusal, send } = require("./origin.js");

class Refused extends Error {
  constructor(answer) {
    super(`${answer.status}`);
    this.answer = answer;
  }
}

const KEY = 'headers."idempotency-key"';
const PARTNER = "requestContext.authorizer.principalId";
const context = { awsRequestId: "1", getRemainingTimeInMillis: () => 30_000 };

async function serve() {
  const client = await createClient({ url: process.env.REDIS_URL }).connect();
  const config = CONFIGURED
    ? new IdempotencyConfig({
        eventKeyJmesPath: `${KEY} && [${PARTNER}, ${KEY}]`,
        payloadValidationJmesPath: WAY === "validation" ? "body" : undefined,
        expiresAfterSeconds: 24 * 3600,
      })
    : new IdempotencyConfig({ eventKeyJmesPath: KEY });
  const handler = makeIdempotent(
    async (event) => {
      const answer = await create(event.headers, Buffer.from(event.body, "base64"));
      if (answer.status !== 201) {
        throw new Refused(answer);
      }
      return answer;
    },
    { persistenceStore: new CachePersistenceLayer({ client }), config },
  );
  const app = express();
  app.use(bodies(express));
  app.post(PATH, async (request, response) => {
    const event = {
      headers: request.headers,
      requestContext: { authorizer: { principalId: request.headers["x-partner"] } },
      body: request.raw.toString("base64"),
    };
    try {
      send(response, await handler(event, context));
    } catch (error) {
      const cause = error instanceof Refused ? error : error.cause;
      if (cause instanceof Refused) {
        send(response, cause.answer);
      } else if (error instanceof IdempotencyUnknownError) {
        send(response, refusal("idempotency_key_in_use", error.name));
      } else {
        throw error;
      }
    }
  });
  app.listen(PORT, "127.0.0.1");
}
serve();
