// @node-idempotency/nestjs: the module and its decorator on the handler. Decorators are called,
// since this file is not TypeScript.

require("reflect-metadata");
const { Controller, HttpException, Module, Post, Req, Res } = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");
const { Idempotent, NodeIdempotencyModule } = require("@node-idempotency/nestjs");
const express = require("express");
const { PATH, PORT, bodies, create } = require("./origin.js");

class Credentials {
  async make(request, response) {
    const { status, headers, body } = await create(request.headers, request.raw);
    if (status !== 201) {
      // A refusal is an exception in Nest.
      response.set(headers);
      throw new HttpException(JSON.parse(body), status);
    }
    response.status(status).set(headers);
    return JSON.parse(body);
  }
}
const own = Object.getOwnPropertyDescriptor(Credentials.prototype, "make");
Post(PATH)(Credentials.prototype, "make", own);
Idempotent()(Credentials.prototype, "make", own);
Req()(Credentials.prototype, "make", 0);
Res({ passthrough: true })(Credentials.prototype, "make", 1);
Controller()(Credentials);

class Site {}
Module({
  imports: [NodeIdempotencyModule.forRootAsync({ storage: { adapter: "memory" } })],
  controllers: [Credentials],
})(Site);

async function serve() {
  const app = await NestFactory.create(Site, { bodyParser: false, logger: false });
  app.use(bodies(express));
  await app.listen(PORT, "127.0.0.1");
}
serve();
