// No library at all.

const express = require("express");
const { PATH, PORT, bodies, create, send } = require("./origin.js");

const app = express();
app.use(bodies(express));
app.post(PATH, async (request, response) => {
  send(response, await create(request.headers, request.raw));
});
app.listen(PORT, "127.0.0.1");
