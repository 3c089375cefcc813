"""The server of shelves: an ASGI app with its state in memory, its data checked by the contract."""

import hashlib
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from openapi.contract import Contract
from openapi.media_types import essence
from openapi.operation import Operation
from openapi.parameters import check_parameter
from openapi.schema import is_read_only
from tests.shelves.faults import Fault

CONTRACT = Contract.from_file(Path(__file__).parent / "shelves.yaml")
LARGEST_BODY = 100_000

Item = dict[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Refusal(Exception):
    """A request that is refused."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Call:
    """One request, read."""

    operation: Operation
    parts: tuple[str, ...]
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes
    partner: str

    @property
    def data(self) -> Item:
        """The members of the body that clients set."""
        taken = self.operation.request_body
        schema = next(iter(taken.content.values())).schema if taken else None
        known = schema.outline.get("properties", {}) if schema else {}
        value = json.loads(self.body)
        return {name: one for name, one in value.items()
                if name not in known or not is_read_only(known[name])}  # fmt: skip


class Shelves:
    """The app, for partners by their tokens."""

    def __init__(self, tokens: Sequence[str], faults: Sequence[Fault] = ()) -> None:
        self.tokens = tokens
        self.faults = frozenset(faults)
        self.shelves: dict[str, dict[str, Item]] = {token: {} for token in tokens}
        self.books: dict[str, dict[str, Item]] = {}
        self.first: dict[str, Item] = {}
        self.gone: dict[str, list[Item]] = {}
        self.calls: dict[tuple[str, ...], tuple[bytes, Item]] = {}

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = [(b"cache-control", b"no-store")]
        media_type = b"application/json"
        try:
            call = self._read(scope, body)
            status, value = self._handler(call)(call)
            if value and "bookNo" in value:
                value = self._shown(value)
                is_read = call.operation.id == "readBook"
                if not (is_read and self._has(Fault.ETAG_LACKS)):
                    headers.append((b"etag", _tag(value).encode()))
                if is_read and self._has(Fault.READ_IS_TEXT):
                    media_type = b"text/plain"
        except Refusal as refusal:
            status, value = refusal.status, {"reason": str(refusal)}
            if status == 401:
                said = any(name == b"authorization" for name, _ in scope["headers"])
                challenge = b'Bearer error="invalid_token"' if said else b"Bearer"
                headers.append((b"www-authenticate", challenge))
            if status == 405:
                headers.append((b"allow", b"GET"))
        text = b"" if value is None else json.dumps(value).encode()
        if text:
            headers.append((b"content-type", media_type))
        headers.append((b"content-length", str(len(text)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        is_head = scope["method"] == "HEAD"
        await send({"type": "http.response.body", "body": b"" if is_head else text})

    def _has(self, *faults: Fault) -> bool:
        return not self.faults.isdisjoint(faults)

    def _shown(self, book: Item) -> Item:
        hidden = () if self._has(Fault.PIN_SHOWN) else ("pin",)
        return {name: one for name, one in book.items() if name not in hidden}

    def _read(self, scope: Mapping[str, Any], body: bytes) -> Call:
        raw: bytes = scope["raw_path"].partition(b"?")[0]
        parts = tuple(unquote(one) for one in raw.decode("latin-1").split("/"))
        headers = {name.decode("latin-1"): one.decode("latin-1") for name, one in scope["headers"]}
        is_head = scope["method"] == "HEAD"
        operation = _operation("GET" if is_head else scope["method"], parts)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.tokens:
            raise Refusal(401, "A valid token is needed.")
        if is_head and operation.id == "readBook" and self._has(Fault.HEAD_DIFFERS):
            raise Refusal(404, "There is no such book.")
        given = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        call = Call(operation, parts, given, headers, body, token)
        self._check_parameters(call)
        self._check_body(call)
        return call

    def _check_parameters(self, call: Call) -> None:
        unchecked = {
            "genre": Fault.FILTER_UNCHECKED, "limit": Fault.LIMIT_UNCHECKED,
            "offset": Fault.OFFSET_UNCHECKED, "Idempotency-Key": Fault.KEY_NOT_ASKED_FOR,
        }  # fmt: skip
        for one in call.operation.parameters:
            if one.name in unchecked and self._has(unchecked[one.name]):
                continue
            header = call.headers.get(one.key)
            values = {
                "query": call.query.get(one.name, []),
                "header": [] if header is None else [header],
                "path": [call.parts[call.operation.path.split("/").index(f"{{{one.name}}}")]]
                if one.location == "path" else [],
            }[one.location]  # fmt: skip
            if not values and not one.required:
                continue
            if one.name == "bookNo" and self._has(Fault.FAILS_ON_ID) and '"' in values[0]:
                raise Refusal(500, "Something went wrong.")
            if not values or len(values) > 1 or check_parameter(one, {one.key: values})[1]:
                raise Refusal(404 if one.location == "path" else 400, f"{one.name} is wrong.")

    def _check_body(self, call: Call) -> None:
        taken = call.operation.request_body
        if taken is None:
            return
        wanted, [media_type] = next(iter(taken.content)), taken.content.values()
        given = essence(call.headers.get("content-type", ""))
        takes_any = {"POST": Fault.ANY_TYPE_MADE, "PATCH": Fault.ANY_TYPE_TAKEN}
        if given != wanted and not self._has(takes_any.get(call.operation.method, Fault.STALE)):
            raise Refusal(415, f"Send the body as {wanted}.")
        if call.headers.get("content-encoding", "identity") not in {"identity", ""}:
            raise Refusal(415, "The coding is unknown.")
        value: Any = None
        with suppress(ValueError, RecursionError):
            value = json.loads(call.body.decode(), parse_constant=_refuse)
        text = json.dumps(value)
        if len(call.body) > LARGEST_BODY or not isinstance(value, dict) or "\\u0000" in text:
            raise Refusal(400, "The body cannot be read.")
        fails = call.operation.id == "changeBook" and self._has(Fault.FAILS_ON_PATCH)
        if fails and None in value.values():
            self._book(call)
            raise Refusal(500, "Something went wrong.")
        schema = media_type.schema
        errors = schema.errors(value) if schema else []
        ignored = self._ignored(call.operation)
        if [one for one in errors if not ignored(one.code, one.param)] or "\\ud8" in text.lower():
            if call.operation.id == "changeBook" and self._has(Fault.PATCH_REFUSED_AND_DONE):
                with suppress(Refusal):
                    self._book(call).update(title="done all the same")
            raise Refusal(400, "The body is wrong.")

    def _ignored(self, operation: Operation) -> Callable[[str, str], bool]:
        """What is overlooked of a body: by the code and the member of an error."""
        of = {"POST": "addBook", "PUT": "replaceBook", "PATCH": "changeBook"}
        if operation.id != of.get(operation.method):
            return lambda *_: False
        unchecked = {"PUT": Fault.PUT_UNCHECKED, "PATCH": Fault.PATCH_UNCHECKED}
        if self._has(unchecked.get(operation.method, Fault.STALE)):
            return lambda *_: True
        lacking = {"PUT": Fault.PUT_LACKING, "POST": Fault.POST_LACKING}
        extra = {"POST": Fault.POST_EXTRA, "PATCH": Fault.PATCH_EXTRA}
        overlooked = {
            "missing_required_field": lacking.get(operation.method),
            "unknown_field": extra.get(operation.method),
        }
        method = operation.method

        def ignored(code: str, param: str) -> bool:
            fault = overlooked.get(code)
            if method == "PATCH" and param == "title" and code == "invalid_value":
                fault = Fault.PATCH_TOO_LONG
            if code == "invalid_format" and param == "boughtOn":
                fault = {"POST": Fault.POST_ANY_DAY, "PATCH": Fault.PATCH_ANY_DAY}.get(method)
            if method == "POST" and param == "pin" and code == "invalid_format":
                fault = Fault.POST_ANY_PIN
            if method == "POST" and param == "pages" and code == "invalid_value":
                fault = Fault.POST_OUT_OF_RANGE
            return fault is not None and self._has(fault)

        return ignored

    def _handler(self, call: Call) -> Callable[[Call], tuple[int, Any]]:
        return {
            "putUpShelf": self._put_up, "listShelves": self._list_shelves,
            "readShelf": lambda one: (200, self._shelf(one)),
            "replaceShelf": self._replace_shelf, "takeDownShelf": self._take_down,
            "addBook": self._add, "listBooks": self._list_books,
            "readBook": self._read_book, "replaceBook": self._replace,
            "changeBook": self._change, "removeBook": self._remove, "lendBook": self._lend,
        }[call.operation.id]  # fmt: skip

    def _put_up(self, call: Call) -> tuple[int, Item]:
        shelf = {"shelfCode": f"s{secrets.token_hex(6)}", **call.data, "createdAt": _now()}
        self.shelves[call.partner][shelf["shelfCode"]] = shelf
        return 201, shelf

    def _list_shelves(self, call: Call) -> tuple[int, Item]:
        return 200, self._page(call, "shelves", [*self.shelves[call.partner].values()])

    def _page(self, call: Call, name: str, own: list[Item]) -> Item:
        start, size = (int(call.query.get(key, [usual])[-1])
                       for key, usual in (("offset", "0"), ("limit", "20")))  # fmt: skip
        start, size = max(start, 0), max(size, 1)
        page = own[start : start + size]
        return {name: page, "total": len(page if self._has(Fault.TOTAL_OF_PAGE) else own)}

    def _shelf(self, call: Call) -> Item:
        own = self.shelves[call.partner]
        if self._has(Fault.REPLACED_BY_ANYBODY) and call.operation.id == "replaceShelf":
            own = {key: one for shelves in self.shelves.values() for key, one in shelves.items()}
        if call.parts[2] not in own:
            raise Refusal(404, "There is no such shelf.")
        return own[call.parts[2]]

    def _replace_shelf(self, call: Call) -> tuple[int, Item]:
        shelf = self._shelf(call)
        shelf.update(call.data)
        return 200, shelf

    def _take_down(self, call: Call) -> tuple[int, None]:
        code = self._shelf(call)["shelfCode"]
        del self.shelves[call.partner][code]
        self.books.pop(code, None)
        return 204, None

    def _add(self, call: Call) -> tuple[int, Item]:
        if not self._has(Fault.SHELF_INVENTED):
            self._shelf(call)
        key = call.partner, call.parts[2], call.headers.get("idempotency-key", secrets.token_hex(9))
        if key in self.calls:
            body, made = self.calls[key]
            if body != call.body:
                raise Refusal(409, "The key was used with another body.")
            return 201, made
        data = {**call.data}
        if self._has(Fault.POST_EXTRA):
            data = {name: one for name, one in data.items() if name in _SET}
        book = {"bookNo": f"bk_{secrets.token_hex(5)}", "shelfCode": call.parts[2],
                "rare": self._has(Fault.RARE_BY_DEFAULT), **data,
                "state": "here", "createdAt": _now()}  # fmt: skip
        dropped = {
            Fault.POST_DROPS_TAGS: _without_tags, Fault.POST_DROPS_LABELS: _with_no_labels,
            Fault.POST_DROPS_MAKER: _of_no_maker,
        }  # fmt: skip
        book = self._spoilt(book, dropped)
        if self._has(Fault.CHOSEN_BY_CLIENT):
            book["state"] = json.loads(call.body).get("state", "here")
        self.books.setdefault(call.parts[2], {})[book["bookNo"]] = book
        self.first[book["bookNo"]] = dict(book)
        self.calls[key] = call.body, dict(book)
        return 200 if self._has(Fault.CREATED_IS_200) else 201, dict(book)

    def _list_books(self, call: Call) -> tuple[int, Item]:
        if not (self._has(Fault.EMPTY_INVENTED) and self._is_nowhere(call.parts[2])):
            self._shelf(call)
        own = [*self.books.get(call.parts[2], {}).values()]
        if self._has(Fault.LISTED_WHEN_GONE):
            own += self.gone.get(call.parts[2], [])
        if self._has(Fault.LIST_OF_ALL):
            own = [one for code in self.shelves[call.partner]
                   for one in self.books.get(code, {}).values()]  # fmt: skip
        genre = call.query.get("genre", [""])[-1]
        if genre and not self._has(Fault.FILTER_IGNORED) and genre in _GENRES:
            own = [one for one in own if one["genre"] == genre]
        return 200, self._page(call, "books", [self._shown(one) for one in own])

    def _is_nowhere(self, code: str) -> bool:
        return not any(code in shelves for shelves in self.shelves.values())

    def _book(self, call: Call) -> Item:
        everywhere = {
            "readBook": Fault.READ_ANYWHERE, "changeBook": Fault.CHANGED_ANYWHERE,
            "removeBook": Fault.REMOVED_ANYWHERE, "lendBook": Fault.LENT_ANYWHERE,
        }  # fmt: skip
        anybody = {"changeBook": Fault.CHANGED_BY_ANYBODY, "lendBook": Fault.LENT_BY_ANYBODY}
        id_, number = call.operation.id, call.parts[4]
        if id_ in anybody and self._has(anybody[id_]):
            shelves = [call.parts[2]]
        else:
            shelves = [self._shelf(call)["shelfCode"]]
        if id_ in everywhere and self._has(everywhere[id_]):
            shelves += self.shelves[call.partner]
        for code in shelves:
            if number in self.books.get(code, {}):
                return self.books[code][number]
        raise Refusal(404, "There is no such book.")

    def _read_book(self, call: Call) -> tuple[int, Item | None]:
        book = self._book(call)
        known = call.headers.get("if-none-match")
        is_same = known is not None and self._has(Fault.NEVER_CHANGED)
        if is_same or known in {"*", _tag(self._shown(book))}:
            return 304, None
        dropped = {
            Fault.READ_DROPS_TAGS: _without_tags, Fault.READ_DROPS_LABELS: _with_no_labels,
            Fault.READ_DROPS_MAKER: _of_no_maker,
        }  # fmt: skip
        found = self.first[book["bookNo"]] if self._has(Fault.STALE) else book
        return 200, self._spoilt(found, dropped)

    def _spoilt(self, book: Item, faults: Mapping[Fault, Callable[[Item], Item]]) -> Item:
        for fault, change in faults.items():
            book = change(book) if self._has(fault) else book
        return book

    def _replace(self, call: Call) -> tuple[int, Item]:
        book, data = self._book(call), call.data
        if self._has(Fault.CHANGED_BY_CLIENT):
            data = json.loads(call.body)
            data.pop("bookNo", None), data.pop("shelfCode", None)
        if self._has(Fault.PUT_LACKING):
            data = {**{name: book[name] for name in ("title", "pages", "genre")}, **data}
        kept = {name: book[name] for name in _KEPT}
        new = {**book, **data} if self._has(Fault.PUT_MERGES) else {**kept, **data}
        if self._has(Fault.PUT_KEEPS_PAGES):
            new["pages"] = book["pages"]
        if self._has(Fault.PUT_KEEPS_BINDING) and "binding" in book and "binding" in data:
            new["binding"] = book["binding"]
        if self._has(Fault.PUT_MERGES_TAGS) and "tags" in book:
            new.setdefault("tags", book["tags"])
        if self._has(Fault.PUT_RENUMBERS):
            own = self.books[book["shelfCode"]]
            kept["bookNo"] = f"bk_{secrets.token_hex(5)}"
            own[kept["bookNo"]] = own.pop(book["bookNo"])
        book.clear()
        book.update({**kept, **new})
        return 200, book

    def _match(self, call: Call, book: Item, taken: Fault) -> None:
        wanted = call.headers.get("if-match", "*")
        is_taken = wanted == "*" or self._has(taken)
        if not is_taken and _tag(self._shown(book)) not in re.split(r"\s*,\s*", wanted):
            raise Refusal(412, "The book is another by now.")

    def _change(self, call: Call) -> tuple[int, Item]:
        book, data = self._book(call), call.data
        self._match(call, book, Fault.STALE_CHANGE_TAKEN)
        if self._has(Fault.PATCH_UNCHECKED, Fault.PATCH_EXTRA, Fault.PATCH_TOO_LONG):
            data = {name: one for name, one in data.items() if name in _SET}
        if self._has(Fault.PATCH_REPLACES):
            book.pop("note", None)
        if self._has(Fault.PATCH_DROPS_REMARK) and "remark" in book:
            book["remark"] = None
        if self._has(Fault.PATCH_RESETS_GENRE):
            book["genre"] = "novel"
        if self._has(Fault.PATCH_DROPS_LABELS):
            book.pop("labels", None)
        if self._has(Fault.PATCH_DROPS_THREADS) and "binding" in book:
            book["binding"].pop("threads", None)
        kept = {
            "tags": Fault.PATCH_KEEPS_TAGS, "labels": Fault.PATCH_KEEPS_LABELS,
            "pages": Fault.PATCH_KEEPS_PAGES, "rare": Fault.PATCH_KEEPS_FLAG,
            "genre": Fault.PATCH_KEEPS_GENRE,
        }  # fmt: skip
        data = {name: one for name, one in data.items()
                if not (name in kept and self._has(kept[name]))
                and not (one is None and self._has(Fault.PATCH_KEEPS_REMARK))}  # fmt: skip
        before = deepcopy(book)
        for name, one in data.items():
            book[name] = {**book.get(name, {}), **one} if isinstance(one, dict) else one
        return 200, before if self._has(Fault.PATCH_ANSWERED_OLD) else book

    def _remove(self, call: Call) -> tuple[int, None]:
        book = self._book(call)
        self._match(call, book, Fault.STALE_DELETION_TAKEN)
        own = self.books[book["shelfCode"]]
        numbers = [*own]
        place = numbers.index(book["bookNo"])
        gone = [book["bookNo"]]
        if self._has(Fault.REMOVES_TWO):
            gone = numbers[max(place - 1, 0) : place + 1]
        if self._has(Fault.REMOVES_ALL):
            gone = numbers
        for one in gone:
            self.gone.setdefault(book["shelfCode"], []).append(own.pop(one))
        return 204, None

    def _lend(self, call: Call) -> tuple[int, Item]:
        book = self._book(call)
        if book["state"] == "lent":
            raise Refusal(409, "The book is lent.")
        if self._has(Fault.LENT_IDLE):
            return 200, {**book, "state": "lent"}
        book["state"] = "lent"
        return 200, book


_GENRES = ("novel", "poetry", "reference")
_SET = ("title", "pages", "genre", "note", "pin", "boughtOn", "rare", "remark",
        "tags", "labels", "binding")  # fmt: skip
_KEPT = ("bookNo", "shelfCode", "state", "createdAt")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _without_tags(book: Item) -> Item:
    return {name: one for name, one in book.items() if name != "tags"}


def _with_no_labels(book: Item) -> Item:
    return {name: {} if name == "labels" else one for name, one in book.items()}


def _of_no_maker(book: Item) -> Item:
    threads = [{"colour": one["colour"]} for one in book.get("binding", {}).get("threads", ())]
    return {**book, "binding": {**book["binding"], "threads": threads}} if threads else book


def _tag(shown: Item) -> str:
    return f'"{hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]}"'


def _refuse(text: str) -> None:
    raise ValueError(text)


def _operation(method: str, parts: Sequence[str]) -> Operation:
    on_path = [
        one for one in CONTRACT.operations.values()
        if len(template := one.path.split("/")) == len(parts)
        and all(one == part or one[:1] == "{" for one, part in zip(template, parts, strict=True))
    ]  # fmt: skip
    found = next((one for one in on_path if one.method == method), None)
    if found is None:
        raise Refusal(405 if on_path else 404, "There is no such operation.")
    return found
