// What the handler of every front for Node does: it has the credential made at the origin.

const http = require("node:http");

const PATH = "/v3/auth/credentials";
const PORT = Number(process.env.PORT);
const WAY = process.env.WAY ?? "default";
// Whether the library's options are set as well, in place of its defaults.
const CONFIGURED = WAY !== "default";

const SENT = ["authorization", "content-type", "accept", "idempotency-key"];
const KEPT = ["content-type", "cache-control", "www-authenticate", "idempotent-replayed"];

function picked(headers, names) {
  const found = names.filter((name) => headers[name] !== undefined);
  return Object.fromEntries(found.map((name) => [name, headers[name]]));
}

/** The status, headers and body (a text) that the origin answers. */
function create(headers, body) {
  const sent = { ...picked(headers, SENT), "content-length": body.length };
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers: sent, agent: false };
    const request = http.request(process.env.ORIGIN + PATH, options, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: answer.statusCode, headers: picked(answer.headers, KEPT), body: text });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** A problem of the contract, where a library leaves the answer to the application. */
function refusal(code, detail) {
  const problem = {
    type: "https://api.dinie.com.br/errors/validation-failed",
    title: "Unprocessable Content",
    status: 422,
    detail,
    code,
  };
  const headers = { "content-type": "application/problem+json" };
  return { status: 422, headers, body: JSON.stringify(problem) };
}

/** Middleware of Express: the bytes of a body as `raw`, and `body` parsed where it is JSON. */
function bodies(express) {
  const raw = express.raw({ type: () => true, limit: "10mb", inflate: false });
  const parsed = (request, response, next) => {
    request.raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    try {
      request.body = JSON.parse(request.raw.toString());
    } catch {
      request.body = request.raw.toString("latin1");
    }
    next();
  };
  return [raw, parsed];
}

/** Send an answer by means of Express. */
function send(response, { status, headers, body }) {
  response.status(status).set(headers).send(body);
}

module.exports = { CONFIGURED, PATH, PORT, WAY, bodies, create, refusal, send };
