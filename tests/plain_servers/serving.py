"""One plain server for the contracts: requests are checked by the contract, then by its rules."""

import base64
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from openapi.contract import Contract
from openapi.operation import Operation
from tests.plain_servers.contracts import CERTIFICATE, OF_SEVERAL_KEYS, SCHEMES, SHAPES, Document

TOKENS = ("first:partner_4c1e9a77d0b25f83", "second:partner_90b7f3e6c8d1a254")
"""What names a partner: a token, a key, or the user and password of HTTP Basic."""

Item = dict[str, Any]
Rule = Callable[["Shop", str, Item], int]

_MOST_BYTES, _PAGE = 100_000, 20


class Refused(Exception):
    """A request that is refused with a status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Shop:
    """The items of each partner, by collection, and the rules of a contract."""

    def __init__(self, name: str, document: Document) -> None:
        self.name = name
        self.contract = Contract(document)
        self.schemes = document["components"]["securitySchemes"]
        self.items: dict[tuple[str, str], list[Item]] = {}
        self.lock = threading.RLock()
        self.accepts: Callable[[BaseHTTPRequestHandler], str | None] = lambda _: None
        """A fault: whom a request is of that shows no credential."""
        self.own_keys = False
        """Whether API keys are others than the tokens."""
        if name == "countries":
            found = [{"code": one, "name": f"Land {one}"} for one in ("FR", "DE", "BR", "JP")]
            self.items = {(one, "/countries"): found for one in TOKENS}

    def of(self, partner: str, path: str) -> list[Item]:
        """A collection of a partner."""
        return self.items.setdefault((partner, path), [])

    def make(self, partner: str, path: str, value: Item) -> Item:
        """A new item; raises :class:`Refused`."""
        with self.lock:
            if status := RULES.get(self.name, lambda *_: 0)(self, partner, value):
                raise Refused(status)
            item = {"id": secrets.token_hex(8), **value}
            if path == "/todos":
                item.setdefault("done", False)
            if path == "/orders":
                [product] = [one for one in self.of(partner, "/products")
                             if one["id"] == value["product_id"]]  # fmt: skip
                item["total"] = product["price"] * value["quantity"]
            if path == "/exports":
                item |= {"state": "queued", "made": time.monotonic()}
            self.of(partner, path).append(item)
            return item


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text.upper())
    is_day = len(text) == len("2026-01-01")
    return found.replace(tzinfo=UTC) if is_day else found.astimezone(UTC)


def _booked(shop: Shop, partner: str, value: Item) -> int:
    now = datetime.now(UTC)
    try:
        start, end = _instant(value["start"]), _instant(value["end"])
    except (ValueError, OverflowError):
        return 422
    if not now - timedelta(days=1) < start < end < now + timedelta(days=730):
        return 422
    for one in TOKENS:
        for other in shop.of(one, "/bookings"):
            is_apart = end <= _instant(other["start"]) or _instant(other["end"]) <= start
            if other["room"] == value["room"] and not is_apart:
                return 409
    return 0


def _ordered(shop: Shop, partner: str, value: Item) -> int:
    known = {one["id"] for one in shop.of(partner, "/products")}
    return 0 if "price" in value or value["product_id"] in known else 422


def _bought(shop: Shop, partner: str, value: Item) -> int:
    return 404 if _ordered(shop, partner, value) else 0


def _filled(shop: Shop, partner: str, value: Item) -> int:
    if "price" in value:
        return 0
    known = {one["id"] for one in shop.of(partner, "/products")}
    found = value.get("product_ids") or [one["product_id"] for one in value.get("items", ())]
    return 0 if found and known.issuperset(found) else 422


def _transferred(shop: Shop, partner: str, value: Item) -> int:
    if "amount" not in value:
        return 0
    known = {one["id"] for one in shop.of(partner, "/accounts")}
    accounts = {value["from_account_id"], value["targetAccount"]}
    return 0 if known >= accounts and len(accounts) > 1 else 422


def _registered(shop: Shop, partner: str, value: Item) -> int:
    name = "plate" if "plate" in value else "vin"
    is_there = any(one[name] == value[name] for one in shop.of(partner, "/vehicles"))
    return 409 if is_there else 0


RULES: Mapping[str, Rule] = {
    "ledger": _transferred,
    "stays": _booked,
    "bookings": _booked,
    "vehicles": _registered,
    "plates": _registered,
    "shop": _ordered,
    "market": _bought,
    "baskets": _filled,
    "mixed": _ordered,
}


class Handler(BaseHTTPRequestHandler):
    """One connection to a shop."""

    shop: Shop
    protocol_version = "HTTP/1.1"
    # The body would wait 40 ms for the client to acknowledge the headers, which are sent before it.
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer any request."""
        content, headers = b"", {}
        try:
            status, value = self._answered()
        except Refused as refused:
            status, value = refused.status, {"message": "That is wrong."}
            if status == 401:
                headers["WWW-Authenticate"] = self._challenge()
            if status == 405:
                headers["Allow"] = "GET"
        if value is not None:
            content, kind = json.dumps(value).encode(), "application/json"
            if self.shop.name == "cards":
                kind = "application/vnd.cards.v2+json"
            headers["Content-Type"] = kind
        self.send_response(status)
        for name, text in {"Cache-Control": "no-store", **headers}.items():
            if text:
                self.send_header(name, text)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    @property
    def _schemes(self) -> list[Document]:
        """The schemes of the operations on a path, each of which has the same ones."""
        first = f"/{self.path.partition('?')[0].split('/')[1]}"
        operations = self.shop.contract.operations.values()
        of_path = (one for one in operations if f"{one.path}/".startswith(f"{first}/"))
        found = next((one.security[0] for one in of_path if one.security), ["credential"])
        return [self.shop.schemes[name] for name in found]

    def _challenge(self) -> str:
        scheme = self._schemes[0]
        if scheme["type"] == "apiKey":
            return ""
        if scheme.get("scheme") == "basic":
            return 'Basic realm="shop"'
        error = 'Bearer error="invalid_token"'
        return error if "authorization" in self.headers else "Bearer"

    def _body(self) -> bytes:
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            raise Refused(400)
        text = self.headers.get("content-length", "0")
        size = int(text) if text.isascii() and text.isdigit() else -1
        if not 0 <= size <= _MOST_BYTES:
            self.close_connection = True
            raise Refused(413 if self.shop.name == "uploads" else 400)
        return self.rfile.read(size)

    def _partner(self) -> str:
        schemes = self._schemes
        if schemes[0]["type"] == "mutualTLS" and isinstance(self.connection, ssl.SSLSocket):
            return TOKENS[0]  # whose certificate it is, the handshake has shown
        given = {self._shown_by(one) for one in schemes}
        if len(given) == 1 and given <= {*TOKENS}:
            return given.pop()
        if let_in := self.shop.accepts(self):
            return let_in
        raise Refused(401)

    def _shown_by(self, scheme: Document) -> str:
        """The partner whose credential a request has where a scheme has it."""
        given = self._given(scheme)
        if scheme["type"] == "apiKey" and self.shop.own_keys:
            return given.removesuffix("-key") if given.endswith("-key") else ""
        return given

    def _given(self, scheme: Document) -> str:
        """The credential that a request has where a scheme has it."""
        given = ""
        if scheme["type"] == "apiKey" and scheme["in"] == "header":
            given = self.headers.get(scheme["name"], "")
        elif scheme["type"] == "apiKey" and scheme["in"] == "query":
            found = [text for name, text in self._query() if name == scheme["name"]]
            given = found[0] if len(found) == 1 else ""
        elif scheme["type"] == "apiKey":
            pairs = [
                one.strip().partition("=") for one in self.headers.get("cookie", "").split(";")
            ]
            given = next((text for name, _, text in pairs if name == scheme["name"]), "")
        else:
            kind, _, given = self.headers.get("authorization", "").partition(" ")
            is_basic = scheme.get("scheme") == "basic"
            if kind.lower() != ("basic" if is_basic else "bearer"):
                given = ""
            elif is_basic:
                try:
                    given = base64.b64decode(given, validate=True).decode()
                except ValueError:
                    given = ""
        return given

    def _query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.path.partition("?")[2], keep_blank_values=True)

    def _operation(self) -> tuple[Operation, str]:
        parts = [unquote(one) for one in self.path.partition("?")[0].split("/")]
        method, on_path = "GET" if self.command == "HEAD" else self.command, []
        for operation in self.shop.contract.operations.values():
            template = operation.path.split("/")
            if len(template) == len(parts) and template[:2] == parts[:2] and all(parts[1:]):
                on_path.append(operation)
                if operation.method == method:
                    return operation, parts[2] if len(parts) > 2 else ""
        raise Refused(405 if on_path else 404)

    def _answered(self) -> tuple[int, Any]:
        shop, body = self.shop, self._body()
        partner = self._partner()
        operation, handle = self._operation()
        query = dict(self._query())
        for one in operation.parameters:
            text = self.headers.get(one.name) if one.location == "header" else query.get(one.name)
            if one.location == "path" or (text is None and not one.required):
                continue
            number = text is not None and text.isascii() and text.isdigit() and len(text) < 10
            value = int(text) if text and number and one.location == "query" else text
            if text is None or not one.schema.is_valid(value):
                raise Refused(400)
        collection = f"/{operation.path.split('/')[1]}"
        own = shop.of(partner, collection)
        if operation.method == "POST":
            value = self._value(operation, body)
            return operation.success_status, self._shown(shop.make(partner, collection, value))
        if not handle:
            size, page = int(query.get("per_page", _PAGE)), int(query.get("page", 1))
            part = own[::-1][(page - 1) * size : page * size]
            return 200, {"items": [self._shown(one) for one in part], "total": len(own)}
        found = [one for one in own if handle in {one.get("id"), one.get("code")}]
        if not found:
            raise Refused(404)
        if operation.method == "DELETE":
            own.remove(found[0])
            return 204, None
        return 200, self._shown(found[0])

    def _shown(self, item: Item) -> Item:
        if "made" not in item:
            return item
        state = "done" if time.monotonic() > item["made"] + 0.5 else "queued"
        return {"id": item["id"], "format": item["format"], "state": state}

    def _value(self, operation: Operation, body: bytes) -> Item:
        kind = self.headers.get("content-type", "")
        encoding = self.headers.get("content-encoding", "identity")
        wanted = {"cards": "application/vnd.cards.v2+json", "uploads": "multipart/form-data"}
        plain = kind.partition(";")[0].strip().lower()
        if plain != wanted.get(self.shop.name, "application/json") or encoding != "identity":
            raise Refused(415 if self.shop.name in wanted else 400)
        if plain == "multipart/form-data":
            return _parts(kind, body)
        try:
            value = json.loads(body.decode(), parse_constant=_refuse)
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise Refused(400) from None
        content = operation.request_body.content if operation.request_body else {}
        [schema] = [one.schema for one in content.values()]
        if (
            schema is None
            or not schema.is_valid(value)
            or "\0" in json.dumps(value).replace("\\u0000", "\0")
        ):
            raise Refused(422 if operation.documents(422) else 400)
        known = schema.definition["properties"]
        return {name: one for name, one in value.items() if name in known}


for _method in ("POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE"):
    setattr(Handler, f"do_{_method}", Handler.do_GET)


def _parts(kind: str, body: bytes) -> Item:
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body
    )
    found: dict[str, Any] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        found[str(name)] = part.get_payload(decode=True)
    if not {"title", "file"} <= found.keys():
        raise Refused(400)
    try:
        title = found["title"].decode()
    except ValueError:
        raise Refused(400) from None
    if not 1 <= len(title) <= 80 or "\0" in title:
        raise Refused(400)
    return {"title": title, "size": len(found["file"])}


def _refuse(text: str) -> None:
    raise ValueError(text)


@contextmanager
def serving(
    name: str,
    scheme: str = "",
    accepts: Callable[[BaseHTTPRequestHandler], str | None] = lambda _: None,
    *,
    own_keys: bool = False,
    tls: ssl.SSLContext | None = None,
) -> Iterator[tuple[str, Document]]:
    """The base URL of a plain server, and its contract, until the end of the block.

    With ``tls`` it serves HTTPS.
    """
    make, usual = (SHAPES | OF_SEVERAL_KEYS)[name]
    document = make(CERTIFICATE if tls else SCHEMES[scheme or usual])
    shop = Shop(name, document)
    shop.accepts, shop.own_keys = accepts, own_keys
    handler = type("Served", (Handler,), {"shop": shop})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}", document
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
