"""The contracts: tasks, invoices and hooks, each with other ids, pages, errors and endings."""

from typing import Any

TEXT, WHOLE, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}


def answer(schema: Any = None, media_type: str = "application/json") -> dict[str, Any]:
    """A response, with a body of a schema where one is given."""
    content = {"content": {media_type: {"schema": schema}}} if schema is not None else {}
    return {"description": "An answer.", **content}


def taken(schema: Any) -> dict[str, Any]:
    """The content of a body in JSON."""
    return {"content": {"application/json": {"schema": schema}}}


def thing(required: list[str], **members: Any) -> dict[str, Any]:
    """An object with these members."""
    return {"type": "object", "required": required, "properties": members}


def parameter(name: str, place: str, schema: Any, **more: Any) -> dict[str, Any]:
    """A parameter of a query, header or path."""
    required = {"required": True} if place == "path" else {}
    return {"name": name, "in": place, "schema": schema, **required, **more}


def document(title: str, paths: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document whose operations need a bearer token."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1.0"},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": paths,
    }


def tasks() -> dict[str, Any]:
    """Numbers as ids, an array as a page, errors as text, and no idempotency keys."""
    task = thing(["id", "title", "done"], id=WHOLE, title=TEXT, done=FLAG)
    wrong = {"403": answer(), "default": answer(TEXT, "text/plain")}
    body = thing(["title"], title={**TEXT, "maxLength": 60, "minLength": 1}, done=FLAG)
    return document("Tasks", {
        "/tasks": {
            "post": {
                "requestBody": {"required": True, **taken(body)},
                "responses": {"201": answer(task), **wrong},
            },
            "get": {
                "parameters": [
                    parameter("page", "query", {**WHOLE, "minimum": 1}),
                    parameter("per_page", "query", {**WHOLE, "minimum": 1, "maximum": 30}),
                ],
                "responses": {"200": answer({"type": "array", "items": task}), **wrong},
            },
        },
        "/tasks/{task}": {
            "parameters": [parameter("task", "path", WHOLE)],
            "get": {"responses": {"200": answer(task), **wrong}},
            "delete": {"responses": {"204": answer(), **wrong}},
        },
    })  # fmt: skip


def invoices() -> dict[str, Any]:
    """A creation that answers 200, cursors that are ids, and secrets that lists show as well."""
    members = {
        "id": TEXT, "object": {"const": "invoice"}, "memo": TEXT, "created": WHOLE,
        "status": {"type": "string", "enum": ["draft", "open"]}, "client_secret": TEXT,
        "expires_at": {"type": ["integer", "null"]}, "updated_at": WHOLE,
    }  # fmt: skip
    invoice = thing(["id", "object", "status", "created"], **members)
    error = thing(["error"], error=thing(["type", "message"], type=TEXT, message=TEXT))
    wrong = {status: answer(error) for status in ("400", "401", "404", "429")}
    page = thing(["data", "has_more"], object=TEXT, data={"type": "array", "items": invoice},
                 has_more=FLAG, url=TEXT)  # fmt: skip
    gone = thing(["id", "deleted"], id=TEXT, deleted=FLAG)
    body = thing([], memo={**TEXT, "maxLength": 500}, expires_at={"type": ["integer", "null"]},
                 currency={"type": "string", "enum": ["eur", "usd"]})  # fmt: skip
    return document("Invoices", {
        "/v1/invoices": {
            "post": {
                "parameters": [parameter("Idempotency-Key", "header", TEXT)],
                "requestBody": {"content": {"application/json": {"schema": body}}},
                "responses": {"200": answer(invoice), **wrong},
            },
            "get": {
                "parameters": [
                    parameter("starting_after", "query", TEXT),
                    parameter("ending_before", "query", TEXT),
                    parameter("limit", "query", {**WHOLE, "minimum": 1, "maximum": 100}),
                ],
                "responses": {"200": answer(page), **wrong},
            },
        },
        "/v1/invoices/{id}": {
            "parameters": [parameter("id", "path", TEXT)],
            "get": {"responses": {"200": answer(invoice), **wrong}},
            "delete": {
                "responses": {"200": answer(gone), **wrong}
            },
        },
    })  # fmt: skip


def hooks() -> dict[str, Any]:
    """Below a project that the contract names by example: a key that is required, one long list."""
    hook = thing(["hookUuid", "label", "active"], hookUuid={**TEXT, "format": "uuid"}, label=TEXT,
                 active=FLAG, url={**TEXT, "format": "uri"})  # fmt: skip
    made = {"allOf": [hook, thing(["signingSecret"], signingSecret=TEXT)]}
    problem = thing(["title", "status"], type=TEXT, title=TEXT, status=WHOLE)
    statuses = ("400", "401", "404", "409", "415")
    wrong = {one: answer(problem, "application/problem+json") for one in statuses}
    body = thing(["url"], url={**TEXT, "format": "uri", "example": "https://example.com/in"},
                 label={**TEXT, "maxLength": 80})  # fmt: skip
    project = parameter("projectId", "path", TEXT, example="prj_1")
    key = parameter("Idempotency-Key", "header", {**TEXT, "format": "uuid"}, required=True)
    at = "/projects/{projectId}/hooks"
    page = thing(["hooks"], hooks={"type": "array", "items": hook})
    return document("Hooks", {
        at: {
            "parameters": [project],
            "post": {
                "parameters": [key],
                "requestBody": {"required": True, **taken(body)},
                "responses": {"201": answer(made), **wrong},
            },
            "get": {"responses": {"200": answer(page), **wrong}},
        },
        f"{at}/{{hookUuid}}/deactivate": {
            "parameters": [project, parameter("hookUuid", "path", {**TEXT, "format": "uuid"})],
            "post": {"responses": {"204": answer(), **wrong}},
        },
    })  # fmt: skip


def shelves() -> dict[str, Any]:
    """Several resources side by side, one named by its clients; and something else."""
    number = {"type": "integer", "format": "int64"}
    slug = {**TEXT, "pattern": "^[a-z0-9 -]+$"}
    book, tag = thing(["id", "name"], id=number, name=TEXT), thing(["slug"], slug=slug)
    wrong = {"4XX": answer(thing(["message"], message=TEXT))}

    def kept(what: dict[str, Any], body: dict[str, Any], name: str, form: Any) -> dict[str, Any]:
        taken_body = {"required": True, **taken(body)}
        at = {"parameters": [parameter(name, "path", form)]}
        gone = {"delete": {"responses": {"204": answer(), **wrong}}}
        read = {"get": {"responses": {"200": answer(what), **wrong}}}
        listed = answer(thing(["items"], items={"type": "array", "items": what}))
        return {
            "": {"post": {"requestBody": taken_body, "responses": {"201": answer(what), **wrong}},
                 "get": {"responses": {"200": listed, **wrong}}},
            f"/{{{name}}}": {**at, **read, **gone},
        }  # fmt: skip

    tags = kept(tag, thing(["slug"], slug=slug), "slug", slug)
    size = {"type": "integer", "maximum": 3, "default": 2}
    page = thing(["items"], items={"type": "array", "items": tag}, next_cursor=TEXT)
    tags[""]["get"] = {
        "parameters": [parameter("cursor", "query", TEXT), parameter("limit", "query", size)],
        "responses": {"200": answer(page), **wrong},
    }
    paths = {
        **{f"/books{end}": one for end, one in kept(
            book, thing(["name"], name=TEXT), "id", number).items()},
        **{f"/films{end}": one for end, one in kept(
            book, thing(["name"], name=TEXT), "id", number).items()},
        **{f"/tags{end}": one for end, one in tags.items()},
        "/pages/{page}": {
            "parameters": [parameter("page", "path", {"type": "integer", "format": "int32"})],
            "put": {
                "requestBody": {"required": True, **taken(thing(["text"], text=TEXT))},
                "responses": {"200": answer(thing([], text=TEXT)), **wrong},
            },
        },
        "/news": {"get": {"responses": {"200": answer(thing([], text=TEXT)), "401": answer()}}},
    }  # fmt: skip
    return document("Shelves", paths)


def accounts() -> dict[str, Any]:
    """Each account in an envelope that has an id too, and in it a secret that is shown once."""
    account = thing(["accountId", "name", "state"], accountId=TEXT, name=TEXT,
                    state={"type": "string", "enum": ["live", "closed"]})  # fmt: skip
    made = {"allOf": [account, thing(["apiSecret"], apiSecret=TEXT)]}
    error = thing(["errors"], errors={"type": "array", "items": thing(["detail"], detail=TEXT)})
    wrong = {status: answer(error) for status in ("400", "401", "404")}
    meta = {"requestId": TEXT}
    page = thing(["data", "meta"], data={"type": "array", "items": account},
                 meta=thing(["total"], total=WHOLE))  # fmt: skip

    def wrapped(item: Any) -> dict[str, Any]:
        return answer(thing(["data"], **meta, data=item))

    at = {"parameters": [parameter("accountId", "path", TEXT)]}
    body = thing(["name"], name={**TEXT, "minLength": 1, "maxLength": 80})
    return document("Accounts", {
        "/accounts": {
            "post": {
                "parameters": [parameter("Idempotency-Key", "header", TEXT)],
                "requestBody": {"required": True, **taken(body)},
                "responses": {"201": wrapped(made), **wrong},
            },
            "get": {
                "parameters": [
                    parameter("offset", "query", {**WHOLE, "minimum": 0}),
                    parameter("limit", "query", {**WHOLE, "minimum": 1, "maximum": 50}),
                ],
                "responses": {"200": answer(page), **wrong},
            },
        },
        "/accounts/{accountId}": {**at, "get": {"responses": {"200": wrapped(account), **wrong}}},
        "/accounts/{accountId}/close": {
            **at, "post": {"responses": {"200": wrapped(account), **wrong}},
        },
    })  # fmt: skip


STYLES = {"tasks": tasks, "invoices": invoices, "hooks": hooks, "accounts": accounts}
