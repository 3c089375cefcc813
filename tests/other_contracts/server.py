"""One server for the three contracts: its state in memory, its requests checked by the contract."""

import json
import secrets
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, unquote

import uvicorn

from openapi.contract import Contract
from openapi.operation import Operation
from tests.other_contracts.styles import STYLES

TOKENS = ("style_first_4c1e9a77d0b25f83", "style_second_90b7f3e6c8d1a254")

Item = dict[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Refused(Exception):
    """A request that is refused with a status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Small:
    """The app of one style."""

    def __init__(self, style: str, wrong: Callable[[Item], object] | None = None) -> None:
        self.style = style
        self.wrong = wrong
        self.contract = Contract(STYLES[style]())
        self.items: dict[str, list[Item]] = {token: [] for token in TOKENS}
        self.calls: dict[tuple[str, str], tuple[object, bytes]] = {}
        self.count = 0

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers: list[tuple[bytes, bytes]] = []
        try:
            status, value = self._answer(scope, body)
            text = b"" if value is None else value if isinstance(value, bytes) else _json(value)
            media_type = "application/json"
        except Refused as refused:
            status = refused.status
            media_type, text = self._error(status)
            if status == 401:
                has = any(name == b"authorization" for name, _ in scope["headers"])
                said = b'Bearer error="invalid_token"' if has else b"Bearer"
                headers.append((b"www-authenticate", said))
            if status == 405:
                headers.append((b"allow", b"GET"))
        if text:
            headers.append((b"content-type", media_type.encode()))
        headers.append((b"cache-control", b"no-store"))
        headers.append((b"content-length", str(len(text)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        is_head = scope["method"] == "HEAD"
        await send({"type": "http.response.body", "body": b"" if is_head else text})

    def _error(self, status: int) -> tuple[str, bytes]:
        if self.style == "tasks":
            return ("text/plain", b"") if status == 403 else ("text/plain", b"That is wrong.")
        if self.style == "accounts":
            return "application/json", _json({"errors": [{"detail": "That is wrong."}]})
        if self.style == "invoices":
            return "application/json", _json({"error": {"type": "wrong", "message": "Wrong."}})
        return "application/problem+json", _json({"title": "Wrong", "status": status})

    def _answer(self, scope: Mapping[str, Any], body: bytes) -> tuple[int, Any]:
        raw: bytes = scope["raw_path"].partition(b"?")[0]
        parts = [unquote(one) for one in raw.decode("latin-1").split("/")]
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation, handle = self._operation(method, parts)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in TOKENS:
            raise Refused(403 if self.style == "tasks" else 401)
        own = self.items[token]
        resource = operation.resource
        if operation is resource.create:
            return operation.success_status, self._create(operation, token, headers, body)
        if operation is resource.list:
            query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            return 200, self._page(own, query)
        found = [one for one in own if str(one[resource.handle]) == handle]
        if not found:
            raise Refused(404)
        if self.style == "accounts":
            found[0]["state"] = "closed" if operation is resource.revoke else found[0]["state"]
            return 200, {"requestId": "r", "data": found[0]}
        if operation is resource.read:
            return 200, found[0]
        if self.style == "hooks":
            found[0]["active"] = False
            return 204, None
        own.remove(found[0])
        return operation.success_status, {"id": handle, "deleted": True} if (
            self.style == "invoices"
        ) else None

    def _operation(self, method: str, parts: list[str]) -> tuple[Operation, str]:
        on_path = []
        for operation in self.contract.operations.values():
            template = operation.path.split("/")
            if len(template) == len(parts) and all(
                one == part or one.startswith("{")
                for one, part in zip(template, parts, strict=True)
            ):
                on_path.append(operation)
                if operation.method == method:
                    places = [at for at, one in enumerate(template) if one.startswith("{")]
                    if self.style == "hooks" and parts[2] != "prj_1":
                        raise Refused(404)
                    return operation, parts[places[-1]] if places else ""
        raise Refused(405 if on_path else 404)

    def _create(
        self, operation: Operation, token: str, headers: Mapping[str, str], body: bytes
    ) -> bytes:
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused(415 if self.style == "hooks" else 400)
        if len(body) > 100_000 or headers.get("content-encoding", "identity") != "identity":
            raise Refused(400)
        value: Any = None
        with suppress(ValueError, RecursionError):
            value = json.loads(body.decode(), parse_constant=_refuse)
        schema = operation.json_body.schema if operation.json_body else None
        try:
            body.decode() and json.dumps(value, ensure_ascii=False).encode()
            is_valid = schema is not None and schema.is_valid(value)
        except ValueError:
            is_valid = False
        if not is_valid or "\0" in json.dumps(value, ensure_ascii=False) or "\\u0000" in str(body):
            raise Refused(400)
        key = headers.get("idempotency-key")
        if operation.requires_idempotency_key:
            with suppress(ValueError):
                uuid.UUID(key or "")
                return self._once(token, key or "", value)
            raise Refused(400)
        if key is None or not operation.accepts_idempotency_key:
            return _json(self._made(token, value))
        if len(key) > 255:
            raise Refused(400)
        return self._once(token, key, value)

    def _once(self, token: str, key: str, value: Item) -> bytes:
        if (token, key) in self.calls:
            first, answer = self.calls[token, key]
            if first != value:
                raise Refused(409 if self.style == "hooks" else 400)
            return answer
        made = _json(self._made(token, value))
        self.calls[token, key] = value, made
        return made

    def _made(self, token: str, value: Item) -> Item:
        self.count += 1
        item: Item = {
            "id": self.count,
            "title": value.get("title"),
            "done": value.get("done", False),
        }
        shown = item
        if self.style == "invoices":
            memo = value.get("memo", "")
            item = {"id": f"in_{secrets.token_hex(8)}", "object": "invoice", "status": "draft",
                    "created": int(time.time()), "updated_at": int(time.time()),
                    "client_secret": f"in_secret_{secrets.token_hex(16)}",
                    "expires_at": value.get("expires_at"), "memo": memo}  # fmt: skip
            shown = item
        elif self.style == "hooks":
            item = {"hookUuid": str(uuid.uuid4()), "label": value.get("label", ""),
                    "url": value["url"], "active": True}  # fmt: skip
            shown = {**item, "signingSecret": f"whs_{secrets.token_hex(20)}"}
        elif self.style == "accounts":
            item = {"accountId": secrets.token_hex(8), "name": value["name"], "state": "live"}
            shown = {**item, "apiSecret": f"as_{secrets.token_hex(20)}"}
        self.items[token].append(item)
        if self.wrong:
            self.wrong(shown)
        return {"requestId": "r", "data": shown} if self.style == "accounts" else shown

    def _page(self, own: list[Item], query: Mapping[str, list[str]]) -> Any:
        newest = own[::-1]
        if self.style == "hooks":
            return {"hooks": own}
        if self.style == "accounts":
            start, size = _number(query, "offset", 0, 10**9, 0), _number(query, "limit", 10, 50)
            return {"data": newest[start : start + size], "meta": {"total": len(own)}}
        if self.style == "tasks":
            page, size = _number(query, "page", 1, 10**9), _number(query, "per_page", 10, 30)
            return newest[(page - 1) * size : page * size]
        size, start = _number(query, "limit", 10, 100), 0
        if after := query.get("starting_after", [""])[-1]:
            places = [at for at, one in enumerate(newest) if one["id"] == after]
            if not places:
                raise Refused(400)
            start = places[0] + 1
        page_of = newest[start : start + size]
        more = start + size < len(newest)
        return {"object": "list", "data": page_of, "has_more": more, "url": "/v1/invoices"}


def _refuse(text: str) -> None:
    raise ValueError(text)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _number(
    query: Mapping[str, list[str]], name: str, usual: int, most: int, least: int = 1
) -> int:
    found = query.get(name, [str(usual)])
    text = found[-1]
    is_number = len(found) == 1 and text.isascii() and text.isdigit() and len(text) < 12
    if not is_number or not least <= int(text) <= most:
        raise Refused(400)
    return int(text)


@contextmanager
def serving(style: str, wrong: Callable[[Item], object] | None = None) -> Iterator[str]:
    """The base URL of a server of a style, until the end of the block.

    What is ``wrong`` changes each item in the answer to its creation.
    """
    config = uvicorn.Config(Small(style, wrong), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
