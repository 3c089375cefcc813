// An app of openapi-backend on Node's own server: it validates a create and answers by the contract.
// Run as: node openapi_backend.mjs PORT CONTRACT, with openapi-backend in the folder NODE_PATH.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [port, contract] = process.argv.slice(2);
const require = createRequire(`${process.env.NODE_PATH}/`);
const { OpenAPIBackend } = require("openapi-backend");

const send = (response, status, value) => {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    "Content-Type": status < 400 ? "application/json" : "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(body);
};

const api = new OpenAPIBackend({
  definition: contract,
  apiRoot: "/v3",
  quick: true,
  handlers: {
    validationFail: (context, request, response) =>
      send(response, 422, { status: 422, errors: context.validation.errors }),
    notFound: (context, request, response) => send(response, 404, { status: 404 }),
    unauthorizedHandler: (context, request, response) => send(response, 401, { status: 401 }),
    notImplemented: (context, request, response) => {
      const { status, mock } = context.api.mockResponseForOperation(context.operation.operationId);
      send(response, status, mock);
    },
  },
});
api.registerSecurityHandler("bearerAuth", (context) =>
  Boolean(context.request.headers.authorization),
);
await api.init();

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const url = new URL(request.url, "http://localhost");
  await api.handleRequest(
    {
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: parts.length ? JSON.parse(Buffer.concat(parts).toString()) : undefined,
    },
    request,
    response,
  );
}).listen(Number(port), "127.0.0.1");
