"""A contract of bookings in rooms: what a load makes is in a resource that can be deleted."""

from typing import Any

from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, taken, thing


def rooms() -> dict[str, Any]:
    """Rooms by reference, and their bookings, which are made with an Idempotency-Key."""
    room, booking = thing(["roomRef"], roomRef=TEXT, label=TEXT), thing(["id"], id=TEXT, guest=TEXT)
    error = answer(thing(["message"], message=TEXT))
    wrong = dict.fromkeys(("400", "401", "404", "422"), error)
    above = parameter("roomRef", "path", TEXT)

    def kept(what: Any, members: str, name: str, above: list[Any], *key: Any) -> dict[str, Any]:
        body = thing([name], **{name: {**TEXT, "minLength": 1}})
        page = thing([members], **{members: {"type": "array", "items": what}})
        paged = [parameter("offset", "query", {**WHOLE, "minimum": 0}),
                 parameter("limit", "query", {**WHOLE, "minimum": 1, "maximum": 100})]  # fmt: skip
        return {
            "parameters": above,
            "post": {
                "parameters": list(key), "requestBody": {"required": True, **taken(body)},
                "responses": {"201": answer(what), **wrong},
            },
            "get": {"parameters": paged, "responses": {"200": answer(page), **wrong}},
        }  # fmt: skip

    def one(what: Any, *above: Any) -> dict[str, Any]:
        return {
            "parameters": list(above),
            "get": {"responses": {"200": answer(what), **wrong}},
            "delete": {"responses": {"204": answer(), **wrong}},
        }

    key = parameter("Idempotency-Key", "header", TEXT)
    return document("Rooms", {
        "/rooms": kept(room, "rooms", "label", []),
        "/rooms/{roomRef}": one(room, above),
        "/rooms/{roomRef}/bookings": kept(booking, "bookings", "guest", [above], key),
        "/rooms/{roomRef}/bookings/{id}": one(booking, above, parameter("id", "path", TEXT)),
    })  # fmt: skip
