"""The contracts: each of another shape, with business rules that no schema says."""

from collections.abc import Callable
from typing import Any

from tests.other_contracts.styles import FLAG, TEXT, WHOLE, answer, parameter, taken, thing

Document = dict[str, Any]

DAY = {**TEXT, "format": "date"}
NAME = {**TEXT, "minLength": 1, "maxLength": 80}
VIN = {**TEXT, "pattern": "^[A-HJ-NPR-Z0-9]{17}$"}
MONEY = {**WHOLE, "minimum": 1, "maximum": 1_000_000}

BEARER = {"type": "http", "scheme": "bearer"}
BASIC = {"type": "http", "scheme": "basic"}
OAUTH = {
    "type": "oauth2",
    "flows": {"clientCredentials": {"tokenUrl": "https://login.example/token", "scopes": {}}},
}
OPEN_ID = {
    "type": "openIdConnect",
    "openIdConnectUrl": "https://login.example/.well-known/openid-configuration",
}


def key(place: str, name: str) -> Document:
    """An API key at a place."""
    return {"type": "apiKey", "in": place, "name": name}


SCHEMES = {
    "bearer": BEARER,
    "basic": BASIC,
    "header": key("header", "X-Api-Key"),
    "query": key("query", "api_key"),
    "cookie": key("cookie", "session"),
    "oauth2": OAUTH,
    "openIdConnect": OPEN_ID,
}

CERTIFICATE = {"type": "mutualTLS"}
"""The scheme of a certificate that a client shows: no token goes with it."""

ERROR = thing(["message"], message=TEXT)


def document(title: str, paths: Document, scheme: Document) -> Document:
    """An OpenAPI document whose operations need a credential of one scheme."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1.0"},
        "servers": [{"url": "/"}],
        "security": [{"credential": []}],
        "components": {"securitySchemes": {"credential": scheme}},
        "paths": paths,
    }


def refused(*statuses: int) -> Document:
    """Refusals with a message."""
    return {str(one): answer(ERROR) for one in (400, 401, *statuses)}


def listed(path: str, item: Document, body: Document, *statuses: int) -> Document:
    """A collection that is listed by page numbers, made in, read and deleted from."""
    page = thing(["items", "total"], items={"type": "array", "items": item}, total=WHOLE)
    return {
        path: {
            "get": {
                "parameters": [
                    parameter("page", "query", {**WHOLE, "minimum": 1}),
                    parameter("per_page", "query", {**WHOLE, "minimum": 1, "maximum": 50}),
                ],
                "responses": {"200": answer(page), **refused()},
            },
            "post": {
                "requestBody": {"required": True, **taken(body)},
                "responses": {"201": answer(item), **refused(*statuses)},
            },
        },
        f"{path}/{{id}}": {
            "parameters": [parameter("id", "path", TEXT)],
            "get": {"responses": {"200": answer(item), **refused(404)}},
            "delete": {"responses": {"204": answer(), **refused(404)}},
        },
    }


def todos(scheme: Document) -> Document:
    """A to-do list."""
    members = {"title": NAME, "done": FLAG, "due": {**TEXT, "format": "date-time"}}
    item = thing(["id", "title", "done"], id=TEXT, **members)
    return document("To-dos", listed("/todos", item, thing(["title"], **members), 422), scheme)


def stays(scheme: Document, time: Document = DAY) -> Document:
    """Bookings of a room: within two years, ended after they begin, and never two at a time."""
    members = {
        "room": {**WHOLE, "minimum": 1, "maximum": 500},
        "start": time,
        "end": time,
        "guest": NAME,
    }
    item = thing(["id", *members], id=TEXT, **members)
    body = thing(["room", "start", "end", "guest"], **members)
    return document("Bookings", listed("/bookings", item, body, 409, 422), scheme)


def bookings(scheme: Document) -> Document:
    """As :func:`stays`, by instants."""
    return stays(scheme, {**TEXT, "format": "date-time"})


def shop(scheme: Document) -> Document:
    """Products, and orders of products that there are."""
    product = {"name": NAME, "price": MONEY}
    products = listed(
        "/products",
        thing(["id", *product], id=TEXT, **product),
        thing(["name", "price"], **product),
        422,
    )
    order = {"product_id": TEXT, "quantity": {**WHOLE, "minimum": 1, "maximum": 100}, "note": NAME}
    orders = listed(
        "/orders",
        thing(["id", "product_id", "quantity", "total"], id=TEXT, total=WHOLE, **order),
        thing(["product_id", "quantity"], **order),
        422,
    )
    return document("Shop", {**products, **orders}, scheme)


def market(scheme: Document) -> Document:
    """As :func:`shop`, where an order of a product that is not there is answered 404."""
    found = shop(scheme)
    found["paths"]["/orders"]["post"]["responses"] |= refused(404)
    return found


def vehicles(scheme: Document, name: str = "vin", form: Document | None = None) -> Document:
    """Vehicles by a text of one form, which a partner registers once."""
    members = {name: form or VIN, "label": NAME, "fuel": {**TEXT, "enum": ["diesel", "electric"]}}
    item = thing(["id", *members], id=TEXT, **members)
    body = thing([*members], **members)
    return document("Vehicles", listed("/vehicles", item, body, 409, 422), scheme)


def plates(scheme: Document) -> Document:
    """As :func:`vehicles`, by a short text of any form, as its example is."""
    return vehicles(scheme, "plate", {**NAME, "maxLength": 8, "example": "23-AB-45"})


def ledger(scheme: Document) -> Document:
    """Accounts, and transfers from one of them to another, neither called as accounts are."""
    account = {"name": NAME}
    accounts = listed(
        "/accounts", thing(["id", *account], id=TEXT, **account), thing([*account], **account)
    )
    transfer = {"from_account_id": TEXT, "targetAccount": TEXT, "amount": MONEY, "memo": NAME}
    transfers = listed(
        "/transfers",
        thing(["id", "from_account_id", "targetAccount", "amount"], id=TEXT, **transfer),
        thing(["from_account_id", "targetAccount", "amount"], **transfer),
        422,
    )
    return document("Ledger", {**accounts, **transfers}, scheme)


def baskets(scheme: Document) -> Document:
    """Products, and what has many of them: by their ids, and each with its quantity."""
    found = shop(scheme)
    del found["paths"]["/orders"], found["paths"]["/orders/{id}"]
    line = thing(["product_id", "quantity"], product_id=TEXT, quantity={**WHOLE, "minimum": 1})
    members = {
        "/baskets": {"product_ids": {"type": "array", "items": TEXT}, "note": NAME},
        "/carts": {"items": {"type": "array", "items": line}, "note": NAME},
    }
    for path, body in members.items():
        item = thing(["id", *body], id=TEXT, **body)
        found["paths"] |= listed(path, item, thing([*body], **body), 422)
    return found


def mixed(scheme: Document) -> Document:
    """As :func:`shop`, its orders with an API key, and the rates of a currency with another one."""
    found = shop(scheme)
    found["components"]["securitySchemes"] |= {
        "key": key("header", "X-Api-Key"),
        "rates": key("query", "rates_key"),
    }
    rate = thing(["currency"], currency=TEXT)
    page = thing(["items", "total"], items={"type": "array", "items": rate}, total=WHOLE)
    found["paths"]["/rates"] = {"get": {"responses": {"200": answer(page), **refused()}}}
    for path, item in found["paths"].items():
        name = {"orders": "key", "rates": "rates"}.get(path.split("/")[1], "credential")
        for method in {"get", "post", "delete"} & item.keys():
            item[method]["security"] = [{name: []}]
    return found


def together(scheme: Document) -> Document:
    """As :func:`todos`, with two keys at once: the partner's, and that of its app."""
    found = todos(scheme)
    found["components"]["securitySchemes"]["app"] = key("header", "X-App-Id")
    return {**found, "security": [{"credential": [], "app": []}]}


def uploads(scheme: Document) -> Document:
    """Files, each with a title, taken as a form of parts."""
    item = thing(["id", "title", "size"], id=TEXT, title=NAME, size=WHOLE)
    paths = listed("/files", item, {}, 413, 415)
    body = thing(["title", "file"], title=NAME, file={**TEXT, "format": "binary"})
    paths["/files"]["post"]["requestBody"]["content"] = {"multipart/form-data": {"schema": body}}
    return document("Uploads", paths, scheme)


def vendor_headers(scheme: Document) -> Document:
    """Notes of a tenant's API version, which each request names in headers."""
    item = thing(["id", "text"], id=TEXT, text=NAME)
    paths = listed("/notes", item, thing(["text"], text=NAME), 422)
    for one in paths.values():
        one.setdefault("parameters", []).extend(
            [
                parameter("x-api-version", "header", {**TEXT, "enum": ["2026-01"]}, required=True),
                parameter("x-trace", "header", {**TEXT, "pattern": "^[a-f0-9]{8}$"}, required=True),
            ]
        )
    return document("Notes", paths, scheme)


def versioned(scheme: Document) -> Document:
    """Cards in a media type of their own, which names the version."""
    item = thing(["id", "label"], id=TEXT, label=NAME, colour={**TEXT, "enum": ["red", "blue"]})
    body = thing(["label"], label=NAME, colour={**TEXT, "enum": ["red", "blue"]})
    return _in_type(
        document("Cards", listed("/cards", item, body, 415, 422), scheme),
        "application/vnd.cards.v2+json",
    )


def _in_type(value: Any, media_type: str) -> Any:
    if isinstance(value, list):
        return [_in_type(one, media_type) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        media_type if name == "application/json" else name: _in_type(one, media_type)
        for name, one in value.items()
    }


def jobs(scheme: Document) -> Document:
    """Exports that are accepted, and done a little later."""
    item = thing(
        ["id", "format", "state"],
        id=TEXT,
        format={**TEXT, "enum": ["csv", "pdf"]},
        state={**TEXT, "enum": ["queued", "done"]},
    )
    paths = listed(
        "/exports", item, thing(["format"], format={**TEXT, "enum": ["csv", "pdf"]}), 422
    )
    made = paths["/exports"]["post"]["responses"]
    made["202"] = made.pop("201")
    return document("Exports", paths, scheme)


def read_only(scheme: Document) -> Document:
    """Countries, which nobody makes."""
    item = thing(
        ["code", "name"], code={**TEXT, "pattern": "^[A-Z]{2}$", "example": "FR"}, name=TEXT
    )
    paths = listed("/countries", item, {})
    del paths["/countries"]["post"], paths["/countries/{id}"]
    paths["/countries/{code}"] = {
        "parameters": [parameter("code", "path", item["properties"]["code"])],
        "get": {"responses": {"200": answer(item), **refused(404)}},
    }
    return document("Countries", paths, scheme)


SHAPES: dict[str, tuple[Callable[[Document], Document], str]] = {
    "todos": (todos, "header"),
    "stays": (stays, "bearer"),
    "bookings": (bookings, "bearer"),
    "shop": (shop, "bearer"),
    "market": (market, "bearer"),
    "baskets": (baskets, "bearer"),
    "vehicles": (vehicles, "bearer"),
    "plates": (plates, "bearer"),
    "ledger": (ledger, "bearer"),
    "mixed": (mixed, "bearer"),
    "uploads": (uploads, "bearer"),
    "notes": (vendor_headers, "query"),
    "cards": (versioned, "oauth2"),
    "exports": (jobs, "basic"),
    "countries": (read_only, "cookie"),
}
"""The contracts by name, each with its scheme."""

OF_SEVERAL_KEYS = {"together": (together, "header")}
"""Those that a token alone does not open."""
