"""The payments server: an ASGI app with its state in memory."""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.payments.faults import Fault
from tests.payments.requests import (
    Call,
    Item,
    Refusal,
    instant_of,
    number_of,
    object_of,
    text_of,
)

BASE = "/api"
COUNTRIES = ("BR", "DE", "US")
LARGEST_PAGE, USUAL_PAGE = 50, 20

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


@dataclass
class State:
    """All that the server keeps."""

    merchants: dict[str, list[Item]] = field(default_factory=dict)
    payments: dict[str, list[Item]] = field(default_factory=dict)
    terminals: dict[str, dict[str, Item]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    calls: dict[tuple[str, ...], tuple[object, int, bytes]] = field(default_factory=dict)


class Payments:
    """The app, for partners by their tokens."""

    def __init__(self, tokens: Sequence[str], faults: Sequence[Fault] = ()) -> None:
        self.tokens = tokens
        self.faults = frozenset(faults)
        self.state = State()
        self.located: set[str] = set()
        self.last = "none"

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
            headers += self._location(scope, body)
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        is_head = scope["method"] == "HEAD"
        await send({"type": "http.response.body", "body": b"" if is_head else body})

    def _location(self, scope: Mapping[str, Any], body: bytes) -> list[tuple[bytes, bytes]]:
        """The Location of a new merchant."""
        reference = json.loads(body).get("merchantRef")
        if not scope["path"].endswith("/merchants") or Fault.LOCATION_MISSING in self.faults:
            return []
        if Fault.LOCATION_LOST in self.faults and reference in self.located:
            return []
        self.located.add(reference)
        if Fault.LOCATION_OTHER in self.faults:
            self.last, reference = reference, self.last
        return [(b"location", f"{BASE}/merchants/{reference}".encode())]

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
                found = {"GET": self._read_merchant, "PUT": self._replace_merchant}
            case ("terminals",):
                found = {"POST": self._pair}
            case ("terminals", _):
                found = {"GET": self._read_terminal, "PATCH": self._rename,
                         "DELETE": self._remove}  # fmt: skip
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
        merchant = {"merchantRef": f"m-{secrets.token_hex(8)}", **merchant_of(body),
                    "openedAt": now()}  # fmt: skip
        self.state.merchants.setdefault(call.partner, []).append(merchant)
        self.state.owners[merchant["merchantRef"]] = call.partner
        return merchant

    def _list_merchants(self, call: Call) -> tuple[int, bytes]:
        own = self.state.merchants.get(call.partner, [])
        if Fault.LIST_LEAKS in self.faults:
            own = [one for found in self.state.merchants.values() for one in found]
        offset = number_of(call.query, "offset", 0, 0, 10**9)
        count = number_of(call.query, "count", USUAL_PAGE, 1, LARGEST_PAGE)
        page: Item = {"merchants": own[offset : offset + count], "total": len(own)}
        if Fault.LIST_LACKS in self.faults:
            del page["total"]
        return 200, json.dumps(page).encode()

    def _own_merchant(self, call: Call) -> Item:
        own = self.state.merchants.get(call.partner, [])
        found = [one for one in own if one["merchantRef"] == call.path[1]]
        if not found:
            raise Refusal(404, "unknown", "There is no such merchant.")
        return found[0]

    def _read_merchant(self, call: Call) -> tuple[int, bytes]:
        return 200, json.dumps(self._own_merchant(call)).encode()

    def _replace_merchant(self, call: Call) -> tuple[int, bytes]:
        merchant = self._own_merchant(call)
        if Fault.UPDATE_FAILS in self.faults:
            raise Refusal(500, "internal", "Something went wrong.")
        merchant |= merchant_of(object_of(call))
        return 200, json.dumps(merchant).encode()

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
        if Fault.READ_HAS_TEXT in self.faults:
            payment = {**payment, "amount": str(payment["amount"])}
        return 200, json.dumps(payment).encode()

    def _pair(self, call: Call) -> tuple[int, bytes]:
        terminal = {"id": secrets.token_hex(8), "pairedAt": now(),
                    "label": text_of(object_of(call), "label", 1, 60)}  # fmt: skip
        self.state.terminals.setdefault(call.partner, {})[terminal["id"]] = terminal
        return 201, json.dumps(terminal).encode()

    def _terminals(self, call: Call) -> dict[str, Item]:
        return self.state.terminals.get(call.partner, {})

    def _terminal(self, call: Call) -> Item:
        own = self._terminals(call)
        if call.path[1] not in own:
            raise Refusal(404, "unknown", "There is no such terminal.")
        return own[call.path[1]]

    def _read_terminal(self, call: Call) -> tuple[int, bytes]:
        terminal = dict(self._terminal(call))
        if Fault.READ_LACKS in self.faults:
            del terminal["pairedAt"]
        return 200, json.dumps(terminal).encode()

    def _rename(self, call: Call) -> tuple[int, bytes]:
        body = object_of(call, "application/merge-patch+json")
        if body.keys() != {"label"}:
            raise Refusal(400, "invalid", "Send the label alone.", "label")
        label = text_of(body, "label", 1, 60)
        if Fault.UPDATE_INVENTS in self.faults and call.path[1] not in self._terminals(call):
            return 200, json.dumps({"id": call.path[1], "label": label, "pairedAt": now()}).encode()
        terminal = self._terminal(call)
        shown = {**terminal, "label": label}
        if Fault.UPDATE_IDLE not in self.faults:
            terminal["label"] = label
        broken = Fault.UPDATE_BROKEN in self.faults
        return 200, json.dumps({"ok": True} if broken else shown).encode()

    def _remove(self, call: Call) -> tuple[int, bytes]:
        terminal = self._terminal(call)
        if Fault.DELETE_IDLE not in self.faults:
            del self.state.terminals[call.partner][terminal["id"]]
        if Fault.DELETE_ANSWERS in self.faults:
            return 200, json.dumps(terminal).encode()
        return 204, b""

    def _cancel(self, call: Call) -> tuple[int, bytes]:
        payment = self._payment(call)
        if payment["state"] == "canceled":
            raise Refusal(409, "canceled", "The payment was canceled before.")
        if Fault.CANCEL_IDLE not in self.faults:
            payment["state"] = "canceled"
        broken = Fault.ACTION_BROKEN in self.faults
        shown = {"done": 1} if broken else {**payment, "state": "canceled"}
        return 200, json.dumps(shown).encode()

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


def merchant_of(body: Item) -> Item:
    """What clients say of a merchant."""
    name = text_of(body, "legalName", 1, 120)
    if body.get("country") not in COUNTRIES:
        raise Refusal(400, "invalid", "There is no such country.", "country")
    return {"legalName": name, "country": body["country"]}
