"""Files by names that clients choose: their contract, and a server with faults to choose."""

import re
import threading
from typing import Any

from conformance.target.exchange import Answer, Forward, Request
from tests.mock_server.kept.contracts import answer, contract, obj, operation, text
from tests.other_contracts.crates import answered

OCTETS, PNG, PLAIN = "application/octet-stream", "image/png", "text/plain"
_ERROR = answer(obj("message", message=text()))
_REFUSALS = {"400": _ERROR, "401": _ERROR, "415": _ERROR}
_FILE = text(format="binary")


def files(media_type: str = OCTETS) -> dict[str, Any]:
    """The contract of files of a media type."""
    whole = {"description": "The file.", "content": {media_type: {"schema": _FILE}}}
    refused = {**_REFUSALS, "404": _ERROR}
    named = text(pattern="^[a-z0-9-]{1,60}$")
    document = contract({
        "/files/{name}": {
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": named}],
            "put": operation({"201": answer(), "204": answer(), **_REFUSALS}, _FILE,
                             media_type=media_type),
            "get": operation({"200": whole, **refused}),
            "delete": operation({"204": answer(), **refused}),
        },
    })  # fmt: skip
    document["security"] = [{"bearer": []}]
    return document


class Files:
    """A server of files, which may have one fault."""

    def __init__(self, fault: str = "", media_type: str = OCTETS) -> None:
        self.fault, self.media_type = fault, media_type
        self.items: dict[tuple[int, str], bytes] = {}
        self.lock = threading.Lock()

    def __call__(self, request: Request, _: Forward) -> Answer:
        with self.lock:
            return self.answer(request)

    def answer(self, request: Request) -> Answer:
        """The answer to a request of a partner."""
        name = request.path.removeprefix("/files/")
        if request.partner is None or not re.fullmatch("[a-z0-9-]{1,60}", name):
            return answered(401 if request.partner is None else 400, {"message": "refused"})
        key = (0 if self.fault == "shown to anybody" else request.partner), name
        if request.method == "PUT":
            if ("Content-Type", self.media_type) not in request.headers:
                return answered(415, {"message": "another media type"})
            is_new = key not in self.items
            self.items[key] = self.stored(request.body)
            return Answer(201 if is_new else 204)
        if key not in self.items:
            return answered(404, {"message": "none"})
        if request.method == "DELETE":
            if self.fault != "stays":
                del self.items[key]
            return Answer(204)
        return Answer(200, (("content-type", self.media_type),), self.items[key])

    def stored(self, body: bytes) -> bytes:
        """What is kept of a file."""
        if self.fault == "cut":
            return body[:-1]
        if self.fault == "decoded":
            return body.decode("latin-1").upper().encode()
        return b"" if self.fault == "empty" else body
