"""The payments server: an ASGI app with its state in memory."""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.payments.faults import Fault

BASE = "/api"
COUNTRIES = ("BR", "DE", "US")
LARGEST_PAGE, USUAL_PAGE, LARGEST_BODY = 50, 20, 100_000

Item = dict[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Refusal(Exception):
    """A request that is refused."""

    def __init__(self, status: int, kind: str, message: str, name: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"kind": kind, "message": message, **({"field": name} if name else {})}
        }


@dataclass
class State:
    """All that the server keeps."""

    merchants: dict[str, list[Item]] = field(default_factory=dict)
    payments: dict[str, list[Item]] = field(default_factory=dict)
    terminals: dict[str, dict[str, Item]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    calls: dict[tuple[str, ...], tuple[object, int, bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One request, read."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes
    partner: str


class Payments:
    """The app, for partners by their tokens."""

    def __init__(self, tokens: Sequence[str], faults: Sequence[Fault] = ()) -> None:
        self.tokens = tokens
        self.faults = frozenset(faults)
        self.state = State()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers: list[tuple[bytes, bytes]] = []
        try:
            status, body = await self._answer(scope, receive)
        except Refusal as refusal:
            status, body = refusal.status, json.dumps(refusal.body).encode()
            if status == 401:
                said = "authorization" in {name.decode() for name, _ in scope["headers"]}
                challenge = b'Bearer error="invalid_token"' if said else b"Bearer"
                headers.append((b"www-authenticate", challenge))
            if status == 405:
                headers.append((b"allow", b"GET, POST"))
        if body:
            headers.append((b"content-type", b"application/json"))
        if scope["method"] == "POST" and status == 201:
            headers.append((b"cache-control", b"no-store"))
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        is_head = scope["method"] == "HEAD"
        await send({"type": "http.response.body", "body": b"" if is_head else body})

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> tuple[int, bytes]:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        raw: bytes = scope["raw_path"].partition(b"?")[0]
        path = raw.decode("latin-1")
        if not path.startswith(f"{BASE}/"):
            raise Refusal(404, "unknown", "There is no such path.")
        parts = tuple(unquote(one) for one in path.removeprefix(f"{BASE}/").split("/"))
        given = scope["query_string"].decode("latin-1")
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        query = parse_qs(given, keep_blank_values=True)
        method = scope["method"]
        call = Call(method, parts, query, headers, body, "")
        handler = self._handler(call)
        call = Call(method, parts, query, headers, body, self._partner(headers))
        return handler(call)

    def _partner(self, headers: Mapping[str, str]) -> str:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token in self.tokens:
            return token
        if Fault.TOKEN_UNCHECKED in self.faults:
            return self.tokens[0]
        raise Refusal(401, "token", "A valid token is needed.")

    def _handler(self, call: Call) -> Callable[[Call], tuple[int, bytes]]:
        found: Mapping[str, Callable[[Call], tuple[int, bytes]]]
        match call.path:
            case ("merchants",):
                found = {"POST": self._open, "GET": self._list_merchants}
            case ("merchants", _):
                found = {"GET": self._read_merchant}
            case ("terminals",):
                found = {"POST": self._pair}
            case ("terminals", _):
                found = {"GET": self._read_terminal, "DELETE": self._remove}
            case ("merchants", _, "payments"):
                found = {"POST": self._take, "GET": self._list_payments}
            case ("merchants", _, "payments", _):
                found = {"GET": self._read_payment}
            case ("merchants", _, "payments", _, "cancel"):
                found = {"POST": self._cancel}
            case _:
                raise Refusal(404, "unknown", "There is no such path.")
        method = "GET" if call.method == "HEAD" else call.method
        if method not in found:
            raise Refusal(405, "method", "The path has no such method.")
        return found[method]

    def _open(self, call: Call) -> tuple[int, bytes]:
        return self._once(call, self._opened)

    def _opened(self, call: Call, body: Item) -> Item:
        name = text_of(body, "legalName", 1, 120)
        if body.get("country") not in COUNTRIES:
            raise Refusal(400, "invalid", "There is no such country.", "country")
        merchant = {"merchantRef": f"m-{secrets.token_hex(8)}", "legalName": name,
                    "country": body["country"], "openedAt": now()}  # fmt: skip
        self.state.merchants.setdefault(call.partner, []).append(merchant)
        self.state.owners[merchant["merchantRef"]] = call.partner
        return merchant

    def _list_merchants(self, call: Call) -> tuple[int, bytes]:
        own = self.state.merchants.get(call.partner, [])
        if Fault.LIST_LEAKS in self.faults:
            own = [one for found in self.state.merchants.values() for one in found]
        offset = number_of(call.query, "offset", 0, 0, 10**9)
        count = number_of(call.query, "count", USUAL_PAGE, 1, LARGEST_PAGE)
        page = own[offset : offset + count]
        return 200, json.dumps({"merchants": page, "total": len(own)}).encode()

    def _read_merchant(self, call: Call) -> tuple[int, bytes]:
        own = self.state.merchants.get(call.partner, [])
        found = [one for one in own if one["merchantRef"] == call.path[1]]
        if not found:
            raise Refusal(404, "unknown", "There is no such merchant.")
        return 200, json.dumps(found[0]).encode()

    def _take(self, call: Call) -> tuple[int, bytes]:
        self._merchant(call)
        return self._once(call, self._taken)

    def _taken(self, call: Call, body: Item) -> Item:
        amount, currency = body.get("amount"), body.get("currency")
        most = 10**12 if Fault.AMOUNT_UNBOUNDED in self.faults else 10**6
        if not isinstance(amount, int) or isinstance(amount, bool) or not 1 <= amount <= most:
            raise Refusal(400, "invalid", "The amount must be from 1 to 1000000.", "amount")
        is_text = isinstance(currency, str) and len(currency) == 3
        if not is_text or not (str(currency).isascii() and str(currency).isupper()
                               and str(currency).isalpha()):  # fmt: skip
            raise Refusal(400, "invalid", "The currency has three capital letters.", "currency")
        payment = {"paymentRef": f"p-{secrets.token_hex(8)}", "merchantRef": call.path[1],
                   "amount": amount, "currency": currency, "state": "open",
                   "takenAt": now()}  # fmt: skip
        if "note" in body:
            payment["note"] = text_of(body, "note", 0, 140)
            if Fault.FAILS in self.faults and not payment["note"].isascii():
                raise Refusal(500, "internal", "Something went wrong.")
        if "dueAt" in body:
            payment["dueAt"] = instant_of(body, "dueAt")
        self.state.payments.setdefault(call.path[1], []).append(payment)
        secret = f"cs_{secrets.token_hex(16)}"
        self.state.secrets[payment["paymentRef"]] = secret
        shown = {**payment, "confirmationSecret": secret}
        if Fault.SCHEMA_BROKEN in self.faults:
            shown["amount"] = str(amount)
        return shown

    def _merchant(self, call: Call) -> None:
        if self.state.owners.get(call.path[1]) != call.partner:
            raise Refusal(404, "unknown", "There is no such merchant.")

    def _list_payments(self, call: Call) -> tuple[int, bytes]:
        if Fault.LIST_LEAKS not in self.faults:
            self._merchant(call)
        own = self.state.payments.get(call.path[1], [])
        if Fault.LIST_LEAKS in self.faults:
            own = [one for found in self.state.payments.values() for one in found]
        own = own[::-1]
        size = number_of(call.query, "pageSize", USUAL_PAGE, 1, LARGEST_PAGE)
        start = 0
        if token := call.query.get("pageToken", [""])[-1]:
            places = [place for place, one in enumerate(own) if token == f"t-{one['paymentRef']}"]
            if not places:
                raise Refusal(400, "invalid", "There is no such page.", "pageToken")
            start = places[0] + 1 - (Fault.PAGE_REPEATS in self.faults)
            start += Fault.PAGE_LOSES in self.faults
        page = [dict(one) for one in own[start : start + size]]
        more = start + size < len(own)
        if Fault.SECRET_LISTED in self.faults:
            page = [{**one, "hint": self.state.secrets[one["paymentRef"]]} for one in page]
        following = f"t-{page[-1]['paymentRef']}" if more and page else None
        return 200, json.dumps({"payments": page, "nextPageToken": following}).encode()

    def _payment(self, call: Call) -> Item:
        self._merchant(call)
        own = self.state.payments.get(call.path[1], [])
        found = [one for one in own if one["paymentRef"] == call.path[3]]
        if not found:
            raise Refusal(404, "unknown", "There is no such payment.")
        return found[0]

    def _read_payment(self, call: Call) -> tuple[int, bytes]:
        own = self.state.payments.get(call.path[1], [])
        if Fault.READ_LEAKS in self.faults:
            found = [one for one in own if one["paymentRef"] == call.path[3]]
            payment = found[0] if found else self._payment(call)
        elif Fault.READ_IS_FIRST in self.faults:
            payment = self._payment(call) and own[0]
        elif Fault.READ_INVENTS in self.faults and own:
            self._merchant(call)
            found = [one for one in own if one["paymentRef"] == call.path[3]]
            payment = found[0] if found else {**own[0], "paymentRef": call.path[3]}
        else:
            payment = self._payment(call)
        if Fault.READ_FORGETS in self.faults:
            payment = {name: one for name, one in payment.items() if name != "note"}
        return 200, json.dumps(payment).encode()

    def _pair(self, call: Call) -> tuple[int, bytes]:
        terminal = {"id": secrets.token_hex(8), "pairedAt": now(),
                    "label": text_of(object_of(call), "label", 1, 60)}  # fmt: skip
        self.state.terminals.setdefault(call.partner, {})[terminal["id"]] = terminal
        return 201, json.dumps(terminal).encode()

    def _terminal(self, call: Call) -> Item:
        own = self.state.terminals.get(call.partner, {})
        if call.path[1] not in own:
            raise Refusal(404, "unknown", "There is no such terminal.")
        return own[call.path[1]]

    def _read_terminal(self, call: Call) -> tuple[int, bytes]:
        return 200, json.dumps(self._terminal(call)).encode()

    def _remove(self, call: Call) -> tuple[int, bytes]:
        terminal = self._terminal(call)
        if Fault.DELETE_IDLE not in self.faults:
            del self.state.terminals[call.partner][terminal["id"]]
        return 204, b""

    def _cancel(self, call: Call) -> tuple[int, bytes]:
        payment = self._payment(call)
        if payment["state"] == "canceled":
            raise Refusal(409, "canceled", "The payment was canceled before.")
        if Fault.CANCEL_IDLE not in self.faults:
            payment["state"] = "canceled"
        return 200, json.dumps({**payment, "state": "canceled"}).encode()

    def _once(self, call: Call, make: Callable[[Call, Item], Item]) -> tuple[int, bytes]:
        """Make something once for each key of a partner; a key with another body is refused."""
        body = object_of(call)
        key = call.headers.get("idempotency-key")
        if key is None or Fault.KEY_IGNORED in self.faults:
            return 201, json.dumps(make(call, body)).encode()
        if len(key) > 200:
            raise Refusal(400, "invalid", "The key is too long.", "Idempotency-Key")
        is_shared = Fault.KEY_SHARED in self.faults
        place = (key,) if is_shared else (call.partner, *call.path, key)
        if place in self.state.calls:
            first, status, answer = self.state.calls[place]
            if first != body:
                if Fault.KEY_REUSED in self.faults:
                    return 201, json.dumps(make(call, body)).encode()
                wrong = 423 if Fault.STATUS_UNDOCUMENTED in self.faults else 409
                raise Refusal(wrong, "key", "The key was used with another body.")
            return status, answer
        made = json.dumps(make(call, body)).encode()
        self.state.calls[place] = body, 201, made
        return 201, made


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def object_of(call: Call) -> Item:
    """The JSON object of a body."""
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(400, "unreadable", "Send the body as application/json.")
    if call.headers.get("content-encoding", "identity") not in {"identity", ""}:
        raise Refusal(400, "unreadable", "The coding is unknown.")
    if len(call.body) > LARGEST_BODY:
        raise Refusal(400, "unreadable", "The body is too large.")

    def none(text: str) -> None:
        raise ValueError(text)

    body: object = None
    with suppress(ValueError, RecursionError):
        body = json.loads(call.body.decode(), parse_constant=none)
    if not isinstance(body, dict):
        raise Refusal(400, "unreadable", "The body is no JSON object.")
    return body


def text_of(body: Item, name: str, least: int, most: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise Refusal(400, "invalid", f"{name} has from {least} to {most} characters.", name)
    if "\0" in value or any("\ud800" <= one <= "\udfff" for one in value):
        raise Refusal(400, "invalid", f"{name} holds characters that cannot be kept.", name)
    return value


def instant_of(body: Item, name: str) -> str:
    value = body.get(name)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in str(value).upper():
        raise Refusal(400, "invalid", f"{name} must be a date-time.", name)
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        raise Refusal(400, "invalid", f"{name} is out of range.", name) from None
    return utc.isoformat().replace("+00:00", "Z")


def number_of(
    query: Mapping[str, Sequence[str]], name: str, usual: int, least: int, most: int
) -> int:
    found = query.get(name)
    if found is None:
        return usual
    text = found[-1]
    if len(found) > 1 or not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise Refusal(400, "invalid", f"{name} is a whole number.", name)
    if not least <= int(text) <= most:
        raise Refusal(400, "invalid", f"{name} is from {least} to {most}.", name)
    return int(text)
